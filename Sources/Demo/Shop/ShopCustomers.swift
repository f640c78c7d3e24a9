import Document
import Transports

/// `/api/customers`: the shop's accounts. An e-mail address has one account.
struct ShopCustomers: Sendable {
    let store: Store
    let deliveries: WebhookDeliveries

    func install(in routes: inout WebRoutes) {
        routes.on(.get, "/api/customers", list)
        routes.on(.post, "/api/customers", create)
        routes.on(.get, "/api/customers/{id}", find)
        routes.on(.put, "/api/customers/{id}", change)
        routes.on(.delete, "/api/customers/{id}", delete)
    }

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        try store.read { database in
            let page = try Page(request, "/api/customers", filter: "email", in: database)
            return try page.answer("customers", table: "customer", in: database) {
                try Self.customer($0, in: database)
            }
        }
    }

    @Sendable private func find(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.read { database in try Self.answer(200, id, in: database) }
    }

    @Sendable private func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = try request.object()
        let answer = try store.write { database in
            try Self.refuseTwin(of: body, except: nil, in: database)
            try database.run("INSERT INTO customer (updated_at) VALUES (0)")
            let id = database.lastInsertedRow
            try Self.set(body, of: id, isNew: true, in: database)
            var answer = try Self.answer(201, id, in: database)
            answer.fields["Location"] = "/api/customers/\(id)"
            return answer
        }
        deliveries.wake()
        return answer
    }

    @Sendable private func change(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        let body = try request.object()
        let answer = try store.write { database in
            guard let version = try database.integer("SELECT version FROM customer WHERE id = ?", [.integer(id)]) else {
                throw HTTPRefusal(404, "There is no customer \(id).")
            }
            if let wanted = request.fields["If-Match"], wanted != "*", wanted != "\"\(version)\"" {
                throw HTTPRefusal(412, "The customer has version \(version).")
            }
            try Self.refuseTwin(of: body, except: id, in: database)
            try Self.set(body, of: id, isNew: false, in: database)
            return try Self.answer(200, id, in: database)
        }
        deliveries.wake()
        return answer
    }

    /// Goes without a word: there is no webhook for it.
    @Sendable private func delete(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.write { database in
            guard try database.run("DELETE FROM customer WHERE id = ?", [.integer(id)]) == 1 else {
                throw HTTPRefusal(404, "There is no customer \(id).")
            }
            return .done
        }
    }

    private static func refuseTwin(of body: JSON, except id: Int64?, in database: SQLiteDatabase) throws {
        guard case .text(let email)? = try body.column("email") else { return }
        let twin = try database.integer(
            "SELECT id FROM customer WHERE email = ? AND id <> ?", [.text(email), .integer(id ?? 0)])
        if let twin { throw HTTPRefusal(409, "email belongs to customer \(twin).") }
    }

    private static func set(_ body: JSON, of id: Int64, isNew: Bool, in database: SQLiteDatabase) throws {
        var columns: [(String, SQLiteValue)] = []
        for name in ["first_name", "last_name", "email", "phone"] {
            if let value = try body.column(name) { columns.append((name, value)) }
        }
        let address = ["street", "zip", "city", "country"]
        switch body["address"] {
        case nil: break
        case .null: columns += address.map { ($0, .null) }
        case .object?: for name in address { try body["address"]?.column(name).map { columns.append((name, $0)) } }
        default: throw HTTPRefusal(422, "address must be an object.")
        }
        for (name, value) in columns {
            try database.run("UPDATE customer SET \(name) = ? WHERE id = ?", [value, .integer(id)])
        }
        try database.run(
            "UPDATE customer SET version = version + ?, updated_at = ? WHERE id = ?",
            [.integer(isNew ? 0 : 1), .integer(Clock.milliseconds()), .integer(id)])
        try WebhookDeliveries.announce("customer.updated", ["id": .number(Number(Int(id)))], in: database)
    }

    private static func answer(_ status: Int, _ id: Int64, in database: SQLiteDatabase) throws -> HTTPResponse {
        guard let customer = try customer(id, in: database) else {
            throw HTTPRefusal(404, "There is no customer \(id).")
        }
        var answer = HTTPResponse.json(status, customer)
        if let version = customer["version"] { answer.fields["ETag"] = "\"\(version.text)\"" }
        return answer
    }

    private static func customer(_ id: Int64, in database: SQLiteDatabase) throws -> JSON? {
        try database.first(
            """
            SELECT id, first_name, last_name, email, phone, street, zip, city, country, version, updated_at
            FROM customer WHERE id = ?
            """, [.integer(id)]
        ) { row in
            [
                "id": row.json(at: 0), "first_name": row.json(at: 1), "last_name": row.json(at: 2),
                "email": row.json(at: 3), "phone": row.json(at: 4),
                "address": [
                    "street": row.json(at: 5), "zip": row.json(at: 6), "city": row.json(at: 7),
                    "country": row.json(at: 8),
                ],
                "version": row.json(at: 9), "updated_at": row.time(at: 10),
            ]
        }
    }
}
