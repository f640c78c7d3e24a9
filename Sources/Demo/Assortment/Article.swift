/// What the demonstration trades in: one article, and who knows it before anything is connected.
///
/// The systems never see this type at work: it fills their tables once, on the first day.
public struct Article: Sendable {
    /// Thirteen digits.
    public let ean: String
    /// The importer's name for it, which nobody has cut yet.
    public let name: String
    /// The importer's text.
    public let text: String
    /// What the importer charges, in EUR.
    public let cost: String
    /// What the importer recommends, in EUR.
    public let recommended: String
    /// What the store asks, in EUR.
    public let price: String
    /// The shop's own name, when the shop sells it.
    public let shopName: String?
    /// Pieces counted in the store; nil when the till doesn't know the article.
    public let inStore: Int?
    /// Pieces at the wholesaler; nil when it doesn't carry the article.
    public let atWholesaler: Int?
    /// Pieces at the importer.
    public let atImporter: Int

    init(
        _ item: Int, _ name: String, _ text: String, cost: String, recommended: String, price: String,
        shop: String? = nil, store: Int? = nil, wholesaler: Int? = nil, importer: Int
    ) {
        ean = EAN.example(item)
        self.name = name
        self.text = text
        self.cost = cost
        self.recommended = recommended
        self.price = price
        shopName = shop
        inStore = store
        atWholesaler = wholesaler
        atImporter = importer
    }
}

/// A place that holds stock.
public enum Place {
    /// The store with the till.
    public static let store = "helsinki-1"
    /// The wholesaler's warehouse.
    public static let wholesaler = "turku-warehouse"
    /// The importer's warehouse.
    public static let importer = "hanko-port"
    /// All of them, with their names.
    public static let all: [(code: String, name: String)] = [
        (store, "Helsinki, Esplanadi"), (wholesaler, "Tukku Turku, warehouse"), (importer, "Nordimport, Hanko port"),
    ]
}
