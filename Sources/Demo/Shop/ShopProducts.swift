import Document
import Transports

/// `/api/products`: the shop's products and where they are available.
struct ShopProducts: Sendable {
    let store: Store
    let deliveries: WebhookDeliveries

    func install(in routes: inout WebRoutes) {
        routes.on(.get, "/api/products", list)
        routes.on(.post, "/api/products", create)
        routes.on(.get, "/api/products/{id}", find)
        routes.on(.put, "/api/products/{id}", change)
        routes.on(.delete, "/api/products/{id}", delete)
        routes.on(.put, "/api/products/{id}/availability/{place}", setAvailability)
    }

    // MARK: Reading

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        try store.read { database in
            let page = try Page(request, "/api/products", filter: "sku", in: database)
            return try page.answer("products", table: "product", in: database) { try Self.product($0, in: database) }
        }
    }

    @Sendable private func find(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.read { database in try Self.answer(200, id, in: database) }
    }

    static func product(_ id: Int64, in database: SQLiteDatabase) throws -> JSON? {
        let availability = try database.all(
            "SELECT place, available, as_of FROM availability WHERE product_id = ? ORDER BY place", [.integer(id)]
        ) { row -> JSON in
            ["place": row.json(at: 0), "available": row.json(at: 1), "as_of": row.json(at: 2)]
        }
        return try database.first(
            """
            SELECT id, sku, name, description, price, currency, image, active, version, updated_at FROM product
            WHERE id = ?
            """, [.integer(id)]
        ) { row in
            [
                "id": row.json(at: 0), "sku": row.json(at: 1), "name": row.json(at: 2), "description": row.json(at: 3),
                "price": row.decimal(at: 4), "currency": row.json(at: 5), "image": row.json(at: 6),
                "active": .bool(row.integer(at: 7) == 1), "version": row.json(at: 8), "updated_at": row.time(at: 9),
                "availability": .array(availability),
            ]
        }
    }

    private static func answer(_ status: Int, _ id: Int64, in database: SQLiteDatabase) throws -> HTTPResponse {
        guard let product = try product(id, in: database) else { throw HTTPRefusal(404, "There is no product \(id).") }
        var answer = HTTPResponse.json(status, product)
        if let version = product["version"] { answer.fields["ETag"] = "\"\(version.text)\"" }
        return answer
    }

    // MARK: Writing

    @Sendable private func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = try request.object()
        guard case .text(let sku)? = try body.column("sku"), !sku.isEmpty else {
            throw HTTPRefusal(422, "sku must be given.")
        }
        guard case .text(let name)? = try body.column("name"), !name.isEmpty else {
            throw HTTPRefusal(422, "name must be given.")
        }
        let answer = try store.write { database in
            if let twin = try database.integer("SELECT id FROM product WHERE sku = ?", [.text(sku)]) {
                throw HTTPRefusal(409, "sku is taken by product \(twin).")
            }
            try database.run(
                "INSERT INTO product (sku, name, currency, updated_at) VALUES (?, ?, 'EUR', ?)",
                [.text(sku), .text(name), .integer(Clock.milliseconds())])
            let id = database.lastInsertedRow
            try Self.set(try Self.columns(of: body), of: id, in: database)
            try WebhookDeliveries.announce("product.updated", ["id": .number(Number(Int(id)))], in: database)
            var answer = try Self.answer(201, id, in: database)
            answer.fields["Location"] = "/api/products/\(id)"
            return answer
        }
        deliveries.wake()
        return answer
    }

    @Sendable private func change(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        let body = try request.object()
        let answer = try store.write { database in
            guard let version = try database.integer("SELECT version FROM product WHERE id = ?", [.integer(id)]) else {
                throw HTTPRefusal(404, "There is no product \(id).")
            }
            try Self.require(version, request, body)
            let columns = try Self.columns(of: body)
            if let sku = columns.first(where: { $0.name == "sku" })?.value,
                let twin = try database.integer(
                    "SELECT id FROM product WHERE sku = ? AND id <> ?", [sku, .integer(id)])
            {
                throw HTTPRefusal(409, "sku is taken by product \(twin).")
            }
            try Self.set(columns, of: id, in: database)
            try database.run(
                "UPDATE product SET version = version + 1, updated_at = ? WHERE id = ?",
                [.integer(Clock.milliseconds()), .integer(id)])
            try WebhookDeliveries.announce("product.updated", ["id": .number(Number(Int(id)))], in: database)
            return try Self.answer(200, id, in: database)
        }
        deliveries.wake()
        return answer
    }

    /// `If-Match` that doesn't match is 412 (RFC 9110); an older `version` in the body is 409.
    private static func require(_ version: Int64, _ request: HTTPRequest, _ body: JSON) throws {
        if let wanted = request.fields["If-Match"], wanted != "*", wanted != "\"\(version)\"" {
            throw HTTPRefusal(412, "The product has version \(version).")
        }
        if let wanted = body["version"], wanted != .number(Number(Int(version))) {
            throw HTTPRefusal(409, "The product has version \(version).")
        }
    }

    @Sendable private func delete(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        try store.write { database in
            let sku = try database.first("SELECT sku FROM product WHERE id = ?", [.integer(id)]) { $0.json(at: 0) }
            guard let sku else { throw HTTPRefusal(404, "There is no product \(id).") }
            try database.run("DELETE FROM product WHERE id = ?", [.integer(id)])
            try WebhookDeliveries.announce(
                "product.deleted", ["id": .number(Number(Int(id))), "sku": sku], in: database)
        }
        deliveries.wake()
        return .done
    }

    /// Leaves `updated_at` and `version` as they are, and tells no webhook.
    @Sendable private func setAvailability(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        let place = request.parameters["place"] ?? ""
        let body = try request.object()
        guard let available = body["available"]?.integer, available >= 0 else {
            throw HTTPRefusal(422, "available must be a whole number, not below zero.")
        }
        let asOf = try body.column("as_of") ?? .null
        return try store.write { database in
            guard try database.integer("SELECT id FROM product WHERE id = ?", [.integer(id)]) != nil else {
                throw HTTPRefusal(404, "There is no product \(id).")
            }
            try database.run(
                "INSERT OR REPLACE INTO availability VALUES (?, ?, ?, ?)",
                [.integer(id), .text(place), .integer(Int64(available)), asOf])
            return .json(200, ["place": .string(place), "available": .number(Number(available)), "as_of": asOf.json])
        }
    }

    private typealias Column = (name: String, value: SQLiteValue)

    /// What the body wants changed; the price becomes a round one.
    private static func columns(of body: JSON) throws -> [Column] {
        var columns: [Column] = []
        for name in ["sku", "name", "description", "currency", "image"] {
            guard let value = try body.column(name) else { continue }
            if value == .null, name == "sku" || name == "name" { throw HTTPRefusal(422, "\(name) must be given.") }
            columns.append((name, value))
        }
        switch body["price"] {
        case nil: break
        case .null: columns.append(("price", .null))
        case .number(let price):
            guard let round = Money.cashRounded(price) else { throw HTTPRefusal(422, "price is out of range.") }
            columns.append(("price", .text(round.description)))
        default: throw HTTPRefusal(422, "price must be a number.")
        }
        switch body["active"] {
        case nil: break
        case .bool(let active): columns.append(("active", .integer(active ? 1 : 0)))
        default: throw HTTPRefusal(422, "active must be true or false.")
        }
        return columns
    }

    private static func set(_ columns: [Column], of id: Int64, in database: SQLiteDatabase) throws {
        for column in columns {
            try database.run("UPDATE product SET \(column.name) = ? WHERE id = ?", [column.value, .integer(id)])
        }
    }
}

extension SQLiteValue {
    /// As JSON has it.
    var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .integer(let integer): .number(Number(Int(integer)))
        default: .null
        }
    }
}
