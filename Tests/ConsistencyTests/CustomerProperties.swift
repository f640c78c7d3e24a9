import Canonical
import Consistency
import Document
import Testing

/// An independent, naive account of who is whom: from what every member says now.
struct PersonAuditor {
    /// By member: what it says, and since when.
    var members: [String: [String: (value: String?, stamp: Int64)]] = [:]

    var persons: Set<Set<String>> {
        var persons: [Set<String>] = []
        for (member, fields) in members {
            var person: Set<String> = [member]
            let linked = persons.filter { other in
                other.contains { known in
                    ["email", "phone"].contains { field in
                        fields[field]?.value != nil && fields[field]?.value == members[known]?[field]?.value
                    }
                }
            }
            for other in linked { person.formUnion(other) }
            persons.removeAll { linked.contains($0) }
            persons.append(person)
        }
        return Set(persons)
    }

    func golden(_ person: Set<String>) -> [String: String?] {
        var golden: [String: String?] = [:]
        for field in ["email", "phone", "givenName"] {
            let claims = person.compactMap { member in members[member]?[field].map { (member, $0) } }
            guard
                let winner = claims.max(by: { one, other in
                    if one.1.stamp != other.1.stamp { return one.1.stamp < other.1.stamp }
                    if (one.1.value == nil) != (other.1.value == nil) { return one.1.value == nil }
                    return one.0 > other.0
                })
            else { continue }
            golden[field] = .some(winner.1.value)
        }
        return golden
    }
}

/// I3 for customers: who is one person, and what is said of her, follows from what the members say, up to the keys' names.
@Suite struct CustomerProperties {
    @Test(arguments: 0..<80) func personsAreWhatTheAuditorSays(run: Int) throws {
        var seed = Seeded(UInt64(run) &+ 70_000)
        var world = try customerWorld()
        var auditor = PersonAuditor()
        let members = ["crm", "shop", "till"].flatMap { system in (1...4).map { "\(system):\($0)" } }
        for step in 0..<60 {
            let member = members.randomElement(using: &seed)!
            let field = ["email", "phone", "givenName"].randomElement(using: &seed)!
            let number = Int.random(in: 0...4, using: &seed)
            let value: String? =
                number == 0
                ? nil : field == "email" ? "p\(number)@x.fi" : field == "phone" ? "+35840111\(number)" : "N\(number)"
            let before = auditor.members[member]?[field]
            try world.person(member, .object([.init(field, value.map { .string($0) } ?? .null)]), at: Int64(step))
            if before == nil || before!.value != value {
                let stamp = before == nil && value == nil ? Int64.min : Int64(step)
                auditor.members[member, default: [:]][field] = (value, stamp)
            }
            try Self.compare(world, auditor, "run \(run), step \(step)")
        }
    }

    static func compare(_ world: borrowing World, _ auditor: PersonAuditor, _ place: String) throws {
        let persons = auditor.persons
        #expect(world.persons == persons, "\(place)")
        for person in persons {
            let key = world.key(person.first!) ?? ""
            let golden = try #require(world.golden["customer/\(key)"])
            for (field, value) in auditor.golden(person) {
                #expect(golden[field] == value.map { .string($0) } ?? .null, "\(place): \(field)")
            }
            let listed = golden["members"]!.array!.map { "\($0["system"]!.string!):\($0["id"]!.string!)" }
            #expect(Set(listed) == person && listed.count == person.count, "\(place)")
        }
        // Every other key that was ever told of leads to one that lives.
        let live = Set(world.identity.values)
        for (key, document) in world.golden where !live.contains(String(key.dropFirst(9))) {
            var into = document["into"]?.string
            var hops = 0
            while let next = into, !live.contains(next), hops < 50 {
                into = world.golden["customer/\(next)"]?["into"]?.string
                hops += 1
            }
            #expect(into != nil, "\(place): \(key) leads nowhere")
        }
    }

    /// The same statements in another order give the same persons.
    @Test(arguments: 0..<40) func orderDoesNotMatter(run: Int) throws {
        var seed = Seeded(UInt64(run) &+ 90_000)
        var statements: [(member: String, data: JSON)] = []
        for system in ["crm", "shop", "till"] {
            for id in 1...5 {
                var data: JSON = ["email": .string("p\(Int.random(in: 1...8, using: &seed))@x.fi")]
                if Bool.random(using: &seed) {
                    data["phone"] = .string("+3584011\(Int.random(in: 10...16, using: &seed))")
                }
                statements.append(("\(system):\(id)", data))
            }
        }
        var persons: Set<Set<String>>?
        var goldens: Set<JSON>?
        for _ in 0..<4 {
            statements.shuffle(using: &seed)
            var world = try customerWorld()
            for statement in statements { try world.person(statement.member, statement.data, at: 5) }
            let result = Set(world.golden.values.filter { $0["into"] == nil })
            #expect(persons == nil || world.persons == persons)
            #expect(goldens == nil || result == goldens)
            persons = world.persons
            goldens = result
        }
    }
}
