import Document

/// What a product's golden record must be: field by field, from all that its systems have said, by the rules' words
/// (docs/rules.md). Written without the engine, for clarity, not for speed.
struct NaiveMerge {
    struct Claim {
        var system: String
        var value: JSON
        var stamp: Int64
    }

    /// By field: each system's last edit.
    private var claims: [String: [Claim]] = [:]
    /// By system and field: what its copy was last known to hold.
    private var held: [String: [String: JSON]] = [:]
    /// Edits of copies that were seen.
    private(set) var edits = 0

    /// A system was seen to hold this.
    mutating func state(_ system: String, _ data: JSON, stamp: Int64?, arrival: Int64) {
        for member in data.object ?? [] {
            let before = held[system]?[member.key]
            if before == member.value { continue }
            held[system, default: [:]][member.key] = member.value
            edits += 1
            // Undated: an edit counts as of its arrival, a first statement as before everything, as does a first null.
            var time = stamp.map { min($0, arrival) } ?? (before == nil ? .min : arrival)
            if before == nil, member.value.isNull { time = .min }
            claim(member.key, Claim(system: system, value: own(member, of: system, before), stamp: time))
        }
    }

    /// A sink has written, and this is what it read back.
    mutating func report(_ system: String, _ data: JSON) {
        for member in data.object ?? [] { held[system, default: [:]][member.key] = member.value }
    }

    private mutating func claim(_ field: String, _ claim: Claim) {
        claims[field, default: []].removeAll { $0.system == claim.system }
        claims[field, default: []].append(claim)
    }

    /// Of a set only what the system said before, and what is new or changed against what its copy held.
    private func own(_ member: JSON.Member, of system: String, _ before: JSON?) -> JSON {
        guard member.key == "labels", let now = member.value.array, let before = before?.array else {
            return member.value
        }
        let said = claims["labels"]?.first { $0.system == system }?.value.array ?? []
        return .array(
            now.filter { element in
                if said.contains(where: { $0["code"] == element["code"] }) { return true }
                return before.first { $0["code"] == element["code"] } != element
            })
    }

    // MARK: The rules' words

    /// The golden record's fields.
    var golden: [String: JSON] {
        var golden: [String: JSON] = [:]
        for field in claims.keys where field != "currency" || isCurrencySaid { golden[field] = value(field) }
        return golden
    }

    /// Fields that these claims leave open. Where the price's winner says no currency, the rule takes what was written beside
    /// the price in its copy: as of when, only the engine knows.
    var open: Set<String> { isCurrencySaid ? [] : ["currency"] }

    private var isCurrencySaid: Bool {
        guard let price = winner("price") else { return true }
        return claims["currency"]?.contains { $0.system == price.system } ?? false
    }

    private func value(_ field: String) -> JSON? {
        let claims = claims[field] ?? []
        switch field {
        case "name": return first(claims, of: ["shop", "importer", "till"])?.value
        case "description": return claims.first { $0.system == "shop" }?.value
        case "price": return winner("price")?.value
        case "currency": return currency(claims)
        case "brand": return best(claims) { $0.string?.utf8.count ?? 0 }?.value
        case "costPrice": return highest(claims)?.value
        case "labels": return labels(claims)
        default: return latest(claims)?.value
        }
    }

    private func winner(_ field: String) -> Claim? {
        let order = ["till", "importer"]
        return latest((claims[field] ?? []).filter { order.contains($0.system) }, order)
    }

    private func latest(_ claims: [Claim], _ order: [String] = []) -> Claim? {
        claims.max { one, other in
            if one.stamp != other.stamp { return one.stamp < other.stamp }
            if one.value.isNull != other.value.isNull { return one.value.isNull }
            if let left = order.firstIndex(of: one.system), let right = order.firstIndex(of: other.system) {
                return left > right
            }
            return one.system > other.system
        }
    }

    private func first(_ claims: [Claim], of order: [String]) -> Claim? {
        let heard = order.compactMap { system in claims.first { $0.system == system } }
        return heard.first { !$0.value.isNull } ?? heard.first
    }

    private func best(_ claims: [Claim], _ content: (JSON) -> Int) -> Claim? {
        let values = claims.filter { !$0.value.isNull }
        guard let most = values.map({ content($0.value) }).max() else { return claims.first }
        return latest(values.filter { content($0.value) == most })
    }

    private func highest(_ claims: [Claim]) -> Claim? {
        claims.filter { !$0.value.isNull }.max { $0.value.number! < $1.value.number! } ?? claims.first
    }

    private func currency(_ claims: [Claim]) -> JSON? {
        guard let price = winner("price") else { return nil }
        return claims.first { $0.system == price.system }?.value ?? held[price.system]?["currency"]
            ?? latest(claims)?.value
    }

    private func labels(_ claims: [Claim]) -> JSON? {
        guard !claims.isEmpty else { return nil }
        if claims.allSatisfy(\.value.isNull) { return .null }
        var elements: [String: (JSON, Claim)] = [:]
        for claim in claims {
            for element in claim.value.array ?? [] {
                let code = element["code"]!.string!
                if let (_, known) = elements[code], latest([known, claim])!.system == known.system { continue }
                elements[code] = (element, claim)
            }
        }
        return .array(elements.sorted { $0.key < $1.key }.map(\.value.0))
    }
}
