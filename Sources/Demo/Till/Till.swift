import Transports

/// The store's till: an SQLite database in WAL mode that several programs write to, and the cashier's hands.
///
/// Each function opens a connection of its own, waits for other writers, writes in one transaction and closes, as a till
/// program beside other programs does.
public struct Till: Sendable {
    /// The database's file.
    public let path: String

    /// Opens the till in a folder. The first time, its tables are made and filled with the first day's articles,
    /// customers and opening counts.
    /// - Parameter isEmpty: Whether the first day brings nothing but the store.
    public init(folder: String, isEmpty: Bool = false) throws {
        try Folder.create(folder)
        path = folder + "/till.db"
        // The mode `create` turns on the write-ahead log, which the file remembers.
        let database = try SQLiteDatabase(path, mode: .create, busyTimeout: Self.patience)
        // Within the transaction, so that two tills opened at once don't both find it new.
        try database.transaction {
            guard try database.first("PRAGMA user_version", [], { $0.integer(at: 0) ?? 0 }) == 0 else { return }
            try database.execute(TillSchema.script)
            try database.run(
                "INSERT INTO store (id, name) VALUES (?, ?)", [.text(Place.store), .text("Helsinki, Esplanadi")])
            if !isEmpty { try Self.seed(database) }
        }
    }

    static let patience = Duration.seconds(10)

    func open() throws -> SQLiteDatabase {
        try SQLiteDatabase(path, mode: .readWrite, busyTimeout: Self.patience)
    }

    private static func seed(_ database: SQLiteDatabase) throws {
        for article in Assortment.all {
            guard let pieces = article.inStore else { continue }
            try database.run(
                "INSERT INTO article (ean, name, sale_price) VALUES (?, ?, ?)",
                [.text(article.ean), .text(article.name), .text(article.price)])
            try database.run(
                """
                INSERT INTO inventory_count (article_id, store_id, quantity)
                SELECT id, ?, ? FROM article WHERE ean = ?
                """, [.text(Place.store), .integer(Int64(pieces)), .text(article.ean)])
        }
        for record in Person.all.compactMap(\.till) {
            try insert(record, into: database)
        }
    }

    static func insert(_ record: Person.Record, into database: SQLiteDatabase) throws {
        try database.run(
            "INSERT INTO customer (name, phone, email, street, zip, city, loyalty_no) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .text(record.name), SQLiteValue(record.phone), SQLiteValue(record.email), SQLiteValue(record.street),
                SQLiteValue(record.zip), SQLiteValue(record.city), SQLiteValue(record.loyalty),
            ])
    }
}

extension SQLiteValue {
    /// TEXT, or NULL for nil.
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    /// INTEGER, or NULL for nil.
    init(_ integer: Int64?) { self = integer.map { .integer($0) } ?? .null }
}
