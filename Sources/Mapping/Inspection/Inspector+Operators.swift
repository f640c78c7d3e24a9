import Document

extension Inspector {
    // MARK: Operators

    mutating func binary(_ node: Syntax, _ context: Outline) -> Outline {
        let left = inspect(node.left!, context)
        let right = maybe(["and", "or"].contains(node.text)) { $0.inspect(node.right!, context) }
        switch node.text {
        case "-" where isHyphenatedName(node, left, right): return .any
        case "+", "-", "*", "/", "%": return arithmetic([left, right], node.text, node)
        case "&": return Outline(.string)
        case "..": return Outline(arrayOf: Outline(.number))
        case "=", "!=":
            checkEquality(left, right, node)
            return Outline(.boolean)
        case "<", "<=", ">", ">=":
            checkOrder(left, right, node)
            let either = left.kinds.union(right.kinds)
            return either.contains(.nothing) ? Outline([.boolean, .nothing]) : Outline(.boolean)
        case "in":
            checkMembership(left, right, node)
            return Outline(.boolean)
        default: return Outline(.boolean)
        }
    }

    mutating func arithmetic(_ operands: [Outline], _ symbol: String, _ node: Syntax) -> Outline {
        for operand in operands where operand.isThereAnd(noneOf: .number) {
            report(
                operand.isSampled || operand.kinds.contains(.nothing) ? .warning : .error, .type,
                "'\(symbol)' needs numbers; this is \(operand.always): \(Self.advice(operand))", at: node)
        }
        let mayLack = operands.contains { $0.kinds.contains(.nothing) }
        return Outline(mayLack ? [.number, .nothing] : .number)
    }

    private static func advice(_ operand: Outline) -> String {
        operand.kinds.contains(.string) ? "use $number" : "it fails the record"
    }

    // MARK: Comparisons

    /// What isn't one kind of scalar is left alone: arrays and objects compare by what is in them.
    private func isPlain(_ shape: Outline) -> Bool {
        let kinds = shape.kinds.subtracting(.nothing)
        return !kinds.isEmpty && kinds.isSubset(of: [.null, .boolean, .number, .string])
    }

    private mutating func checkEquality(_ left: Outline, _ right: Outline, _ node: Syntax) {
        guard isPlain(left), isPlain(right) else { return }
        // To ask for null is a way of asking whether there is anything: samples needn't show it.
        if left.kinds.subtracting(.nothing) == .null || right.kinds.subtracting(.nothing) == .null { return }
        let outcome = node.text == "=" ? "never holds" : "always holds"
        let both = left.kinds.intersection(right.kinds).subtracting(.nothing)
        if both.isDisjoint(with: .scalars) {
            report(
                .warning, .comparison,
                "this \(outcome): the left side is \(left.always), the right side \(right.always)", at: node)
            return
        }
        for (asked, limits) in [(left, right), (right, left)] {
            guard let reason = Self.refusal(of: asked, by: limits) else { continue }
            report(.warning, .comparison, "this \(outcome): \(reason)", at: node)
            return
        }
        guard !left.isSampled, !right.isSampled, let mine = left.values, let others = right.values,
            both.isSubset(of: .scalars), mine.isDisjoint(with: others)
        else { return }
        report(.warning, .comparison, "this \(outcome): \(Self.choice(mine, others))", at: node)
    }

    /// Why none of some values can be where the limits are those of a schema; nil when one can.
    private static func refusal(of asked: Outline, by limits: Outline) -> String? {
        guard let refuses = limits.refusal, asked.kinds.isSubset(of: .scalars), let values = asked.values else {
            return nil
        }
        var first: String?
        for value in values.sorted(by: { $0.text < $1.text }) {
            guard let reason = refuses(value) else { return nil }
            first = first ?? Self.impossible(value, reason)
        }
        return first
    }

    private static func impossible(_ value: JSON, _ reason: String) -> String {
        "\(value.text) can't be here: it \(reason)"
    }

    private mutating func checkOrder(_ left: Outline, _ right: Outline, _ node: Syntax) {
        for side in [left, right] where side.isThereAnd(noneOf: [.number, .string]) {
            report(
                side.isSampled || side.kinds.contains(.nothing) ? .warning : .error, .type,
                "'\(node.text)' compares numbers or texts; this is \(side.always): it fails the record", at: node)
            return
        }
        checkRange(left, right, node)
        let (mine, others) = (left.kinds.subtracting(.nothing), right.kinds.subtracting(.nothing))
        guard isPlain(left), isPlain(right), mine.isDisjoint(with: others), mine != .null, others != .null else {
            return
        }
        report(
            left.isSampled || right.isSampled ? .warning : .error, .type,
            "'\(node.text)' compares \(left.always) with \(right.always): it fails the record", at: node)
    }

    /// A number on one side, and on the other one what a schema keeps below or above it.
    private mutating func checkRange(_ left: Outline, _ right: Outline, _ node: Syntax) {
        let mirrored = ["<": ">", "<=": ">=", ">": "<", ">=": "<="]
        for (numbers, limits, sign) in [(right, left, node.text), (left, right, mirrored[node.text] ?? "")] {
            guard numbers.kinds == .number, let values = numbers.values, values.count == 1,
                let number = values.first?.number
            else { continue }
            let isBelow = limits.most.map { sign == ">" ? $0 <= number : sign == ">=" && $0 < number } ?? false
            let isAbove = limits.least.map { sign == "<" ? $0 >= number : sign == "<=" && $0 > number } ?? false
            guard isBelow || isAbove else { continue }
            let limit = isBelow ? "at most \(limits.most ?? 0)" : "at least \(limits.least ?? 0)"
            report(.warning, .comparison, "this never holds: what is compared with \(number) is \(limit)", at: node)
            return
        }
    }

    private mutating func checkMembership(_ left: Outline, _ right: Outline, _ node: Syntax) {
        let items = right.items
        if isPlain(left), isPlain(items) { checkConstants(items, left) }
        guard isPlain(left), isPlain(items), !left.isSampled, !items.isSampled, let mine = left.values,
            let others = items.values, !left.kinds.contains(.null), mine.isDisjoint(with: others)
        else { return }
        report(.warning, .comparison, "this never holds: \(Self.choice(mine, others))", at: node)
    }

    /// Those of a list's constants that can't be on the left side.
    private mutating func checkConstants(_ list: Outline, _ left: Outline) {
        guard let refuses = left.refusal else { return }
        for (value, offset) in list.constants.sorted(by: { $0.value < $1.value }) {
            guard value != .null, let reason = refuses(value) else { continue }
            report(.warning, .comparison, Self.impossible(value, reason), at: offset)
        }
    }

    /// `it is one of "placed", "ready"; did you mean "ready"?`
    private static func choice(_ mine: Set<JSON>, _ others: Set<JSON>) -> String {
        let (known, asked) = mine.count >= others.count ? (mine, others) : (others, mine)
        let texts = known.compactMap(\.string).sorted()
        let shown = known.map(\.text).sorted()
        let few = shown.count > 8 ? shown.prefix(8).joined(separator: ", ") + ", …" : shown.joined(separator: ", ")
        let meant = asked.compactMap(\.string).compactMap { $0.meant(among: texts) }.min()
        let list = shown.count == 1 ? "it is always \(few)" : "it is one of \(few)"
        return list + (meant.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}

extension Outline {
    /// Whether it may be there, and then is none of some kinds.
    func isThereAnd(noneOf kinds: Kinds) -> Bool {
        let there = self.kinds.subtracting(.nothing)
        return !there.isEmpty && there.isDisjoint(with: kinds)
    }

    /// `a string`, `in all fixtures a number or null`.
    public var always: String {
        let words = Signature.Types(kinds.subtracting(.nothing)).described
        return isSampled ? "in all fixtures \(words)" : words
    }
}
