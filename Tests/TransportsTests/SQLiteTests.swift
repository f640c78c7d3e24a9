import Glibc
import Testing
import Transports

@Suite struct SQLiteTests {
    let folder: TemporaryFolder
    let database: SQLiteDatabase

    init() throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase(folder["till.db"], mode: .create)
        try database.execute(
            """
            CREATE TABLE article (ean TEXT PRIMARY KEY, price REAL, stock INTEGER, image BLOB, note);
            CREATE TABLE line (id INTEGER PRIMARY KEY, ean TEXT NOT NULL REFERENCES article (ean));
            """)
    }

    static let values: [SQLiteValue] = [
        .null, .integer(.min), .integer(.max), .integer(0), .real(19.9), .real(0.1 + 0.2), .real(-0.0),
        .real(.greatestFiniteMagnitude), .real(.leastNonzeroMagnitude), .real(.infinity), .text(""),
        .text("Sofa grün 🛋"), .text("with\0zero"), .blob([]), .blob([0, 255, 10]),
    ]

    @Test(arguments: values)
    func `A value of each class comes back as it was`(value: SQLiteValue) throws {
        try database.run("INSERT INTO article (ean, note) VALUES ('1', ?)", [value])
        let back = try database.first("SELECT note FROM article") { row in row.value(at: 0) }
        #expect(back == value)
    }

    @Test func `A REAL keeps all its digits, also as text, where SQLite would give 15`() throws {
        let price = 0.1 + 0.2
        try database.run("INSERT INTO article (ean, price) VALUES ('1', ?)", [.real(price)])
        try database.query("SELECT price, CAST(price AS TEXT) FROM article") { row in
            #expect(row.type(at: 0) == .real)
            #expect(row.real(at: 0) == price)
            #expect(row.text(at: 0) == "0.30000000000000004")
            #expect(row.text(at: 1) == "0.3")
        }
    }

    @Test func `Not a number is refused instead of becoming NULL`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try database.run("INSERT INTO article (ean, price) VALUES ('1', ?)", [.real(.nan)])
        }
        #expect(error?.kind == .statement)
        #expect(try database.first("SELECT 1 FROM article") { _ in true } == nil)
    }

    @Test func `A row lends names, types and bytes, and answers nil across classes`() throws {
        try database.run(
            "INSERT INTO article (ean, price, stock, image) VALUES (?, ?, ?, ?)",
            [.text("äöü"), .real(1.5), .integer(7), .blob([1, 2])])
        var rows = 0
        try database.query("SELECT ean, price, stock, image, note AS remark FROM article") { row in
            rows += 1
            #expect(row.count == 5)
            #expect((0..<5).map { row.type(at: $0) } == [.text, .real, .integer, .blob, .null])
            #expect((0..<5).map { row.name(at: $0) } == ["ean", "price", "stock", "image", "remark"])
            #expect(row.withName(at: 4) { Array(copying: $0) } == Array("remark".utf8))
            #expect(row.withBytes(at: 0) { Array(copying: $0) } == Array("äöü".utf8))
            #expect(row.withBytes(at: 3) { $0.count } == 2)
            #expect(row.withBytes(at: 1) { $0.count } == nil)
            #expect(row.withBytes(at: 4) { $0.count } == nil)
            #expect(row.integer(at: 2) == 7)
            #expect(row.integer(at: 0) == nil)
            #expect(row.real(at: 2) == 7)
            #expect(row.text(at: 2) == "7")
            #expect(row.text(at: 3) == nil)
            #expect(row.isNull(at: 4) && !row.isNull(at: 0))
        }
        #expect(rows == 1)
    }

    @Test func `A database in UTF-16 gives and takes the same texts`() throws {
        let database = try SQLiteDatabase(folder["wide.db"], mode: .create)
        try database.execute("PRAGMA encoding = 'UTF-16le'; CREATE TABLE article (note TEXT)")
        try database.run("INSERT INTO article VALUES (?)", [.text("Sofa grün 🛋")])
        let texts = try database.first("SELECT note, json_object('n', note), x'00ff' FROM article") { row in
            [row.text(at: 0), row.bytes(at: 1).map { String(decoding: $0, as: UTF8.self) }, "\(row.value(at: 2))"]
        }
        #expect(texts == ["Sofa grün 🛋", #"{"n":"Sofa grün 🛋"}"#, "\(SQLiteValue.blob([0, 255]))"])
        #expect(try database.first("SELECT name FROM pragma_table_info('article')") { $0.text(at: 0) } == "note")
    }

    @Test func `A lent statement inserts a batch of bytes`() throws {
        let changed = try database.transaction {
            try database.withStatement("INSERT INTO article (ean, image) VALUES (?, ?)") { statement in
                var changed = 0
                for number in 0..<500 {
                    try statement.bind(text: "ean-\(number)".utf8.span, at: 1)
                    try statement.bind(blob: [UInt8(number & 255)].span, at: 2)
                    changed += try statement.run()
                }
                return changed
            }
        }
        #expect(changed == 500)
        let sum = try database.first("SELECT count(*), count(DISTINCT ean) FROM article") { row in
            [row.integer(at: 0), row.integer(at: 1)]
        }
        #expect(sum == [500, 500])
    }

    @Test func `A query may run within the rows of the same query`() throws {
        for ean in ["1", "2", "3"] { try database.run("INSERT INTO article (ean) VALUES (?)", [.text(ean)]) }
        var pairs: [String] = []
        let sql = "SELECT ean FROM article WHERE ean > ? ORDER BY ean"
        try database.query(sql, [.text("0")]) { outer in
            let first = outer.text(at: 0) ?? ""
            try database.query(sql, [.text(first)]) { inner in pairs.append(first + (inner.text(at: 0) ?? "")) }
        }
        #expect(pairs == ["12", "13", "23"])
    }

    @Test func `More statements than are kept still work, and still run the right text`() throws {
        for round in 0..<2 {
            for number in 0..<200 {
                let answer = try database.first("SELECT \(number) + ?", [.integer(Int64(round))]) { $0.integer(at: 0) }
                #expect(answer == Int64(number + round))
            }
        }
    }

    @Test func `A transaction that throws leaves nothing behind`() throws {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try database.transaction {
                try database.run("INSERT INTO article (ean) VALUES ('1')")
                #expect(database.isInTransaction)
                throw Stop()
            }
        }
        #expect(!database.isInTransaction)
        #expect(try database.first("SELECT count(*) FROM article") { $0.integer(at: 0) } == 0)
        #expect(throws: SQLiteError.self) { try database.transaction { try database.transaction {} } }
        #expect(!database.isInTransaction)
    }

    @Test func `A second writer is told busy, and succeeds after the first`() throws {
        let other = try SQLiteDatabase(folder["till.db"], mode: .readWrite, busyTimeout: .milliseconds(20))
        try database.transaction {
            let error = #expect(throws: SQLiteError.self) {
                try other.transaction { Issue.record("two writers at once") }
            }
            #expect(error?.kind == .busy)
            #expect(error?.isRetriable == true)
            // Readers go on, thanks to the write-ahead log.
            #expect(try other.first("SELECT count(*) FROM article") { $0.integer(at: 0) } == 0)
            try database.run("INSERT INTO article (ean) VALUES ('1')")
        }
        try other.transaction { try other.run("INSERT INTO article (ean) VALUES ('2')") }
        #expect(try database.first("SELECT count(*) FROM article") { $0.integer(at: 0) } == 2)
    }

    @Test func `The busy timeout waits for the other writer`() throws {
        let path = folder["till.db"]
        let writer = try {
            try database.transaction {
                let writer = try NamedThread("second-writer") {
                    do {
                        let other = try SQLiteDatabase(path, mode: .readWrite, busyTimeout: .seconds(10))
                        try other.run("INSERT INTO article (ean) VALUES ('2')")
                    } catch {
                        Issue.record(error)
                    }
                }
                try database.run("INSERT INTO article (ean) VALUES ('1')")
                return writer
            }
        }()
        writer.join()
        #expect(try database.first("SELECT count(*) FROM article") { $0.integer(at: 0) } == 2)
    }

    @Test func `The data version changes with another connection's commit, not with our own`() throws {
        let other = try SQLiteDatabase(folder["till.db"], mode: .readWrite)
        let before = try database.dataVersion()
        try database.run("INSERT INTO article (ean) VALUES ('1')")
        #expect(try database.dataVersion() == before)
        try other.run("INSERT INTO article (ean) VALUES ('2')")
        #expect(try database.dataVersion() != before)
    }

    @Test func `Errors tell their kind, the statement and the table, never a bound value`() throws {
        let secret = "Aino Virtanen"
        try database.run("INSERT INTO article (ean) VALUES (?)", [.text(secret)])
        let twice = #expect(throws: SQLiteError.self) {
            try database.run("INSERT INTO article (ean) VALUES (?)", [.text(secret)])
        }
        #expect(twice?.kind == .constraint)
        #expect("\(twice!)".contains("article.ean"))
        #expect("\(twice!)".contains("INSERT INTO article (ean) VALUES (?)"))
        #expect(!"\(twice!)".contains(secret))

        let foreign = #expect(throws: SQLiteError.self) { try database.run("INSERT INTO line (ean) VALUES ('9')") }
        #expect(foreign?.kind == .constraint)

        let typo = #expect(throws: SQLiteError.self) { try database.run("SELEC 1") }
        #expect(typo?.kind == .statement)
        let missing = #expect(throws: SQLiteError.self) { try database.run("SELECT ?1 + ?2", [.integer(1)]) }
        #expect(missing?.kind == .statement)
        let two = #expect(throws: SQLiteError.self) { try database.run("SELECT 1; DELETE FROM article") }
        #expect(two?.kind == .statement)
        #expect(throws: SQLiteError.self) { try database.run("  ") }
        #expect(try database.first("SELECT count(*) FROM article;  ") { $0.integer(at: 0) } == 1)
    }

    @Test func `Opening tells a missing file, a read-only one and one that is no database`() throws {
        let missing = #expect(throws: SQLiteError.self) { _ = try SQLiteDatabase(folder["none"], mode: .readWrite) }
        #expect(missing?.kind == .cannotOpen)
        let reader = try SQLiteDatabase(folder["till.db"], mode: .readOnly)
        let written = #expect(throws: SQLiteError.self) { try reader.run("DELETE FROM article") }
        #expect(written?.kind == .readOnly)
        try folder.write("text.db", String(repeating: "this is no database. ", count: 100))
        let noDatabase = #expect(throws: SQLiteError.self) {
            try SQLiteDatabase(folder["text.db"], mode: .readWrite).run("SELECT * FROM sqlite_schema")
        }
        #expect(noDatabase?.kind == .corrupt)
    }

    @Test func `A database lives in a monitor that many threads share`() throws {
        let shared = Monitor(try SQLiteDatabase(folder["till.db"], mode: .readWrite))
        try withThreads(4) { number in
            for index in 0..<50 {
                try shared.withLock { database in
                    try database.run("INSERT INTO article (ean) VALUES (?)", [.text("\(number)-\(index)")])
                    return ()
                }
            }
        }
        #expect(try database.first("SELECT count(*) FROM article") { $0.integer(at: 0) } == 200)
    }
}

/// Runs `body` on several threads at once, and waits for all.
func withThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let threads = try (0..<count).map { number in
        try NamedThread("test-\(number)") {
            do { try body(number) } catch { Issue.record(error) }
        }
    }
    for thread in threads { thread.join() }
}

extension Array<UInt8> {
    init(copying bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { Array($0) }
    }
}
