import Document
import Transports

/// What the till holds, by SQL on a connection that only reads.
public struct TillView: SystemView {
    /// `till`
    public let system = "till"
    /// Articles, customers, stock and holds.
    public let entities = ["product", "customer", "stock", "reservation"]
    private let path: String

    /// The till in that folder.
    public init(folder: String) { path = folder + "/till.db" }

    /// All copies of an entity; articles that are no longer active don't count.
    public func rows(of entity: String) throws -> [SystemRow] {
        let database = try SQLiteDatabase(path, mode: .readOnly, busyTimeout: Till.patience)
        return switch entity {
        case "product": try products(database)
        case "customer": try customers(database)
        case "stock": try stock(database)
        case "reservation": try holds(database)
        default: []
        }
    }

    private func products(_ database: SQLiteDatabase) throws -> [SystemRow] {
        try database.all("SELECT id, ean, name, sale_price, currency FROM article WHERE active = 1") { row in
            SystemRow(
                key: EAN.gtin14(row.text(at: 1) ?? ""), id: row.text(at: 0) ?? "",
                fields: [
                    JSON.Member("name", row.json(at: 2)), JSON.Member("price", row.json(at: 3)),
                    JSON.Member("currency", row.json(at: 4)),
                ])
        }.byKey()
    }

    private func customers(_ database: SQLiteDatabase) throws -> [SystemRow] {
        try database.all("SELECT id, name, phone, email, street, zip, city, loyalty_no FROM customer") { row in
            SystemRow(
                key: row.text(at: 0) ?? "", id: row.text(at: 0) ?? "",
                fields: [
                    JSON.Member("name", row.json(at: 1)), JSON.Member("phone", row.json(at: 2)),
                    JSON.Member("email", row.json(at: 3)), JSON.Member("address.streetAddress", row.json(at: 4)),
                    JSON.Member("address.postalCode", row.json(at: 5)),
                    JSON.Member("address.addressLocality", row.json(at: 6)), JSON.Member("loyalty", row.json(at: 7)),
                ])
        }.byKey()
    }

    private func stock(_ database: SQLiteDatabase) throws -> [SystemRow] {
        try database.all(
            """
            SELECT article_id, ean, store_id, on_hand, reserved, available FROM stock
            JOIN article ON article.id = article_id
            """
        ) { row in
            SystemRow(
                key: "\(EAN.gtin14(row.text(at: 1) ?? ""))@\(row.text(at: 2) ?? "")", id: row.text(at: 0) ?? "",
                fields: [
                    JSON.Member("onHand", row.json(at: 3)), JSON.Member("reserved", row.json(at: 4)),
                    JSON.Member("available", row.json(at: 5)),
                ])
        }.byKey()
    }

    private func holds(_ database: SQLiteDatabase) throws -> [SystemRow] {
        try database.all("SELECT id, quantity, state FROM hold") { row in
            SystemRow(
                key: row.text(at: 0) ?? "", id: row.text(at: 0) ?? "",
                fields: [JSON.Member("quantity", row.json(at: 1)), JSON.Member("state", row.json(at: 2))])
        }.byKey()
    }
}
