import Digests
import Document
import Transports

/// `/api/checkout` and `/api/orders`: an order waits in state `pending` until somebody confirms or refuses it.
///
/// Each line carries a reservation number of the shop's making: whoever holds the goods may use it.
struct ShopOrders: Sendable {
    let store: Store
    let deliveries: WebhookDeliveries

    /// How long the shop asks to have the goods kept: two days.
    static let holdTime: Int64 = 48 * 3600 * 1000

    func install(in routes: inout WebRoutes) {
        routes.on(.post, "/api/checkout", checkout)
        routes.on(.get, "/api/orders", list)
        routes.on(.get, "/api/orders/{id}", find)
        routes.on(.put, "/api/orders/{id}", decide)
    }

    private struct Line {
        let product: Int64
        let sku: String
        let quantity: Int
        let price: String?
        let place: String
    }

    @Sendable private func checkout(_ request: HTTPRequest) throws -> HTTPResponse {
        let body = try request.object()
        guard let delivery = body["delivery"]?.string, ["pickup", "home"].contains(delivery) else {
            throw HTTPRefusal(422, "delivery must be pickup or home.")
        }
        guard let wanted = body["lines"]?.array, !wanted.isEmpty else { throw HTTPRefusal(422, "lines must be given.") }
        let answer = try store.write { database in
            let customer = try Self.customer(body["customer_id"], in: database)
            let lines = try wanted.map { try Self.line($0, in: database) }
            let id = try Self.insert(lines, delivery, customer, in: database)
            guard let order = try Self.order(id, in: database) else { throw HTTPRefusal(500, "The order got lost.") }
            try WebhookDeliveries.announce("order.created", order, in: database)
            var answer = HTTPResponse.json(201, order)
            answer.fields["Location"] = "/api/orders/\(id)"
            return answer
        }
        deliveries.wake()
        return answer
    }

    private static func customer(_ value: JSON?, in database: SQLiteDatabase) throws -> Int64? {
        guard let value, !value.isNull else { return nil }
        guard let id = value.integer,
            try database.integer("SELECT id FROM customer WHERE id = ?", [.integer(Int64(id))]) != nil
        else { throw HTTPRefusal(422, "customer_id names no customer.") }
        return Int64(id)
    }

    private static func line(_ value: JSON, in database: SQLiteDatabase) throws -> Line {
        guard let product = value["product_id"]?.integer, let quantity = value["quantity"]?.integer,
            let place = value["place"]?.string
        else { throw HTTPRefusal(422, "A line needs product_id, quantity and place.") }
        guard (1...10_000).contains(quantity) else { throw HTTPRefusal(422, "quantity must be above zero.") }
        let line = try database.first(
            "SELECT sku, price FROM product WHERE id = ? AND active = 1", [.integer(Int64(product))]
        ) { row in
            Line(
                product: Int64(product), sku: row.text(at: 0) ?? "", quantity: quantity, price: row.text(at: 1),
                place: place)
        }
        guard let line else { throw HTTPRefusal(422, "product_id names no product on sale.") }
        return line
    }

    private static func insert(
        _ lines: [Line], _ delivery: String, _ customer: Int64?, in database: SQLiteDatabase
    ) throws -> Int64 {
        let now = Clock.milliseconds()
        let cents = lines.reduce(0) { sum, line in sum + Money.cents(line.price) * line.quantity }
        try database.run(
            """
            INSERT INTO customer_order (customer_id, delivery, state, currency, total, hold_until, created_at, updated_at)
            VALUES (?, ?, 'pending', 'EUR', ?, ?, ?, ?)
            """,
            [
                SQLiteValue(customer), .text(delivery), .text(Money.text(cents)), .integer(now + holdTime),
                .integer(now), .integer(now),
            ])
        let id = database.lastInsertedRow
        for (place, line) in lines.enumerated() {
            try database.run(
                "INSERT INTO order_line VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .integer(id), .integer(Int64(place + 1)), .integer(line.product), .text(line.sku),
                    .integer(Int64(line.quantity)), SQLiteValue(line.price), .text(line.place),
                    .text(UUID.random().description),
                ])
        }
        return id
    }

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        try store.read { database in
            let page = try Page(request, "/api/orders", filter: "state", in: database)
            return try page.answer("orders", table: "customer_order", in: database) {
                try Self.order($0, in: database)
            }
        }
    }

    @Sendable private func find(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        return try store.read { database in
            guard let order = try Self.order(id, in: database) else {
                throw HTTPRefusal(404, "There is no order \(id).")
            }
            return .json(200, order)
        }
    }

    /// The same decision twice is one decision; another one is refused.
    @Sendable private func decide(_ request: HTTPRequest) throws -> HTTPResponse {
        let id = try request.id()
        let body = try request.object()
        guard let state = body["state"]?.string, ["confirmed", "refused"].contains(state) else {
            throw HTTPRefusal(422, "state must be confirmed or refused.")
        }
        let reason = try body.column("reason") ?? .null
        return try store.write { database in
            let before = try database.first("SELECT state FROM customer_order WHERE id = ?", [.integer(id)]) {
                $0.text(at: 0) ?? ""
            }
            guard let before else { throw HTTPRefusal(404, "There is no order \(id).") }
            if before == "pending" {
                try database.run(
                    "UPDATE customer_order SET state = ?, reason = ?, updated_at = ? WHERE id = ?",
                    [.text(state), reason, .integer(Clock.milliseconds()), .integer(id)])
            } else if before != state {
                throw HTTPRefusal(409, "The order is \(before).")
            }
            return .json(200, try Self.order(id, in: database) ?? .null)
        }
    }

    private static func order(_ id: Int64, in database: SQLiteDatabase) throws -> JSON? {
        let lines = try database.all(
            """
            SELECT line, product_id, sku, quantity, unit_price, place, reservation FROM order_line WHERE order_id = ?
            ORDER BY line
            """, [.integer(id)]
        ) { row -> JSON in
            [
                "line": row.json(at: 0), "product_id": row.json(at: 1), "sku": row.json(at: 2),
                "quantity": row.json(at: 3), "unit_price": row.decimal(at: 4), "place": row.json(at: 5),
                "reservation": row.json(at: 6),
            ]
        }
        return try database.first(
            """
            SELECT id, customer_id, delivery, state, reason, currency, total, hold_until, created_at, updated_at
            FROM customer_order WHERE id = ?
            """, [.integer(id)]
        ) { row in
            [
                "id": row.json(at: 0), "customer_id": row.json(at: 1), "delivery": row.json(at: 2),
                "state": row.json(at: 3), "reason": row.json(at: 4), "currency": row.json(at: 5),
                "total": row.decimal(at: 6), "hold_until": row.time(at: 7), "created_at": row.time(at: 8),
                "updated_at": row.time(at: 9), "lines": .array(lines),
            ]
        }
    }
}
