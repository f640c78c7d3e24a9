import Document
import Transports

/// The CRM: contacts behind a REST API that is polled by a cursor.
///
/// Inconvenient as such systems are: it writes cities in capitals; the very first contact that is ever posted to it is
/// saved and answered with 500; a deleted contact is simply gone, without a trace in the feed.
public final class CRM: Sendable {
    let store: Store
    let server: HTTPServer

    /// Opens the CRM in a folder; the first time, with the first day's contacts.
    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - token: What API clients must bring as `Authorization: Bearer`.
    ///   - isEmpty: Whether the first day brings nothing.
    public init(folder: String, port: Int, token: String, isEmpty: Bool = false) throws {
        try Folder.create(folder)
        let store = try Store(folder + "/crm.db", script: CRMSchema.script) { database in
            if !isEmpty { try Self.seed(database) }
        }
        self.store = store
        var routes = WebRoutes(token: token)
        CRMFeed(store: store).install(in: &routes)
        CRMContacts(store: store).install(in: &routes)
        routes.open(.get, "/health") { _ in .text(200, "ok\n") }
        server = HTTPServer(port: port, handler: routes.router.handler)
    }

    /// Opens the doors.
    /// - Returns: The port.
    @discardableResult
    public func start() throws -> Int { try server.start() }

    /// Answers what has begun and ends. The folder can be opened again.
    public func stop() { server.stop() }

    private static func seed(_ database: SQLiteDatabase) throws {
        for person in Person.all {
            guard let record = person.crm else { continue }
            let names = record.name.split(separator: " ", maxSplits: 1).map { JSON.string(String($0)) }
            var contact: JSON = [
                "firstName": names[0], "lastName": names.count > 1 ? names[1] : .null,
                "address": ["country": "FI"],
                "consents": [
                    "newsletter": .object([JSON.Member("granted", .bool(person.consents.newsletter))]),
                    "profiling": .object([JSON.Member("granted", .bool(person.consents.profiling))]),
                ],
            ]
            for (key, value) in [
                ("email", record.email), ("phone", record.phone), ("loyaltyNumber", record.loyalty),
            ] {
                contact[key] = value.map { .string($0) }
            }
            for (key, value) in [("street", record.street), ("postalCode", record.zip), ("city", record.city)] {
                contact["address"]?[key] = value.map { .string($0) }
            }
            _ = try Contact.insert(contact, in: database)
        }
    }
}

/// The CRM as a process of its own: opens it in a folder and serves until a signal ends the process.
/// - Throws: When the folder can't be opened or the port is taken.
public func runCRM(folder: String, port: Int, token: String) throws -> Never {
    let crm = try CRM(folder: folder, port: port, token: token)
    try crm.start()
    return withExtendedLifetime(crm) { serveForEver() }
}
