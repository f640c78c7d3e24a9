import Digests
import Document
import Transports

/// `POST /contacts` and `/contacts/{id}`.
struct CRMContacts: Sendable {
    let store: Store

    func install(in routes: inout WebRoutes) {
        routes.on(.post, "/contacts", create)
        routes.on(.get, "/contacts/{id}", find)
        routes.on(.patch, "/contacts/{id}", change)
        routes.on(.delete, "/contacts/{id}", delete)
    }

    /// Adds a contact, whether there is one like it or not: only an `Idempotency-Key` that was used before gets the
    /// answer of then. The first contact ever posted is saved, and answered with 500.
    @Sendable private func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = try request.object()
        let key = request.fields["Idempotency-Key"]
        let digest = Hex.encode(SHA256.digest(request.body))
        return try store.write { database in
            if let key, let before = try Self.answer(to: key, digest, in: database) { return before }
            let number = try Contact.insert(body, in: database)
            let contact = try Contact.find(number, in: database) ?? .null
            if let key {
                try database.run(
                    "INSERT INTO answered VALUES (?, ?, ?)", [.text(key), .text(digest), .text(contact.text)])
            }
            if try database.integer("SELECT count(*) FROM mishap") == 0 {
                // In the transaction of the contact: it happens once, whatever crashes.
                try database.run("INSERT INTO mishap VALUES (?)", [.integer(Clock.milliseconds())])
                return .refusal(500, "Internal error.")
            }
            return Self.created(contact)
        }
    }

    private static func answer(to key: String, _ digest: String, in database: SQLiteDatabase) throws -> HTTPResponse? {
        let before = try database.first("SELECT digest, body FROM answered WHERE key = ?", [.text(key)]) { row in
            (digest: row.text(at: 0) ?? "", body: row.text(at: 1) ?? "")
        }
        guard let before else { return nil }
        guard before.digest == digest else {
            throw HTTPRefusal(422, "This Idempotency-Key was used with another body.")
        }
        var answer = created(try JSON(parsing: before.body))
        answer.fields["Idempotent-Replayed"] = "true"
        return answer
    }

    private static func created(_ contact: JSON) -> HTTPResponse {
        var answer = HTTPResponse.json(201, contact)
        if let id = contact["id"]?.string { answer.fields["Location"] = "/contacts/\(id)" }
        return answer
    }

    @Sendable private func find(_ request: HTTPRequest) throws -> HTTPResponse {
        let number = try Self.number(request)
        return try store.read { database in
            guard let contact = try Contact.find(number, in: database) else { throw Self.missing }
            return .json(200, contact)
        }
    }

    @Sendable private func change(_ request: HTTPRequest) throws -> HTTPResponse {
        let number = try Self.number(request)
        let patch = try request.object()
        return try store.write { database in
            guard try Contact.find(number, in: database) != nil else { throw Self.missing }
            try Contact.merge(patch, into: number, in: database)
            return .json(200, try Contact.find(number, in: database) ?? .null)
        }
    }

    /// Says nothing to the feed.
    @Sendable private func delete(_ request: HTTPRequest) throws -> HTTPResponse {
        let number = try Self.number(request)
        return try store.write { database in
            guard try database.run("DELETE FROM contact WHERE number = ?", [.integer(number)]) == 1 else {
                throw Self.missing
            }
            // What it once answered holds the contact too.
            try database.run(
                "DELETE FROM answered WHERE json_extract(body, '$.id') = ?", [.text(Contact.id(number))])
            return .done
        }
    }

    private static var missing: HTTPRefusal { HTTPRefusal(404, "There is no such contact.") }

    private static func number(_ request: HTTPRequest) throws -> Int64 {
        guard let number = request.parameters["id"].flatMap(Contact.number) else { throw missing }
        return number
    }
}
