import Transports

/// What the cashier and the store's manager do.
extension Till {
    /// Changes an article's price.
    /// - Throws: ``DemoError`` when the till doesn't know the article.
    public func changePrice(of ean: String, to price: String) throws {
        try change(
            "UPDATE article SET sale_price = ?, changed_at = \(Self.now) WHERE ean = ?", [.text(price), .text(ean)],
            "article \(ean)")
    }

    /// Changes an article's name; the till cuts it.
    /// - Throws: ``DemoError`` when the till doesn't know the article.
    public func rename(_ ean: String, to name: String) throws {
        try change(
            "UPDATE article SET name = ?, changed_at = \(Self.now) WHERE ean = ?", [.text(name), .text(ean)],
            "article \(ean)")
    }

    /// Sells pieces of one article.
    /// - Parameters:
    ///   - price: What was asked a piece; nil for the till's price.
    ///   - customer: The till's number of whoever bought.
    ///   - hold: The reservation that is collected: its pieces must cover the sale, and it must be confirmed.
    /// - Returns: The sale's number.
    /// - Throws: ``DemoError`` when the article or the hold isn't known, or the hold can't be collected.
    @discardableResult
    public func sell(
        _ ean: String, quantity: Int = 1, price: String? = nil, customer: Int64? = nil, hold: String? = nil
    ) throws -> Int64 {
        guard quantity > 0 else {
            throw DemoError("Till: a sale needs at least one piece; returns have their own key.")
        }
        let database = try open()
        return try database.transaction {
            let article = try number(of: ean, in: database)
            if let hold { try collect(hold, article: article, quantity: quantity, in: database) }
            return try book(
                article, quantity: quantity, price: price, customer: customer, hold: hold, in: database)
        }
    }

    /// Takes pieces back and books them as a sale with a negative quantity.
    /// - Returns: The number of the sale that books the return.
    /// - Throws: ``DemoError`` when the till doesn't know the article.
    @discardableResult
    public func takeBack(_ ean: String, quantity: Int = 1, price: String? = nil, customer: Int64? = nil) throws -> Int64
    {
        guard quantity > 0 else { throw DemoError("Till: a return needs at least one piece.") }
        let database = try open()
        return try database.transaction {
            try book(
                try number(of: ean, in: database), quantity: -quantity, price: price, customer: customer, hold: nil,
                in: database)
        }
    }

    /// Enters a count of the pieces on the shelf.
    /// - Throws: ``DemoError`` when the till doesn't know the article.
    public func count(_ ean: String, quantity: Int) throws {
        let database = try open()
        try database.transaction {
            let article = try number(of: ean, in: database)
            try database.run(
                "INSERT INTO inventory_count (article_id, store_id, quantity) VALUES (?, ?, ?)",
                [.integer(article), .text(Place.store), .integer(Int64(quantity))])
        }
    }

    /// Enters a new customer.
    /// - Returns: The till's number for them.
    @discardableResult
    public func createCustomer(
        name: String, phone: String? = nil, email: String? = nil, street: String? = nil, zip: String? = nil,
        city: String? = nil, loyalty: String? = nil
    ) throws -> Int64 {
        let database = try open()
        return try database.transaction {
            try Self.insert(
                Person.Record(name, phone: phone, email: email, street, zip, city, loyalty: loyalty), into: database)
            return database.lastInsertedRow
        }
    }

    /// Corrects a customer's address.
    /// - Throws: ``DemoError`` when the till has no such customer.
    public func editAddress(of customer: Int64, street: String, zip: String, city: String) throws {
        try change(
            "UPDATE customer SET street = ?, zip = ?, city = ?, changed_at = \(Self.now) WHERE id = ?",
            [.text(street), .text(zip), .text(city), .integer(customer)], "customer \(customer)")
    }

    /// The till's number for the customer with that loyalty number.
    public func customer(loyalty: String) throws -> Int64? {
        try open().first("SELECT id FROM customer WHERE loyalty_no = ?", [.text(loyalty)]) { $0.integer(at: 0) } ?? nil
    }

    /// A reservation as the till was told of it.
    public struct Hold: Sendable, Equatable {
        /// Its id.
        public let id: String
        /// Whose article: the EAN.
        public let ean: String
        /// How many pieces.
        public let quantity: Int
        /// `confirmed`, `fulfilled`, `released` …
        public let state: String
        /// For whom, when it was said.
        public let customerName: String?
    }

    /// The reservations on the till's screen, in the order of their ids.
    public func holds() throws -> [Hold] {
        var holds: [Hold] = []
        try open().query(
            """
            SELECT hold.id, ean, quantity, state, customer_name FROM hold JOIN article ON article.id = article_id
            ORDER BY hold.id
            """
        ) { row in
            holds.append(
                Hold(
                    id: row.text(at: 0) ?? "", ean: row.text(at: 1) ?? "", quantity: Int(row.integer(at: 2) ?? 0),
                    state: row.text(at: 3) ?? "", customerName: row.text(at: 4)))
        }
        return holds
    }

    // MARK: The transactions' parts

    private static let now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"

    private func change(_ sql: String, _ values: [SQLiteValue], _ subject: String) throws {
        let database = try open()
        let rows = try database.transaction { try database.run(sql, values) }
        guard rows == 1 else { throw DemoError("Till: there is no \(subject).") }
    }

    private func number(of ean: String, in database: SQLiteDatabase) throws -> Int64 {
        let found = try database.first("SELECT id FROM article WHERE ean = ?", [.text(ean)]) { $0.integer(at: 0) }
        guard let found, let id = found else { throw DemoError("Till: there is no article \(ean).") }
        return id
    }

    private func collect(_ hold: String, article: Int64, quantity: Int, in database: SQLiteDatabase) throws {
        let found = try database.first(
            "SELECT article_id, quantity, state FROM hold WHERE id = ?", [.text(hold)]
        ) { row in (article: row.integer(at: 0), quantity: row.integer(at: 1) ?? 0, state: row.text(at: 2) ?? "") }
        guard let found else { throw DemoError("Till: there is no hold \(hold).") }
        guard found.article == article else { throw DemoError("Till: hold \(hold) is for another article.") }
        guard found.state == "confirmed" else { throw DemoError("Till: hold \(hold) is \(found.state).") }
        guard quantity == found.quantity else {
            throw DemoError("Till: hold \(hold) is for \(found.quantity) pieces, not \(quantity).")
        }
        try database.run("UPDATE hold SET state = 'fulfilled' WHERE id = ?", [.text(hold)])
    }

    private func book(
        _ article: Int64, quantity: Int, price: String?, customer: Int64?, hold: String?, in database: SQLiteDatabase
    ) throws -> Int64 {
        try database.run(
            "INSERT INTO sale (store_id, customer_id) VALUES (?, ?)", [.text(Place.store), SQLiteValue(customer)])
        let sale = database.lastInsertedRow
        try database.run(
            """
            INSERT INTO sale_line (sale_id, article_id, quantity, unit_price, hold_id)
            SELECT ?, id, ?, coalesce(?, sale_price, 0), ? FROM article WHERE id = ?
            """,
            [.integer(sale), .integer(Int64(quantity)), SQLiteValue(price), SQLiteValue(hold), .integer(article)])
        return sale
    }
}
