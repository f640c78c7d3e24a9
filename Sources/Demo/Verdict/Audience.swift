import Document

/// Who ought to have a copy of what: reckoned from what each system held before anything was connected, and from what it
/// was promised since; never from what the hub has done.
package struct Audience: Sendable {
    /// The keys that each system held on the first day, by `system/entity`.
    private var firstDay: [String: Set<String>] = [:]

    init() {}

    /// Notes what the systems hold at this moment.
    package init(_ views: [any SystemView]) throws {
        for view in views {
            for entity in view.entities { note(view.system, entity, try view.rows(of: entity).map(\.key)) }
        }
    }

    mutating func note(_ system: String, _ entity: String, _ keys: [String]) {
        firstDay["\(system)/\(entity)", default: []].formUnion(keys)
    }

    func held(_ entity: String, in system: String) -> Set<String> { firstDay["\(system)/\(entity)"] ?? [] }

    /// Whether that system ought to have a copy of that golden record.
    package func expects(_ golden: GoldenRecord, of entity: String, in system: String) -> Bool {
        switch (entity, system) {
        // Partners are told everything; the CRM knows everybody.
        case ("product", "importer"), ("product", "wholesaler"), ("stock", "importer"), ("stock", "wholesaler"),
            ("customer", "crm"):
            true
        case ("product", _):
            held(entity, in: system).contains(golden.key)
                || golden.document["assortment"]?.array?.contains { $0.string == system } == true
        case ("customer", _): !golden.members(in: system).isEmpty
        case ("stock", "till"): golden.place == Place.store
        case ("stock", _): held("product", in: system).contains(golden.product)
        // A refused claim never was a hold.
        case ("reservation", "till"):
            golden.document["place"]?.string == Place.store && golden.document["state"]?.string != "refused"
        default: false
        }
    }
}

extension GoldenRecord {
    /// The system's numbers for this customer.
    package func members(in system: String) -> [String] {
        (document["members"]?.array ?? []).filter { $0["system"]?.string == system }.compactMap { $0["id"]?.held }
    }

    /// The GTIN before the `@`.
    var product: String { String(key.prefix { $0 != "@" }) }
    /// The place behind the `@`.
    var place: String { String(key.drop { $0 != "@" }.dropFirst()) }
}
