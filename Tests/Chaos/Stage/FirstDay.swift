import Demo
import Document
import Transports

/// What the systems hold before anything is connected: the demonstration's first day, and much more of it.
struct FirstDay: Sendable {
    /// An article of the run's own, and what happens to it.
    struct Article: Sendable {
        let ean: String
        let part: Part
        /// Pieces counted in the store.
        let pieces: Int
        /// The shop's number for it; nil where the shop doesn't sell it.
        var shop: Int?

        var gtin: String { EAN.gtin14(ean) }
        var key: String { "\(gtin)@\(Place.store)" }
    }

    /// What happens to an article's stock.
    enum Part: CaseIterable, Sendable {
        /// Sold, taken back and counted again.
        case sold
        /// A few pieces, which are reserved, released and collected, and never sold otherwise.
        case scarce
        /// Reserved, and sold to others too.
        case mixed
        /// Nothing but its price and its name.
        case shown
    }

    /// Somebody who is known in three systems, and whose address only one of them changes.
    struct Person: Sendable {
        let mark: String
        let editor: String
        let till: Int64
        let shop: Int
        let crm: String
    }

    let articles: [Article]
    let people: [Person]

    func articles(_ parts: Part...) -> [Article] { articles.filter { parts.contains($0.part) } }

    /// Fills the systems.
    init(_ systems: Systems, products: Int, people count: Int) throws {
        // The CRM answers its very first contact with 500 after saving it: that one is nobody of ours.
        _ = try systems.crm.send(.post, "/contacts", ["firstName": "Nobody", "email": "nobody@example.com"])
        articles = try (0..<products).map { try Self.article($0, systems) }
        people = try (0..<count).map { try Self.person($0, systems) }
    }

    private static func article(_ number: Int, _ systems: Systems) throws -> Article {
        let part = Part.allCases[number % Part.allCases.count]
        let pieces =
            switch part {
            case .sold: 1_000
            case .scarce: 2 + number % 7
            case .mixed: 20
            case .shown: 5
            }
        let ean = EAN.example(100 + number)
        let name = "Chair no. \(number)"
        try systems.importer.add(
            ean: ean, name: name, text: "One of many", cost: "10.00", recommended: "40.00", pieces: 50)
        let database = try SQLiteDatabase(systems.till.path, mode: .readWrite)
        try database.transaction {
            try database.run(
                "INSERT INTO article (ean, name, sale_price) VALUES (?, ?, 30)", [.text(ean), .text(name)])
            try database.run(
                "INSERT INTO inventory_count (article_id, store_id, quantity) VALUES (?, ?, ?)",
                [.integer(database.lastInsertedRow), .text(Place.store), .integer(Int64(pieces))])
        }
        let made = try systems.shop.call(
            .post, "/api/products", ["sku": .string(EAN.gtin14(ean)), "name": .string(name), "price": 30])
        return Article(ean: ean, part: part, pieces: pieces, shop: made["id"]?.integer)
    }

    private static func person(_ number: Int, _ systems: Systems) throws -> Person {
        let mark = "Chaos-\(number)"
        let email = JSON.string("chaos-\(number)@example.com")
        let loyalty = "L-\(700_000 + number)"
        let till = try systems.till.createCustomer(name: "\(mark) Aino", street: "Katu 0", loyalty: loyalty)
        let shop = try systems.shop.call(
            .post, "/api/customers", ["first_name": "Aino", "last_name": .string(mark), "email": email])
        let crm = try systems.crm.call(
            .post, "/contacts",
            ["firstName": "Aino", "lastName": .string(mark), "email": email, "loyaltyNumber": .string(loyalty)])
        guard let shopID = shop["id"]?.integer, let crmID = crm["id"]?.string else {
            throw ChaosFailure("a system gave no number for a customer")
        }
        return Person(mark: mark, editor: ["till", "shop", "crm"][number % 3], till: till, shop: shopID, crm: crmID)
    }
}

/// Why a run can't go on.
struct ChaosFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
