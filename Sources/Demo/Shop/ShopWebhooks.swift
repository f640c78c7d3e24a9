import Document
import Transports

/// `/api/webhooks`: who is told of changes. The secret is never shown again.
struct ShopWebhooks: Sendable {
    let store: Store

    /// What there is to tell.
    static let topics = ["product.updated", "product.deleted", "customer.updated", "order.created"]

    func install(in routes: inout WebRoutes) {
        routes.on(.get, "/api/webhooks", list)
        routes.on(.post, "/api/webhooks", create)
        routes.on(.get, "/api/webhooks/{id}", find)
        routes.on(.delete, "/api/webhooks/{id}", delete)
        routes.on(.post, "/api/webhooks/{id}/enable", enable)
    }

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        try store.read { database in
            let ids = try database.all("SELECT id FROM webhook ORDER BY id") { $0.integer(at: 0) ?? 0 }
            return .json(200, ["webhooks": .array(try ids.compactMap { try Self.webhook($0, in: database) })])
        }
    }

    @Sendable private func find(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.read { database in try Self.answer(200, id, in: database) }
    }

    /// A second webhook with the same address replaces the first: its secret and its topics, and it is switched on.
    @Sendable private func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = try request.object()
        guard let url = body["url"]?.string, url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw HTTPRefusal(422, "url must be an http address.")
        }
        guard let secret = body["secret"]?.string, secret.utf8.count >= 8 else {
            throw HTTPRefusal(422, "secret needs eight characters.")
        }
        var topics = Self.topics
        if let wanted = body["topics"], !wanted.isNull {
            guard let names = wanted.array?.compactMap(\.string), !names.isEmpty,
                names.count == wanted.array?.count, names.allSatisfy(Self.topics.contains)
            else { throw HTTPRefusal(422, "topics must be some of \(Self.topics.joined(separator: ", ")).") }
            topics = names
        }
        let list = topics.joined(separator: " ")
        return try store.write { database in
            let known = try database.integer("SELECT id FROM webhook WHERE url = ?", [.text(url)])
            if let known {
                try database.run(
                    "UPDATE webhook SET secret = ?, topics = ?, enabled = 1, last_error = NULL WHERE id = ?",
                    [.text(secret), .text(list), .integer(known)])
            } else {
                try database.run(
                    "INSERT INTO webhook (url, secret, topics) VALUES (?, ?, ?)",
                    [.text(url), .text(secret), .text(list)])
            }
            return try Self.answer(known == nil ? 201 : 200, known ?? database.lastInsertedRow, in: database)
        }
    }

    @Sendable private func delete(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.write { database in
            guard try database.run("DELETE FROM webhook WHERE id = ?", [.integer(id)]) == 1 else {
                throw HTTPRefusal(404, "There is no webhook \(id).")
            }
            return .done
        }
    }

    /// From now on it is told again; what happened meanwhile stays untold.
    @Sendable private func enable(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.write { database in
            try database.run("UPDATE webhook SET enabled = 1, last_error = NULL WHERE id = ?", [.integer(id)])
            return try Self.answer(200, id, in: database)
        }
    }

    private static func answer(_ status: Int, _ id: Int64, in database: SQLiteDatabase) throws -> HTTPResponse {
        guard let webhook = try webhook(id, in: database) else { throw HTTPRefusal(404, "There is no webhook \(id).") }
        return .json(status, webhook)
    }

    private static func webhook(_ id: Int64, in database: SQLiteDatabase) throws -> JSON? {
        let pending = try database.integer("SELECT count(*) FROM delivery WHERE webhook_id = ?", [.integer(id)])
        return try database.first(
            "SELECT id, url, topics, enabled, last_error FROM webhook WHERE id = ?", [.integer(id)]
        ) { row in
            let topics = (row.text(at: 2) ?? "").split(separator: " ").map { JSON.string(String($0)) }
            return [
                "id": row.json(at: 0), "url": row.json(at: 1), "topics": .array(topics),
                "enabled": .bool(row.integer(at: 3) == 1), "last_error": row.json(at: 4),
                "pending": .number(Number(Int(pending ?? 0))),
            ]
        }
    }
}
