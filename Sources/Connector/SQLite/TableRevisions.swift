import Transports

/// What was written last of each row, in a table of ours beside the system's. One thread uses it.
final class TableRevisions {
    private let table: String
    private let one: SQLitePrepared
    private let either: SQLitePrepared
    private let upsert: SQLitePrepared

    private static let script = """
        CREATE TABLE IF NOT EXISTS omni_revision (
            "table" TEXT NOT NULL,
            key TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY ("table", key)
        ) WITHOUT ROWID;
        """

    init(of table: String, in database: SQLiteDatabase) throws {
        self.table = table
        try database.transaction { try database.execute(Self.script) }
        one = try database.prepared("SELECT epoch, revision FROM omni_revision WHERE \"table\" = ? AND key = ?")
        either = try database.prepared(
            """
            SELECT epoch, revision FROM omni_revision WHERE "table" = ? AND key IN (?, ?)
            ORDER BY epoch DESC, revision DESC
            """)
        upsert = try database.prepared(
            """
            INSERT INTO omni_revision ("table", key, epoch, revision) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision
            """)
    }

    /// The newest of a row.
    ///
    /// - Parameter other: another name of it: when it was created its number wasn't known.
    func known(_ name: String, or other: String?) throws -> (epoch: Int64, revision: Int64)? {
        try (other == nil ? one : either).use { statement in
            try statement.bind(.text(table), at: 1)
            try statement.bind(.text(name), at: 2)
            if let other { try statement.bind(.text(other), at: 3) }
            return try statement.firstRow { ($0.integer(at: 0) ?? 0, $0.integer(at: 1) ?? 0) }
        }
    }

    func set(_ name: String, _ epoch: Int64, _ revision: Int64) throws {
        try upsert.use { statement in
            try statement.bind(.text(table), at: 1)
            try statement.bind(.text(name), at: 2)
            try statement.bind(epoch, at: 3)
            try statement.bind(revision, at: 4)
            try statement.run()
        }
    }
}
