import Transports

/// The importer: it drops a price list into a folder, the whole of it each time, as its spreadsheet saves it.
///
/// Title rows stand above the header, decimals have commas, the text is Windows-1252. Three rows are always wrong: one
/// article has no EAN yet and says zero, one stands there twice because its packaging changed, and one EAN was typed
/// wrongly. It is given files in `in/`.
public struct Importer: Sendable {
    let desk: TradeDesk

    /// The folder where price lists appear.
    public var out: String { desk.out }
    /// The folder where it expects `products.csv` and `stock.csv`.
    public var incoming: String { desk.incoming }

    /// Opens the importer's office in a folder; the first time, with the first day's articles.
    public init(folder: String) throws {
        desk = try TradeDesk(name: "importer", folder: folder) {
            let today = Clock.milliseconds()
            var items = Assortment.all.enumerated().map { place, article in
                TradeDesk.Item(
                    number: "AP-\(1001 + place)", ean: article.ean, name: article.name, text: article.text,
                    price: article.cost, recommended: article.recommended, pieces: article.atImporter, changedAt: today)
            }
            items.append(contentsOf: Self.faulty(after: items))
            return items
        }
    }

    private static func faulty(after items: [TradeDesk.Item]) -> [TradeDesk.Item] {
        var twin = items[10]
        twin.number = "AP-1011-N"
        var typed = items[8]
        typed.number = "AP-1090"
        typed.name = "Wall lamp \"Tähti\", opal glass"
        // One digit off: the check digit tells.
        typed.ean = String(typed.ean.dropLast()) + (typed.ean.last == "7" ? "8" : "7")
        var sample = items[2]
        sample.number = "AP-1099"
        sample.name = "Stool \"Aurora\", sample – EAN to follow"
        sample.ean = "0000000000000"
        return [twin, typed, sample]
    }

    /// Drops the whole price list, and returns its path.
    @discardableResult
    public func deliver() throws -> String {
        let number = try desk.nextDelivery(of: "prices")
        let now = Clock.milliseconds()
        var list = CSVText(separator: ";")
        list.row(["NORDIMPORT OY – PREISLISTE", "", "", "", "", "", "", "", ""])
        list.row([
            "Stand \(Clock.format(now, "%d.%m.%Y %H:%M")) UTC", "", "Liste Nr. \(number)", "alle Preise in €", "", "",
            "", "", "",
        ])
        list.row(["", "", "", "", "", "", "", "", ""])
        list.row(["Artikel", "EAN", "Bezeichnung", "Beschreibung", "EK-Preis", "UVP", "Währung", "Bestand", "Stand"])
        for item in try desk.items() {
            list.row([
                item.number, item.ean, item.name, item.text, Money.withComma(item.price),
                Money.withComma(item.recommended ?? ""), "EUR", String(item.pieces), Clock.rfc3339(item.changedAt),
            ])
        }
        return try desk.drop("prices-\(TradeDesk.number(of: number)).csv", Windows1252.encode(list.text))
    }

    /// Changes what it recommends to ask. The next delivery shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func changeRecommendedPrice(of ean: String, to price: String) throws {
        try desk.change(ean, "recommended", to: .text(price))
    }

    /// Changes what it charges. The next delivery shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func changeCost(of ean: String, to price: String) throws { try desk.change(ean, "price", to: .text(price)) }

    /// Changes an article's name. The next delivery shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func rename(_ ean: String, to name: String) throws { try desk.change(ean, "name", to: .text(name)) }

    /// Changes the pieces in its warehouse. The next delivery shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func changeStock(of ean: String, to pieces: Int) throws {
        try desk.change(ean, "pieces", to: .integer(Int64(pieces)))
    }

    /// Takes an article out of the list: the next delivery lacks it, and nothing else says so.
    /// - Throws: ``DemoError`` when there is no such article.
    public func withdraw(_ ean: String) throws { try desk.remove(ean) }

    /// Adds an article. The next delivery shows it.
    public func add(ean: String, name: String, text: String, cost: String, recommended: String, pieces: Int) throws {
        let database = try desk.open()
        try database.transaction {
            let last = try database.first("SELECT max(number) FROM article WHERE number GLOB 'AP-2*'") {
                $0.text(at: 0)
            }
            let number = "AP-" + String((last ?? nil).flatMap { Int($0.dropFirst(3)) }.map { $0 + 1 } ?? 2001)
            try TradeDesk.insert(
                TradeDesk.Item(
                    number: number, ean: ean, name: name, text: text, price: cost, recommended: recommended,
                    pieces: pieces, changedAt: Clock.milliseconds()), into: database)
        }
    }
}
