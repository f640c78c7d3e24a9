import Canonical
import Connector
package import Document

/// The web shop: products behind a REST API, with versions, webhooks and a list by date. Prices are rounded to 0.05; some changes leave
/// the date alone, so a cursor misses them.
package final class Shop: WebSystem {
    struct Product {
        var members: JSON
        var version = 1
        var updatedAt: Int64
    }

    package let line: SystemLine
    var products: [Int: Product] = [:]
    private var next = 501
    /// Told of every change: the webhooks.
    package var announce: ((_ id: Int) -> Void)?
    private var clock: VirtualClock { line.scheduler.clock }

    static let columns = ["sku", "name", "description", "price", "currency", "image", "active"]
    static let pageSize = 3

    package init(_ line: SystemLine) { self.line = line }

    package var all: [(id: Int, row: JSON)] {
        products.sorted { $0.key < $1.key }.map { ($0.key, row($0.key, $0.value)) }
    }

    // MARK: What happens in the shop

    /// Changes a product, or enters it. A change that leaves the date alone tells nobody.
    @discardableResult
    package func change(_ id: Int?, _ members: [(String, JSON)], isSilent: Bool = false) -> Int {
        let id = id ?? next
        next = max(next, id + 1)
        var product =
            products[id]
            ?? Product(members: ["sku": "", "currency": "EUR", "active": true], version: 0, updatedAt: clock.now)
        for (name, value) in members where Self.columns.contains(name) {
            product.members[name] = name == "price" ? Self.rounded(value) : value
        }
        product.version += 1
        if !isSilent { product.updatedAt = clock.now }
        products[id] = product
        if !isSilent { announce?(id) }
        return id
    }

    package func delete(_ id: Int, isSilent: Bool) {
        guard products.removeValue(forKey: id) != nil else { return }
        if !isSilent { announce?(id) }
    }

    /// The shop's till can't give back less than five cents.
    package static func rounded(_ price: JSON) -> JSON {
        guard case .number(let number) = price else { return price }
        let steps = Int((number.double * 20).rounded())
        let cents = steps * 5
        let digits = cents % 100
        return .number(Number("\(cents / 100).\(digits < 10 ? "0" : "")\(digits)")!)
    }

    // MARK: Its API

    package func answer(_ request: WebRequest) -> WebAnswer {
        guard request.path.starts(with: ["api", "products"]) else { return WebAnswer(404) }
        let id = request.path.count > 2 ? Int(request.path[2]) : nil
        switch (request.method, id) {
        case ("GET", nil): return list(request)
        case ("POST", nil): return create(request)
        case ("GET", let id?): return products[id].map { one(200, id, $0) } ?? WebAnswer(404)
        case ("PUT", let id?): return update(id, request)
        case ("DELETE", let id?):
            guard products[id] != nil else { return WebAnswer(404) }
            delete(id, isSilent: false)
            return WebAnswer(204)
        default: return WebAnswer(405)
        }
    }

    private func list(_ request: WebRequest) -> WebAnswer {
        var found = products.sorted { $0.key < $1.key }
        if let sku = request.query["sku"] { found = found.filter { $0.value.members["sku"]?.string == sku } }
        let since = request.query["updated_since"]
        if let since, let tick = Tick(rfc3339: since) {
            found = found.filter { $0.value.updatedAt >= tick.milliseconds }
        }
        let page = request.query["page"].flatMap { Int($0) } ?? 1
        let rest = found.dropFirst((page - 1) * Self.pageSize)
        var next = JSON.null
        if rest.count > Self.pageSize {
            next = .string(
                "/api/products?page=\(page + 1)"
                    + (since.map { "&updated_since=\($0.replacing(":", with: "%3A"))" } ?? ""))
        }
        return WebAnswer(
            200, ["products": .array(rest.prefix(Self.pageSize).map { row($0.key, $0.value) }), "next": next])
    }

    private func create(_ request: WebRequest) -> WebAnswer {
        guard let sku = request.body["sku"]?.string, request.body["name"]?.string?.isEmpty == false else {
            return WebAnswer(422)
        }
        guard !products.values.contains(where: { $0.members["sku"]?.string == sku }) else { return WebAnswer(409) }
        let id = change(nil, (request.body.object ?? []).map { ($0.key, $0.value) })
        return one(201, id, products[id]!)
    }

    private func update(_ id: Int, _ request: WebRequest) -> WebAnswer {
        guard let product = products[id] else { return WebAnswer(404) }
        if let tag = request.fields["If-Match"], tag != "\"\(product.version)\"" { return WebAnswer(412) }
        if let sku = request.body["sku"]?.string,
            products.contains(where: { $0.key != id && $0.value.members["sku"]?.string == sku })
        {
            return WebAnswer(409)
        }
        change(id, (request.body.object ?? []).map { ($0.key, $0.value) })
        return one(200, id, products[id]!)
    }

    private func one(_ status: Int, _ id: Int, _ product: Product) -> WebAnswer {
        WebAnswer(status, row(id, product), etag: "\"\(product.version)\"")
    }

    private func row(_ id: Int, _ product: Product) -> JSON {
        var row: JSON = ["id": .number(Number(id))]
        for member in product.members.object ?? [] { row[member.key] = member.value }
        row["version"] = .number(Number(product.version))
        row["updated_at"] = .string(Tick(product.updatedAt).rfc3339)
        return row
    }
}
