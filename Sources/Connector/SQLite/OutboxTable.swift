import Document
import Installation
import Logging
import Transports

/// A table whose changes triggers note in `omni_outbox`, in the transaction of the change.
///
/// Rows are JSON wherever they appear (triggers, snapshot, what is read back), made by the same expression: SQLite's JSON
/// writes a REAL with 15 digits, and a copy must not differ from itself.
struct OutboxTable: Sendable {
    let table: String
    let key: [String]
    let columns: [String]
    let lookups: [Lookup]

    /// A query with the names of its placeholders in their order.
    struct Lookup: Sendable {
        let name: String
        let sql: String
        let parameters: [String]
    }

    static let script = """
        CREATE TABLE IF NOT EXISTS omni_outbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            "table" TEXT NOT NULL,
            op TEXT NOT NULL,
            key TEXT NOT NULL,
            old TEXT,
            new TEXT,
            at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        );
        CREATE INDEX IF NOT EXISTS omni_outbox_table ON omni_outbox ("table", seq);
        """

    /// Looks at the table, and checks that it fits what is configured.
    init(_ settings: OutboxReading, in database: SQLiteDatabase) throws {
        let present = try Self.columns(of: settings.table, in: database)
        guard !present.isEmpty else {
            throw WrongSetting("the database has no table \"\(settings.table)\"")
        }
        for column in settings.key + settings.columns where !present.contains(column) {
            throw WrongSetting(
                "the table \"\(settings.table)\" has no column \"\(column)\"; it has \(present.joined(separator: ", "))"
            )
        }
        table = settings.table
        key = settings.key
        columns =
            settings.columns.isEmpty
            ? present : settings.key.filter { !settings.columns.contains($0) } + settings.columns
        lookups = settings.with.map { Self.lookup($0) }
    }

    /// The names of a table's columns; none when there is no such table.
    static func columns(of table: String, in database: SQLiteDatabase) throws -> [String] {
        var names: [String] = []
        try database.query("SELECT name FROM pragma_table_info(?)", [.text(table)]) { row in
            names.append(row.text(at: 0) ?? "")
        }
        return names
    }

    /// Stands in the log as the operation where changes are missing from it.
    static let gap = "gap"

    /// Makes the outbox and the triggers, or makes them anew when they should be different.
    ///
    /// Whoever rebuilds a table takes its triggers away, and what is changed from then on is noted nowhere. That is noted, where it
    /// is in the log: whoever reads on there knows (I2).
    func install(in database: SQLiteDatabase) throws {
        try database.transaction {
            var isGap = false
            let isNew = try Self.columns(of: "omni_outbox", in: database).isEmpty
            try database.execute(Self.script)
            for (name, sql) in triggers {
                let present = try database.first(
                    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", [.text(name)]
                ) { $0.text(at: 0) ?? "" }
                if present == sql { continue }
                if present == nil, !isNew { isGap = true }
                if present != nil { try database.execute("DROP TRIGGER \(Self.quoted(name))") }
                try database.execute(sql)
            }
            if isGap {
                try database.run(
                    "INSERT INTO omni_outbox (\"table\", op, key) VALUES (?, ?, '{}')", [.text(table), .text(Self.gap)])
            }
        }
    }

    /// The number of the newest change, of whatever table; changes that were deleted since count too.
    static func newest(in database: SQLiteDatabase) throws -> Int64 {
        let found = try database.first("SELECT seq FROM sqlite_sequence WHERE name = 'omni_outbox'") {
            $0.integer(at: 0)
        }
        return (found ?? nil) ?? 0
    }

    /// Lets the numbers go on behind those that were read before. A database that came back from a backup counts from where it
    /// stood then: its changes would have numbers that are passed over, and names that the hub knows (I2).
    ///
    /// What is there already is read, maybe again: ``OutboxNumber`` tells it from what comes.
    ///
    /// - Parameter noted: the highest number that any source of this database has read.
    /// - Returns: whether the numbers lay behind.
    @discardableResult
    static func goOn(
        behind noted: Int64, in database: SQLiteDatabase,
        _ log: Logger = Logger(label: "outbox") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> Bool {
        guard noted > 0, try newest(in: database) < noted else { return false }
        let isBehind = try database.transaction {
            let newest = try newest(in: database)
            guard newest < noted else { return false }
            let begin = OutboxNumber.begin(behind: noted)
            try database.run(
                "UPDATE omni_outbox SET seq = ? + (seq & ?)", [.integer(begin), .integer(OutboxNumber.counted)])
            try database.run("DELETE FROM sqlite_sequence WHERE name = 'omni_outbox'")
            try database.run(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('omni_outbox', ?)",
                [.integer(begin + OutboxNumber.isSince + newest & OutboxNumber.counted)])
            return true
        }
        if isBehind {
            log.error(
                "the database came back from a backup: it is older than what was read of it. Its changes are read on",
                metadata: ["noted": "\(noted)"])
        }
        return isBehind
    }

    // MARK: SQL

    /// A row as JSON. Bytes are written as hexadecimal digits, and an infinite REAL as the text `Inf`: JSON has neither, and a trigger
    /// must not fail.
    func row(_ prefix: String) -> String { Self.object(columns, prefix) }

    /// A row's key as JSON.
    func keyObject(_ prefix: String) -> String { Self.object(key, prefix) }

    private static func object(_ columns: [String], _ prefix: String) -> String {
        let members = columns.map { column in
            let value = prefix + quoted(column)
            return """
                \(text(column)), CASE typeof(\(value)) WHEN 'blob' THEN hex(\(value)) \
                WHEN 'real' THEN CASE WHEN \(value) * 0 = 0 THEN \(value) ELSE CAST(\(value) AS TEXT) END ELSE \(value) END
                """
        }
        return "json_object(\(members.joined(separator: ", ")))"
    }

    private var triggers: [(name: String, sql: String)] {
        // The system's own triggers may change the row before ours run, or after: so the row is read as it is now.
        let now = """
            coalesce((SELECT \(row("")) FROM \(Self.quoted(table)) WHERE \
            \(key.map { "\(Self.quoted($0)) IS new.\(Self.quoted($0))" }.joined(separator: " AND "))), \(row("new.")))
            """
        return [
            ("insert", "new.", "NULL", now), ("update", "new.", row("old."), now),
            ("delete", "old.", row("old."), "NULL"),
        ].map { op, prefix, old, new in
            let name = "omni_\(table)_\(op)"
            return (
                name,
                """
                CREATE TRIGGER \(Self.quoted(name)) AFTER \(op.uppercased()) ON \(Self.quoted(table)) BEGIN
                    INSERT INTO omni_outbox ("table", op, key, old, new)
                    VALUES (\(Self.text(table)), '\(op)', \(keyObject(prefix)), \(old), \(new));
                END
                """
            )
        }
    }

    static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
    static func text(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private static func lookup(_ lookup: OutboxReading.Lookup) -> Lookup {
        var sql = ""
        var parameters: [String] = []
        var rest = Substring(lookup.query)
        var quote: Character?
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == ":" {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                rest = rest.dropFirst(name.count)
                parameters.append(String(name))
                sql.append("?")
                continue
            }
            sql.append(character)
        }
        return Lookup(name: lookup.name, sql: sql, parameters: parameters)
    }
}

extension OutboxTable {
    /// A change as a mapping gets it: `{op, table, key, old, new, at}`, and what the look-ups found.
    ///
    /// Key and rows are JSON as it is stored, which may be none; nil where there is nothing. `at` is empty when nobody knows when it
    /// changed.
    func document(
        op: String, key: [UInt8]?, old: [UInt8]?, new: [UInt8]?, at: String, in database: SQLiteDatabase
    ) throws -> [UInt8] {
        var writer = JSONWriter()
        func write(_ name: String, _ value: [UInt8]?) {
            writer.write(raw: name)
            if let value { writer.write(raw: value) } else { writer.write(raw: "null") }
        }
        writer.write(raw: "{\"op\":\"\(op)\",\"table\":")
        writer.write(string: table)
        write(",\"key\":", key)
        write(",\"old\":", old)
        write(",\"new\":", new)
        writer.write(raw: ",\"at\":")
        if at.isEmpty { writer.write(raw: "null") } else { writer.write(string: at) }
        // What is no JSON stays none: whoever parses the document says so.
        if !lookups.isEmpty, let row = try? JSON(parsing: new ?? old ?? []) {
            for lookup in lookups {
                writer.write(raw: ",")
                writer.write(string: lookup.name)
                writer.write(raw: ":")
                writer.write(try find(lookup, row, in: database))
            }
        }
        writer.write(raw: "}")
        return writer.bytes
    }

    private func find(_ lookup: Lookup, _ row: JSON, in database: SQLiteDatabase) throws -> JSON {
        let values = lookup.parameters.map { SQLiteValue(row[$0] ?? .null) }
        return try database.first(lookup.sql, values) { found in
            var members: [JSON.Member] = []
            for column in 0..<found.count {
                members.append(JSON.Member(found.name(at: column), JSON(found.value(at: column))))
            }
            return JSON.object(members)
        } ?? .null
    }
}

extension SQLiteValue {
    /// A value for a column. Decimals go as text: a column for numbers makes a number of it, one for texts keeps the digits.
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .integer(truth ? 1 : 0)
        case .string(let text): self = .text(text)
        case .number(let number): self = number.integer.map { .integer(Int64($0)) } ?? .text(number.description)
        case .array, .object: self = .text(json.text)
        }
    }
}

extension JSON {
    /// A column's value; bytes as hexadecimal digits.
    init(_ value: SQLiteValue) {
        switch value {
        case .null: self = .null
        case .integer(let integer): self = .number(Number(Int(integer)))
        case .real(let real): self = Number(real).map(JSON.number) ?? .null
        case .text(let text): self = .string(text)
        case .blob(let bytes):
            let digits = Array("0123456789ABCDEF")
            self = .string(String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
        }
    }
}
