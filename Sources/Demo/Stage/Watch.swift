import Document

/// Sees what changes in the systems and in the golden records, by looking again and again.
struct Watch {
    /// One field of one copy: `till`, `product 09520001000011`, `price`.
    struct Place: Hashable, Comparable {
        let system: String
        let subject: String
        let field: String

        static func < (one: Place, other: Place) -> Bool {
            (one.system, one.subject, one.field) < (other.system, other.subject, other.field)
        }
    }

    typealias Picture = [Place: String]

    /// What became different from one picture to the next, a line each: `price 899 → 849`.
    static func changes(from before: Picture, to after: Picture) -> [(system: String, text: String)] {
        var subjects: [Place: [String]] = [:]
        for place in Set(before.keys).union(after.keys).sorted() where before[place] != after[place] {
            let old = before[place] ?? "–"
            let new = after[place] ?? "–"
            subjects[Place(system: place.system, subject: place.subject, field: ""), default: []].append(
                "\(place.field) \(old) → \(new)")
        }
        return subjects.sorted { $0.key < $1.key }.map { place, fields in
            let shown = fields.prefix(3).joined(separator: ", ") + (fields.count > 3 ? ", …" : "")
            return (place.system, "\(place.subject)  \(shown)")
        }
    }

    /// What one system shows at this moment.
    static func picture(of view: any SystemView) throws -> Picture {
        var picture: Picture = [:]
        for entity in view.entities {
            for row in try view.rows(of: entity) {
                for field in row.fields {
                    let place = Place(system: view.system, subject: "\(entity) \(row.key)", field: field.key)
                    picture[place] = field.value.held ?? "nothing"
                }
            }
        }
        return picture
    }

    /// What the hub's golden records say at this moment.
    static func picture(of hub: HubClient) throws -> Picture {
        var picture: Picture = [:]
        for entity in ["product", "stock", "customer"] {
            for record in try hub.records(of: entity) {
                for member in record.document.object ?? [] where !["asOf", "members", "gtin"].contains(member.key) {
                    for (field, value) in Self.flat(member) {
                        picture[Place(system: "hub", subject: "\(entity) \(record.key)", field: field)] = value
                    }
                }
            }
        }
        return picture
    }

    /// A member, or the members of one that is an object.
    private static func flat(_ member: JSON.Member) -> [(String, String)] {
        guard case .object(let inner) = member.value else { return [(member.key, member.value.held ?? "nothing")] }
        return inner.map { ("\(member.key).\($0.key)", $0.value.held ?? "nothing") }
    }
}
