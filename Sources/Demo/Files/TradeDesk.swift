import Transports

/// What the importer and the wholesaler have in common: articles of their own in an SQLite file, a folder `out` where
/// they drop files for whoever collects them, and a folder `in` where they are given files.
struct TradeDesk: Sendable {
    let name: String
    let folder: String
    var out: String { folder + "/out" }
    var incoming: String { folder + "/in" }

    struct Item: Sendable, Equatable {
        var number: String
        var ean: String
        var name: String
        var text: String
        /// What it asks of those it delivers to.
        var price: String
        /// What they might ask of others.
        var recommended: String?
        var pieces: Int
        /// Milliseconds since 1970.
        var changedAt: Int64
    }

    /// Opens the desk; the first time, with these articles.
    init(name: String, folder: String, firstDay: () -> [Item]) throws {
        self.name = name
        self.folder = folder
        try Folder.create(folder + "/out")
        try Folder.create(folder + "/in")
        let database = try SQLiteDatabase(path, mode: .create)
        try database.transaction {
            guard try database.first("PRAGMA user_version", [], { $0.integer(at: 0) ?? 0 }) == 0 else { return }
            try database.execute(Self.script)
            for item in firstDay() { try Self.insert(item, into: database) }
        }
    }

    private var path: String { "\(folder)/\(name).db" }

    private static let script = """
        CREATE TABLE article (
            number TEXT PRIMARY KEY,
            ean TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            price TEXT NOT NULL,
            recommended TEXT,
            pieces INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        );
        CREATE TABLE delivery (kind TEXT PRIMARY KEY, count INTEGER NOT NULL);
        PRAGMA user_version = 1;
        """

    func open() throws -> SQLiteDatabase { try SQLiteDatabase(path, mode: .readWrite) }

    static func insert(_ item: Item, into database: SQLiteDatabase) throws {
        try database.run(
            "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(item.number), .text(item.ean), .text(item.name), .text(item.text), .text(item.price),
                SQLiteValue(item.recommended), .integer(Int64(item.pieces)), .integer(item.changedAt),
            ])
    }

    /// All articles in the order of their numbers.
    func items() throws -> [Item] {
        var items: [Item] = []
        try open().query(
            "SELECT number, ean, name, text, price, recommended, pieces, changed_at FROM article ORDER BY number"
        ) { row in
            items.append(
                Item(
                    number: row.text(at: 0) ?? "", ean: row.text(at: 1) ?? "", name: row.text(at: 2) ?? "",
                    text: row.text(at: 3) ?? "", price: row.text(at: 4) ?? "", recommended: row.text(at: 5),
                    pieces: Int(row.integer(at: 6) ?? 0), changedAt: row.integer(at: 7) ?? 0))
        }
        return items
    }

    /// Sets one column of the articles with that EAN.
    func change(_ ean: String, _ column: String, to value: SQLiteValue) throws {
        let rows = try open().run(
            "UPDATE article SET \(column) = ?, changed_at = ? WHERE ean = ?",
            [value, .integer(Clock.milliseconds()), .text(ean)])
        guard rows > 0 else { throw DemoError("\(name): there is no article \(ean).") }
    }

    /// Takes the articles with that EAN out of the assortment.
    func remove(_ ean: String) throws {
        let rows = try open().run("DELETE FROM article WHERE ean = ?", [.text(ean)])
        guard rows > 0 else { throw DemoError("\(name): there is no article \(ean).") }
    }

    /// The number of the next delivery of a kind; no number is given twice.
    func nextDelivery(of kind: String) throws -> Int {
        let database = try open()
        return try database.transaction {
            let count = try database.first(
                """
                INSERT INTO delivery VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1 RETURNING count
                """, [.text(kind)]
            ) { $0.integer(at: 0) ?? 0 }
            return Int(count ?? 0)
        }
    }

    /// Puts a file into `out`, whole or not at all.
    func drop(_ file: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(out)/\(file)"
        try AtomicFile.replace(path, with: bytes)
        return path
    }

    static func number(of delivery: Int) -> String {
        let digits = String(delivery)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
