import Document

/// Sees what changes in the systems and in the golden records, by looking again and again.
struct Watch {
    /// One field of one copy: `product 09520001000011`, `price`.
    struct Place: Hashable, Comparable {
        let subject: String
        let field: String

        static func < (one: Place, other: Place) -> Bool {
            (one.subject, one.field) < (other.subject, other.field)
        }
    }

    /// What one system shows.
    typealias Picture = [Place: String]

    /// What became different from one picture to the next, a line for each copy: `price 899 → 849`. What is there for the
    /// first time has nothing before the arrow.
    static func changes(from before: Picture, to after: Picture) -> [String] {
        var subjects: [String: [String]] = [:]
        for place in Set(before.keys).union(after.keys).sorted() where before[place] != after[place] {
            subjects[place.subject, default: []].append(
                "\(place.field) \(before[place] ?? "–") → \(after[place] ?? "–")")
        }
        return subjects.sorted { $0.key < $1.key }.map { subject, fields in
            "\(subject)  " + fields.prefix(3).joined(separator: ", ") + (fields.count > 3 ? ", …" : "")
        }
    }

    /// What one system shows at this moment.
    static func picture(of view: any SystemView) throws -> Picture {
        var picture: Picture = [:]
        for entity in view.entities {
            for row in try view.rows(of: entity) {
                for field in row.fields {
                    let place = Place(subject: "\(entity) \(row.key)", field: field.key)
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
                        picture[Place(subject: "\(entity) \(record.key)", field: field)] = value
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
