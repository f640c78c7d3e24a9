import Document
import Transports

/// What the shop holds, through its API, page after page.
public struct ShopView: SystemView {
    /// `shop`
    public let system = "shop"
    /// Products, customers, and the availability of products.
    public let entities = ["product", "customer", "stock"]
    private let client: WebClient

    /// The shop behind that client.
    public init(_ client: WebClient) { self.client = client }

    /// All copies of an entity; products that are not on sale don't count.
    public func rows(of entity: String) throws -> [SystemRow] {
        switch entity {
        case "product": try products().map(Self.product).byKey()
        case "customer": try all("customers").map(Self.customer).byKey()
        case "stock": try products().flatMap(Self.stock).byKey()
        default: []
        }
    }

    private func products() throws -> [JSON] { try all("products").filter { $0["active"] == true } }

    private func all(_ name: String) throws -> [JSON] {
        var elements: [JSON] = []
        var next: String? = "/api/\(name)?per_page=50"
        while let path = next {
            let page = try client.call(.get, path)
            elements += page[name]?.array ?? []
            next = page["next"]?.string
        }
        return elements
    }

    private static func product(_ product: JSON) -> SystemRow {
        SystemRow(
            key: product["sku"]?.string ?? "", id: product["id"]?.held ?? "",
            fields: ["name", "description", "price", "currency", "image"].map { JSON.Member($0, product[$0] ?? .null) })
    }

    private static func customer(_ customer: JSON) -> SystemRow {
        let address = customer["address"]
        let id = customer["id"]?.held ?? ""
        return SystemRow(
            key: id, id: id,
            fields: [
                JSON.Member("givenName", customer["first_name"] ?? .null),
                JSON.Member("familyName", customer["last_name"] ?? .null),
                JSON.Member("email", customer["email"] ?? .null), JSON.Member("phone", customer["phone"] ?? .null),
                JSON.Member("address.streetAddress", address?["street"] ?? .null),
                JSON.Member("address.postalCode", address?["zip"] ?? .null),
                JSON.Member("address.addressLocality", address?["city"] ?? .null),
                JSON.Member("address.addressCountry", address?["country"] ?? .null),
            ])
    }

    private static func stock(_ product: JSON) -> [SystemRow] {
        (product["availability"]?.array ?? []).map { position in
            SystemRow(
                key: "\(product["sku"]?.string ?? "")@\(position["place"]?.string ?? "")",
                id: product["id"]?.held ?? "",
                fields: [JSON.Member("available", position["available"] ?? .null)])
        }
    }
}
