import Document

/// Reads rules from their JSON form, with a place in every error.
struct RulesDecoder {
    let entity: String

    func fail(_ place: String, _ reason: String) -> RulesError {
        RulesError(entity: entity, place: place, reason: reason)
    }

    func members(_ json: JSON, _ place: String, known: [String]) throws(RulesError) -> [String: JSON] {
        guard let object = json.object else {
            throw fail(place, "must be a mapping of \(known.joined(separator: ", "))")
        }
        var members: [String: JSON] = [:]
        for member in object {
            guard known.contains(member.key) else {
                throw fail(place, "'\(member.key)' is unknown\(advice(for: member.key, among: known))")
            }
            members[member.key] = member.value
        }
        return members
    }

    func text(_ json: JSON, _ place: String) throws(RulesError) -> String {
        guard let text = json.string, !text.isEmpty else { throw fail(place, "must be a text") }
        return text
    }

    func systems(_ json: JSON, _ place: String) throws(RulesError) -> [String] {
        guard let elements = json.array, !elements.isEmpty else { throw fail(place, "must be a list of systems") }
        var systems: [String] = []
        for element in elements {
            let system = try text(element, place)
            guard !systems.contains(system) else { throw fail(place, "names '\(system)' twice") }
            systems.append(system)
        }
        return systems
    }

    // MARK: Parts

    func strategy(_ json: JSON, _ place: String) throws(RulesError) -> Strategy {
        if let name = json.string {
            switch name {
            case "most-complete": return .mostComplete
            case "union": return .union(by: nil)
            case "max": return .max
            case "min": return .min
            case "latest": return .latest(.any)
            case "priority", "owner-only", "with": throw fail(place, "'\(name)' needs a value: { \(name): … }")
            default: throw fail(place, "'\(name)' is no strategy\(advice(for: name, among: Strategy.names))")
            }
        }
        let members = try members(json, place, known: Strategy.names)
        guard members.count == 1, let (name, value) = members.first else {
            throw fail(place, "must name exactly one of \(Strategy.names.joined(separator: ", "))")
        }
        let inside = "\(place).\(name)"
        switch name {
        case "priority": return .priority(try systems(value, inside))
        case "latest": return .latest(value == "any" ? .any : .systems(try systems(value, inside)))
        case "owner-only": return .ownerOnly(try text(value, inside))
        case "with": return .with(try text(value, inside))
        case "union":
            let by = try self.members(value, inside, known: ["by"])["by"]
            guard let by else { throw fail(inside, "must be { by: <member> }, or 'union' alone") }
            return .union(by: try text(by, "\(inside).by"))
        default: throw fail(place, "'\(name)' stands alone: write '\(name)'")
        }
    }

    func deletion(_ json: JSON) throws(RulesError) -> Deletion {
        switch json {
        case "any": return .any
        case "never": return .never
        default:
            guard json.object != nil else { throw fail("delete", "must be any, never or { owner: <system> }") }
            let owner = try members(json, "delete", known: ["owner"])["owner"]
            guard let owner else { throw fail("delete", "must be any, never or { owner: <system> }") }
            return .owner(try text(owner, "delete.owner"))
        }
    }

    func fields(_ json: JSON?) throws(RulesError) -> [Rules.Field] {
        guard let json else { return [] }
        guard let object = json.object else { throw fail("fields", "must be a mapping of fields to strategies") }
        var fields: [Rules.Field] = []
        for member in object {
            let strategy = try strategy(member.value, "fields.\(member.key)")
            fields.append(Rules.Field(name: member.key, strategy: strategy))
        }
        for field in fields {
            guard case .with(let other) = field.strategy else { continue }
            let place = "fields.\(field.name).with"
            guard other != field.name else { throw fail(place, "a field can't follow itself") }
            switch fields.first(where: { $0.name == other })?.strategy {
            case .with: throw fail(place, "'\(other)' follows a field itself; name that one")
            case .union: throw fail(place, "'\(other)' is a union, which no single system wins")
            default: break
            }
        }
        return fields
    }

    func match(_ json: JSON?) throws(RulesError) -> [MatchField] {
        guard let json else { return [] }
        guard let elements = json.array else { throw fail("match", "must be a list of fields") }
        var fields: [MatchField] = []
        for element in elements {
            let field = try matchField(element)
            guard !fields.contains(where: { $0.field == field.field }) else {
                throw fail("match", "names '\(field.field)' twice")
            }
            fields.append(field)
        }
        return fields
    }

    private func matchField(_ json: JSON) throws(RulesError) -> MatchField {
        if let name = json.string {
            switch name {
            case "email": return MatchField(field: name, form: .email)
            case "phone", "telephone": return MatchField(field: name, form: .phone(country: nil))
            default: return MatchField(field: name, form: .code)
            }
        }
        let members = try members(json, "match", known: ["field", "as", "country"])
        guard let field = members["field"] else { throw fail("match", "needs 'field'") }
        let name = try text(field, "match.field")
        let form = try members["as"].map { value throws(RulesError) in try text(value, "match.as") } ?? name
        let country = try members["country"].map { value throws(RulesError) in try callingCode(value) }
        guard country == nil || form == "phone" else { throw fail("match", "'country' goes with 'as: phone'") }
        switch form {
        case "email": return MatchField(field: name, form: .email)
        case "phone": return MatchField(field: name, form: .phone(country: country))
        case "code": return MatchField(field: name, form: .code)
        default:
            throw fail("match.as", "'\(form)' is unknown\(advice(for: form, among: ["email", "phone", "code"]))")
        }
    }

    private func callingCode(_ json: JSON) throws(RulesError) -> String {
        // YAML reads +358 as a number.
        let text = json.string ?? json.integer.map(String.init) ?? ""
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 &- 48 < 10 }) else {
            throw fail("match.country", "must be a country calling code such as +358")
        }
        return String(digits)
    }
}

extension RulesDecoder {
    func ledger(_ json: JSON?) throws(RulesError) -> Rules.Ledger {
        var ledger = Rules.Ledger()
        guard let json else { return ledger }
        let members = try members(json, "ledger", known: ["skew", "horizon", "remember", "backorder"])
        if let skew = members["skew"] { ledger.skew = try duration(skew, "ledger.skew") }
        if let horizon = members["horizon"] { ledger.horizon = try duration(horizon, "ledger.horizon") }
        if let remember = members["remember"] { ledger.remember = try duration(remember, "ledger.remember") }
        if let backorder = members["backorder"] {
            guard let number = backorder.number, number >= 0 else {
                throw fail("ledger.backorder", "must be 0 or more")
            }
            ledger.backorder = number
        }
        guard ledger.horizon > ledger.skew else { throw fail("ledger.horizon", "must be longer than the skew") }
        return ledger
    }

    /// Milliseconds of a text such as `30s`.
    private func duration(_ json: JSON, _ place: String) throws(RulesError) -> Int64 {
        let text = json.string ?? ""
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let count = Int64(digits), count < 100_000, let unit = units[String(text.dropFirst(digits.count))] else {
            throw fail(place, "must be a time such as 500ms, 30s, 5m, 2h or 30d")
        }
        return count * unit
    }
}

/// `; did you mean 'key'?`, or what there is.
func advice(for name: String, among known: [String]) -> String {
    name.meant(among: known).map { "; did you mean '\($0)'?" } ?? "; there are: \(known.joined(separator: ", "))"
}
