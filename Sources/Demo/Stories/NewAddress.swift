/// She moves, and tells the cashier.
struct NewAddress: Story {
    let name = "new-address"
    let title = "One place for customer data"

    static let loyalty = "L-100231"

    func play(_ scene: Scene) throws {
        guard let id = try scene.systems.till.customer(loyalty: Self.loyalty) else {
            throw Untrue(step: "the till knows her", seen: "no customer with loyalty number \(Self.loyalty)")
        }
        guard let golden = try scene.hub.record("customer", system: "till", id: "\(id)"),
            let crm = golden.members(in: "crm").first, let shop = golden.members(in: "shop").first
        else {
            throw Untrue(step: "the till's customer is known in CRM and shop", seen: "not linked to both")
        }
        scene.screen.fact("hub", "till \(id), shop \(shop) and CRM \(crm) are one person, \(golden.key.prefix(8))…")
        try scene.follow(
            [
                address(scene, "crm", crm, "Satamakatu 5 A 12, 33200 TAMPERE"),
                address(scene, "shop", shop, "Satamakatu 5 A 12, 33200 Tampere"),
            ], within: .seconds(30)
        ) {
            try scene.systems.till.editAddress(of: id, street: "Satamakatu 5 A 12", zip: "33200", city: "Tampere")
            scene.screen.event(.zero, "till", "she has moved: Satamakatu 5 A 12, 33200 Tampere")
        }
        scene.screen.passed("CRM and shop have it")
    }

    private func address(_ scene: Scene, _ system: String, _ id: String, _ expected: String) -> Hop {
        Hop(who: system) {
            guard let row = try scene.systems.row("customer", id, in: system) else {
                return .notYet("no such customer")
            }
            let parts = ["streetAddress", "postalCode", "addressLocality"].map { row.text("address.\($0)") ?? "–" }
            let held = "\(parts[0]), \(parts[1]) \(parts[2])"
            return held == expected ? .there("\(id): \(held)") : .notYet(held)
        }
    }
}
