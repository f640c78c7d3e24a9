import Transports

/// The wholesaler: it reports its stock as EDIFACT and its articles as comma-separated values, in a folder, the whole of
/// it each time. It is given files in `in/`.
public struct Wholesaler: Sendable {
    let desk: TradeDesk

    /// The folder where its files appear.
    public var out: String { desk.out }
    /// The folder where it expects `products.csv` and `stock.csv`.
    public var incoming: String { desk.incoming }

    /// Opens the wholesaler's office in a folder; the first time, with the first day's articles.
    public init(folder: String) throws {
        desk = try TradeDesk(name: "wholesaler", folder: folder) {
            let today = Clock.milliseconds()
            return Assortment.all.enumerated().compactMap { place, article in
                guard let pieces = article.atWholesaler else { return nil }
                return TradeDesk.Item(
                    number: "W\(20_004 + place * 7)", ean: article.ean, name: article.name, text: article.text,
                    price: article.cost, recommended: article.recommended, pieces: pieces, changedAt: today)
            }
        }
    }

    /// Drops all articles as `articles-NNNN.csv` (UTF-8, commas, decimal points), and returns the path.
    @discardableResult
    public func deliverArticles() throws -> String {
        var list = CSVText(separator: ",")
        list.row(["number", "gtin", "name", "text", "price", "currency", "changed"])
        for item in try desk.items() {
            list.row([
                item.number, item.ean, item.name, item.text, item.recommended ?? item.price, "EUR",
                Clock.rfc3339(item.changedAt),
            ])
        }
        let number = TradeDesk.number(of: try desk.nextDelivery(of: "articles"))
        return try desk.drop("articles-\(number).csv", Array(list.text.utf8))
    }

    /// Drops an inventory report on all articles as `stock-NNNN.edi`, and returns the path.
    @discardableResult
    public func deliverStock() throws -> String {
        let number = try desk.nextDelivery(of: "stock")
        let report = InventoryReport(number: number, issuedAt: Clock.milliseconds(), items: try desk.items())
        return try desk.drop("stock-\(TradeDesk.number(of: number)).edi", report.bytes)
    }

    /// Changes the pieces in its warehouse. The next report shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func changeStock(of ean: String, to pieces: Int) throws {
        try desk.change(ean, "pieces", to: .integer(Int64(pieces)))
    }

    /// Changes what it recommends to ask. The next delivery shows it.
    /// - Throws: ``DemoError`` when there is no such article.
    public func changePrice(of ean: String, to price: String) throws {
        try desk.change(ean, "recommended", to: .text(price))
    }
}
