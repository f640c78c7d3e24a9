import Canonical
import Consistency
import Document
import Testing

/// An independent, naive account of what a golden record must be: from the list of all statements, by the rules' words.
struct MergeAuditor {
    struct Claim {
        var system: String
        var value: JSON
        var stamp: Int64
    }

    /// Field by field: each system's last change.
    var claims: [String: [String: Claim]] = [:]
    /// What each system was last seen to hold.
    var held: [String: [String: JSON]] = [:]

    mutating func state(_ system: String, _ data: JSON, stamp: Int64?, arrival: Int64) {
        for member in data.object ?? [] {
            let before = held[system]?[member.key]
            if let before, before == member.value { continue }
            held[system, default: [:]][member.key] = member.value
            var time = stamp.map { min($0, arrival) } ?? (before == nil ? Int64.min : arrival)
            if before == nil, member.value.isNull { time = .min }
            claims[member.key, default: [:]][system] = Claim(system: system, value: member.value, stamp: time)
        }
    }

    /// The golden record by productRules.
    var golden: [String: JSON] {
        var golden: [String: JSON] = [:]
        for (field, claims) in claims { golden[field] = value(field, Array(claims.values)) }
        return golden
    }

    private func value(_ field: String, _ claims: [Claim]) -> JSON? {
        switch field {
        case "name":
            let heard = ["shop", "importer"].compactMap { system in claims.first { $0.system == system } }
            return heard.first { !$0.value.isNull }?.value ?? heard.first?.value
        case "price":
            return winner(field, claims)?.value
        case "currency":
            guard let price = self.claims["price"].flatMap({ winner("price", Array($0.values)) }) else { return nil }
            // A leader without a word on it: what the others say.
            return claims.first { $0.system == price.system }?.value ?? winner(field, claims)?.value
        case "image": return claims.first { $0.system == "shop" }?.value
        case "tags":
            var tags: Set<String> = []
            for claim in claims { for tag in claim.value.array ?? [] { tags.insert(tag.string!) } }
            if claims.allSatisfy({ $0.value.isNull }) { return .null }
            return .array(tags.sorted().map { .string($0) })
        case "high", "low":
            let values = claims.compactMap { $0.value.number }
            return (field == "high" ? values.max() : values.min()).map { .number($0) } ?? .null
        default: return winner(field, claims)?.value
        }
    }

    private func winner(_ field: String, _ claims: [Claim]) -> Claim? {
        let order = field == "price" ? ["till", "wholesaler"] : nil
        return claims.filter { order?.contains($0.system) ?? true }.max { one, other in
            if one.stamp != other.stamp { return one.stamp < other.stamp }
            if one.value.isNull != other.value.isNull { return one.value.isNull }
            let rank = { (claim: Claim) in order?.firstIndex(of: claim.system) ?? 0 }
            if rank(one) != rank(other) { return rank(one) > rank(other) }
            return one.system > other.system
        }
    }
}

/// I3, I8: what the golden record is depends on what was said, not on the order in which systems were heard.
@Suite struct MergeProperties {
    struct Statement {
        var system: String
        var data: JSON
        var stamp: Int64?
        var position: Int64
    }

    static let receivers = ["crm", "desk"]
    static let systems = ["importer", "wholesaler", "till", "shop"]

    static func statement(_ system: String, _ position: Int64, _ seed: inout Seeded) -> Statement {
        var members: [JSON.Member] = []
        for field in ["name", "price", "currency", "image", "high", "low", "other", "tags"]
        where Bool.random(using: &seed) {
            let number = Int.random(in: 0...4, using: &seed)
            let value: JSON =
                switch (field, Int.random(in: 0...5, using: &seed)) {
                case (_, 0): .null
                case ("tags", _): .array(["x", "y", "z"].filter { _ in Bool.random(using: &seed) }.map { .string($0) })
                case ("price", _), ("high", _), ("low", _):
                    // The same value in different digits is no news.
                    .number(Number(Bool.random(using: &seed) ? "\(number)" : "\(number).0")!)
                default: number == 0 ? "" : .string("v\(number)")
                }
            members.append(.init(field, value))
        }
        let isDated = Int.random(in: 0...4, using: &seed) > 0
        let stamp = isDated ? Int64.random(in: 1...40, using: &seed) : nil
        return Statement(system: system, data: .object(members), stamp: stamp, position: position)
    }

    @Test(arguments: 0..<100) func orderAcrossSystemsDoesNotMatter(run: Int) throws {
        var seed = Seeded(UInt64(run))
        let histories = Self.systems.map { system in
            (0..<6).map { Self.statement(system, Int64($0 * 10), &seed) }
        }
        var auditor = MergeAuditor()
        for history in histories {
            for statement in history {
                auditor.state(statement.system, statement.data, stamp: statement.stamp, arrival: 100)
            }
        }
        let golden = auditor.golden
        for variant in 0..<3 {
            // Some only receive: what they are seen to hold beside what was written says nothing (I8).
            var world = try productWorld(Self.receivers)
            world.now = Tick(100)
            // Variant 2 has positions, and reads whole stretches of the logs again.
            try Self.play(histories, hasPositions: variant == 2, into: &world, &seed)
            let result = world["product", sofa]?.object ?? []
            for (field, value) in golden {
                let found = result.first { $0.key == field }?.value
                #expect(found == value, "run \(run), variant \(variant), \(field)")
            }
            #expect(result.allSatisfy { golden[$0.key] != nil }, "nothing but what was said")
        }
    }

    static func play(
        _ histories: [[Statement]], hasPositions: Bool, into world: inout World, _ seed: inout Seeded
    ) throws {
        var next = histories.map { _ in 0 }
        while let system = next.indices.filter({ next[$0] < histories[$0].count }).randomElement(using: &seed) {
            var from = next[system]
            // A connector that starts again repeats: without positions the last record only, with positions any stretch.
            if from > 0, Int.random(in: 0...2, using: &seed) == 0 {
                from = hasPositions ? Int.random(in: 0..<from, using: &seed) : from - 1
            }
            for at in from...next[system] {
                let statement = histories[system][at]
                try world.send(
                    "product.stated", sofa, from: statement.system, statement.data, at: statement.stamp,
                    position: hasPositions ? statement.position : nil)
            }
            next[system] += 1
            let held = statement("crm", 0, &seed).data
            try world.report(
                "product", sofa, from: receivers.randomElement(using: &seed)!,
                revision: Int64.random(in: 1...(world.revision["product/\(sofa)"] ?? 1), using: &seed), held: held,
                position: hasPositions ? Int64.random(in: 1...50, using: &seed) : nil)
        }
    }
}
