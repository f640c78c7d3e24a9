import Installation
import Testing
import Transports

@testable import Connector

extension WritingProcess {
    /// The only one that there is.
    static let one = WritingProcess(of: "test", id: "1")
}

/// A till with one table of articles, whose names it cuts at eight characters, and what processes of its connector open.
struct TillPlace {
    private let folder: TemporaryFolder
    let database: SQLiteDatabase
    let settings: ConnectorSettings

    init() throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute(
            """
            CREATE TABLE article (
                id INTEGER PRIMARY KEY AUTOINCREMENT, ean TEXT NOT NULL UNIQUE, name TEXT NOT NULL, price INTEGER);
            CREATE TRIGGER cut AFTER UPDATE OF name ON article WHEN length(new.name) > 8 BEGIN
                UPDATE article SET name = substr(name, 1, 8) WHERE id = new.id; END;
            """)
        let dry = try DryInstallation(Self.files(folder))
        settings = try withExtendedLifetime(dry) { try dry.installation.connector("test") }
    }

    /// The connector; its sink keeps what the till is known to have.
    var files: [String: String] { Self.files(folder) }

    private static func files(_ folder: TemporaryFolder) -> [String: String] {
        [
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              articles: { from: { db: { outbox: article, key: [id] } }, start: now, map: read.jsonata }
            sinks:
              products:
                of: product
                where: "$exists($self)"
                map: written.jsonata
                to: { db: { upsert: article, key: [ean], own: id } }
                seen-by: articles
            """,
            "read.jsonata": #"{"product": {"gtin": new.ean, "name": new.name, "price": new.price}, "self": new.id}"#,
            "written.jsonata": #"{"ean": gtin, "name": name}"#,
        ]
    }

    private var connection: SQLiteConnection {
        get throws {
            guard case .sqlite(let connection) = settings.connections[0].kind else { throw SystemFailure("no till") }
            return connection
        }
    }

    private var reading: OutboxReading {
        get throws {
            guard case .outbox(let reading) = settings.sources[0].from.transport else { throw SystemFailure("no till") }
            return reading
        }
    }

    /// - Parameter other: how it is read, if otherwise than configured.
    func source(_ process: WritingProcess, _ other: SourceSettings? = nil) throws -> OutboxSource {
        try OutboxSource(other ?? settings.sources[0], reading, connection, by: process)
    }

    func writer(_ process: WritingProcess) throws -> TableWriter {
        guard case .table(let writing) = settings.sinks[0].to.transport else { throw SystemFailure("no till") }
        return try TableWriter(writing, settings.sinks[0].delete, connection, seenBy: reading, by: process)
    }
}
