import Transports

/// What was written last of each row, in a table of ours beside the system's. One thread uses it.
final class TableRevisions {
    private let one: SQLitePrepared
    private let either: SQLitePrepared
    private let upsert: SQLitePrepared
    private let rows: SQLitePrepared

    private static let script = """
        CREATE TABLE IF NOT EXISTS omni_revision (
            "table" TEXT NOT NULL,
            key TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            row TEXT,
            PRIMARY KEY ("table", key)
        ) WITHOUT ROWID;
        """

    init(of table: String, in database: SQLiteDatabase) throws {
        try database.transaction {
            try database.execute(Self.script)
            if try !OutboxTable.columns(of: "omni_revision", in: database).contains("row") {
                try database.execute("ALTER TABLE omni_revision ADD COLUMN row TEXT")
            }
        }
        let table = "'" + table.replacing("'", with: "''") + "'"
        one = try database.prepared("SELECT epoch, revision FROM omni_revision WHERE \"table\" = \(table) AND key = ?")
        either = try database.prepared(
            """
            SELECT epoch, revision FROM omni_revision WHERE "table" = \(table) AND key IN (?, ?)
            ORDER BY epoch DESC, revision DESC
            """)
        upsert = try database.prepared(
            """
            INSERT INTO omni_revision ("table", key, epoch, revision, row) VALUES (\(table), ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision, row = excluded.row
            """)
        rows = try database.prepared("SELECT row FROM omni_revision WHERE \"table\" = \(table) AND key = ?")
    }

    /// The newest of a row.
    ///
    /// - Parameter other: another name of it: when it was created its number wasn't known.
    func known(_ name: String, or other: String?) throws -> (epoch: Int64, revision: Int64)? {
        var name = name
        return try name.withUTF8 { name in
            try (other == nil ? one : either).use { statement in
                try statement.bind(lent: name, at: 1)
                if let other { try statement.bind(.text(other), at: 2) }
                return try statement.firstRow { ($0.integer(at: 0) ?? 0, $0.integer(at: 1) ?? 0) }
            }
        }
    }

    /// - Parameter row: the key of the row that holds it, in JSON; empty: none does, or it is found by the system's own number.
    func set(_ name: String, _ epoch: Int64, _ revision: Int64, row: [UInt8]) throws {
        var name = name
        try name.withUTF8 { name in
            try row.withUnsafeBufferPointer { row in
                try upsert.use { statement in
                    try statement.bind(lent: name, at: 1)
                    try statement.bind(epoch, at: 2)
                    try statement.bind(revision, at: 3)
                    if row.isEmpty { try statement.bind(.null, at: 4) } else { try statement.bind(lent: row, at: 4) }
                    try statement.run()
                }
            }
        }
    }

    /// The key of the row that holds what was written last.
    func row(of name: String) throws -> String? {
        try rows.use { statement in
            try statement.bind(.text(name), at: 1)
            return try statement.firstRow { $0.text(at: 0) }
        } ?? nil
    }
}
