/// Two lists, two changes: the importer gives an article another name, the wholesaler asks another price for another one.
/// Each system shows both as it can.
struct PriceList: Story {
    let name = "price-list"
    let title = "A new price list reaches every system"

    /// In the till and at the wholesaler's, but not in the shop, which gives names of its own.
    static let renamed = Assortment.all[8]
    static let newName = "Lamp \"Tähti\" for the table, opal glass"
    /// In all five.
    static let repriced = Assortment.all[3]
    static let newPrice = "233.37"

    func play(_ scene: Scene) throws {
        try rename(scene)
        scene.screen.line()
        try reprice(scene)
        scene.screen.passed("each system shows it as it can")
    }

    private func rename(_ scene: Scene) throws {
        let key = EAN.gtin14(Self.renamed.ean)
        let cut = String(Self.newName.prefix(TillSchema.nameLength))
        try scene.follow(
            [
                .golden(scene, "product", key, "name", is: Self.newName),
                .copy(scene, "till", "product", key, "name", is: cut, note: "it keeps 20 characters"),
                .copy(scene, "wholesaler", "product", key, "name", is: Self.newName),
            ], within: .seconds(30)
        ) {
            try scene.systems.importer.rename(Self.renamed.ean, to: Self.newName)
            try scene.systems.importer.deliver()
            scene.screen.event(.zero, "importer", "drops a new list: \(Self.renamed.name) is now called")
            scene.screen.fact("", Self.newName)
        }
    }

    private func reprice(_ scene: Scene) throws {
        let key = EAN.gtin14(Self.repriced.ean)
        try scene.follow(
            [
                .golden(scene, "product", key, "price", is: Self.newPrice),
                .copy(scene, "till", "product", key, "price", is: Self.newPrice),
                .copy(scene, "shop", "product", key, "price", is: "233.35", note: "it asks round prices"),
                .copy(scene, "importer", "product", key, "price", is: Self.newPrice),
            ], within: .seconds(30)
        ) {
            try scene.systems.wholesaler.changePrice(of: Self.repriced.ean, to: Self.newPrice)
            try scene.systems.wholesaler.deliverArticles()
            scene.screen.event(.zero, "wholesaler", "drops a new list: \(Self.repriced.name), at \(Self.newPrice)")
        }
    }
}
