/// A connector of a shop that numbers its items, and is asked about one before it is written.
enum NumberedShop {
    /// - Parameter reading: how it is asked: `if-match: true`, `read-first: true`.
    static func files(_ url: String, _ reading: String) -> [String: String] {
        [
            "connector.yaml": """
            system: shop
            connections: { api: { http: "\(url)" } }
            sources:
              items: { from: { api: { poll: "/items", items: items } }, of: product, start: now, map: items.jsonata }
            sinks:
              names:
                of: product
                map: names.jsonata
                to: { api: { resource: "/items/{id}", update: put, \(reading) } }
                seen-by: items
            """,
            "items.jsonata": #"{"product": {"gtin": gtin, "name": name}, "self": id}"#,
            "names.jsonata": #"$record.name = name ? [] : {"name": name}"#,
        ]
    }
}
