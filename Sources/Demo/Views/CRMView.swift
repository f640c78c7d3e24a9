import Document
import Transports

/// What the CRM holds, through its API, from the feed's beginning to its end.
public struct CRMView: SystemView {
    /// `crm`
    public let system = "crm"
    /// Contacts.
    public let entities = ["customer"]
    private let client: WebClient

    /// The CRM behind that client.
    public init(_ client: WebClient) { self.client = client }

    /// All contacts.
    public func rows(of entity: String) throws -> [SystemRow] {
        guard entity == "customer" else { return [] }
        var contacts: [JSON] = []
        var cursor = ""
        while true {
            let page = try client.call(.get, "/contacts?limit=100&after=\(cursor)")
            contacts += page["contacts"]?.array ?? []
            guard page["more"] == true, let next = page["cursor"]?.string else { break }
            cursor = next
        }
        return contacts.map(Self.row).byKey()
    }

    private static func row(_ contact: JSON) -> SystemRow {
        let address = contact["address"]
        let consents = contact["consents"]
        let id = contact["id"]?.string ?? ""
        return SystemRow(
            key: id, id: id,
            fields: [
                JSON.Member("givenName", contact["firstName"] ?? .null),
                JSON.Member("familyName", contact["lastName"] ?? .null),
                JSON.Member("email", contact["email"] ?? .null), JSON.Member("phone", contact["phone"] ?? .null),
                JSON.Member("loyalty", contact["loyaltyNumber"] ?? .null),
                JSON.Member("address.streetAddress", address?["street"] ?? .null),
                JSON.Member("address.postalCode", address?["postalCode"] ?? .null),
                JSON.Member("address.addressLocality", address?["city"] ?? .null),
                JSON.Member("address.addressCountry", address?["country"] ?? .null),
                JSON.Member("consents.newsletter", consents?["newsletter"]?["granted"] ?? .null),
                JSON.Member("consents.profiling", consents?["profiling"]?["granted"] ?? .null),
            ])
    }
}
