import Document
import Transports

/// The shop: an e-commerce system with a REST API, webhooks and a page for people.
///
/// Inconvenient as such systems are: it numbers its products itself; it asks round prices (to the nearest 0.05) whatever
/// it is told; `updated_at` stays as it is when availability changes; a webhook that failed a few times is switched off,
/// and what happens meanwhile is told to nobody.
public final class Shop: Sendable {
    let store: Store
    let server: HTTPServer
    let deliveries: WebhookDeliveries

    /// How webhooks are tried.
    public struct Patience: Sendable {
        /// How often a delivery is tried before the webhook is switched off.
        public var attempts = 4
        /// The pause after the first failure; it doubles each time.
        public var pause = Duration.milliseconds(250)
        /// How long an answer may take.
        public var answer = Duration.seconds(5)

        /// Four attempts within two seconds.
        public init() {}
    }

    /// Opens the shop in a folder; the first time, with the first day's products and customers.
    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - token: What API clients must bring as `Authorization: Bearer`.
    ///   - isEmpty: Whether the first day brings nothing.
    public init(
        folder: String, port: Int, token: String, patience: Patience = Patience(), isEmpty: Bool = false
    ) throws {
        try Folder.create(folder)
        let store = try Store(folder + "/shop.db", script: ShopSchema.script) { database in
            if !isEmpty { try Self.seed(database) }
        }
        self.store = store
        deliveries = WebhookDeliveries(store, patience)
        var routes = WebRoutes(token: token)
        ShopProducts(store: store, deliveries: deliveries).install(in: &routes)
        ShopCustomers(store: store, deliveries: deliveries).install(in: &routes)
        ShopOrders(store: store, deliveries: deliveries).install(in: &routes)
        ShopWebhooks(store: store).install(in: &routes)
        ShopPage(store: store).install(in: &routes)
        server = HTTPServer(port: port, handler: routes.router.handler)
    }

    /// Opens the doors.
    /// - Returns: The port.
    @discardableResult
    public func start() throws -> Int {
        let port = try server.start()
        try deliveries.start()
        return port
    }

    /// Answers what has begun and ends. The folder can be opened again.
    public func stop() {
        server.stop()
        deliveries.stop()
    }

    private static func seed(_ database: SQLiteDatabase) throws {
        let now = Clock.milliseconds()
        for article in Assortment.all {
            guard let name = article.shopName else { continue }
            let price = Number(article.price).flatMap(Money.cashRounded)
            try database.run(
                """
                INSERT INTO product (sku, name, description, price, currency, updated_at) VALUES (?, ?, ?, ?, 'EUR', ?)
                """,
                [
                    .text(EAN.gtin14(article.ean)), .text(name), .text(article.text),
                    SQLiteValue(price?.description), .integer(now),
                ])
        }
        for record in Person.all.compactMap(\.shop) {
            let names = record.name.split(separator: " ", maxSplits: 1).map(String.init)
            try database.run(
                """
                INSERT INTO customer (first_name, last_name, email, phone, street, zip, city, country, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, 'FI', ?)
                """,
                [
                    .text(names[0]), SQLiteValue(names.count > 1 ? names[1] : nil), SQLiteValue(record.email),
                    SQLiteValue(record.phone), SQLiteValue(record.street), SQLiteValue(record.zip),
                    SQLiteValue(record.city), .integer(now),
                ])
        }
    }
}

/// The shop as a process of its own: opens it in a folder and serves until a signal ends the process.
/// - Throws: When the folder can't be opened or the port is taken.
public func runShop(folder: String, port: Int, token: String) throws -> Never {
    let shop = try Shop(folder: folder, port: port, token: token)
    try shop.start()
    return withExtendedLifetime(shop) { serveForEver() }
}
