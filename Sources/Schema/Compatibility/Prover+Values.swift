import Document

/// `type`, `enum`, `const`.
extension Prover {
    mutating func values(
        _ written: Conjunction, _ types: Types, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        var found: [Suspicion] = []
        if let value = asked.value("type") {
            let wanted = Types(value)
            if !types.fit(in: wanted) {
                var lost = Types(kinds: types.kinds.subtracting(wanted.kinds))
                if lost.kinds.isEmpty { lost = Types(kinds: .number) }
                let names = lost.kinds == .number && wanted.isWhole ? "numbers that aren't whole" : lost.list
                let cause = "\(theReader) wants \(wanted.list); \(theWriter) may hold \(names)"
                var samples: [JSON] = lost.names.map { sampler.value(written.with(asked.only(type: $0)), .minimal) }
                samples.append(.number(Number("1.5")!))
                found.append(suspicion(asked, "type", cause, written, around, values: samples))
            }
        }
        for keyword in ["enum", "const"] {
            guard let value = asked.value(keyword) else { continue }
            let values = keyword == "const" ? [value] : value.array ?? []
            let texts = values.prefix(6).map(\.text).joined(separator: ", ") + (values.count > 6 ? ", …" : "")
            let cause = "\(theReader) accepts \(texts) only; \(theWriter) may hold other values"
            found.append(suspicion(asked, keyword, cause, written, around))
        }
        return found
    }
}

extension Types {
    /// `string or null`
    var list: String { names.isEmpty ? "nothing" : names.joined(separator: " or ") }
}

/// Keywords on numbers.
extension Prover {
    mutating func numbers(
        _ written: Conjunction, _ types: Types, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard types.kinds.contains(.number) else { return [] }
        var found: [Suspicion] = []
        for (keyword, isUpper) in Bound.keywords {
            guard let limit = asked.value(keyword)?.number else { continue }
            let wanted = Bound(limit, keyword, isWhole: types.isWhole)
            let given = Bound.tightest(written, isUpper: isUpper, isWhole: types.isWhole)
            if let given, given.isWithin(wanted, isUpper: isUpper) { continue }
            let may = given.map { "may go \(isUpper ? "up" : "down") to \($0.value)" } ?? "has no such bound"
            let cause = "\(theReader) wants \(Bound.words[keyword] ?? keyword) \(limit); \(theWriter) \(may)"
            let step: Number = isUpper ? 1 : -1
            let beyond = [given?.value, limit, limit + step, limit + step * Number("0.5")!, limit + step * 1000]
            let samples = beyond.compactMap { $0 }.flatMap { nearby($0, written) }
            found.append(suspicion(asked, keyword, cause, written, around, values: samples))
        }
        if let divisor = asked.value("multipleOf")?.number, divisor > 0,
            !written.numbers("multipleOf").contains(where: { $0 > 0 && $0.isMultiple(of: divisor) }),
            !(types.isWhole && Number(1).isMultiple(of: divisor))
        {
            let may = written.numbers("multipleOf").first.map { "multiples of \($0)" } ?? "others"
            let cause = "\(theReader) wants multiples of \(divisor); \(theWriter) may hold \(may)"
            let samples = [Number(1), divisor * Number("0.5")!, divisor * Number("1.5")!, Number("0.1")!]
                .flatMap { nearby($0, written) }
            found.append(suspicion(asked, "multipleOf", cause, written, around, values: samples))
        }
        return found
    }

    /// The number, and neighbours that the writer's multiples and bounds allow.
    private func nearby(_ number: Number, _ written: Conjunction) -> [JSON] {
        var values = [number, number.floor, number.ceiling]
        for divisor in written.numbers("multipleOf") where divisor > 0 {
            guard let count = number.divided(by: divisor) else { continue }
            values += [count.floor * divisor, (count.floor + 1) * divisor, (count.ceiling - 1) * divisor]
        }
        return values.map { .number($0) }
    }
}

/// One end of a range of numbers.
struct Bound {
    let value: Number
    let isExclusive: Bool

    static let keywords: [(name: String, isUpper: Bool)] = [
        ("minimum", false), ("exclusiveMinimum", false), ("maximum", true), ("exclusiveMaximum", true),
    ]
    static let words = [
        "minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than",
    ]

    init(_ value: Number, _ keyword: String, isWhole: Bool) {
        let isUpper = keyword.hasSuffix("aximum")
        let excludes = keyword.hasPrefix("exclusive")
        // Of whole numbers, more than 0 is at least 1.
        guard isWhole else {
            self.value = value
            isExclusive = excludes
            return
        }
        let inner = isUpper ? value.floor : value.ceiling
        self.value = excludes && inner == value ? inner + (isUpper ? -1 : 1) : inner
        isExclusive = false
    }

    /// The bound of all the schemas; nil when they have none.
    static func tightest(_ written: Conjunction, isUpper: Bool, isWhole: Bool) -> Bound? {
        var best: Bound?
        for (keyword, _) in keywords.filter({ $0.isUpper == isUpper }) {
            for number in written.numbers(keyword) {
                let bound = Bound(number, keyword, isWhole: isWhole)
                if let known = best, known.isWithin(bound, isUpper: isUpper) { continue }
                best = bound
            }
        }
        return best
    }

    /// Whether what this bound lets pass, the other does too.
    func isWithin(_ other: Bound, isUpper: Bool) -> Bool {
        if value == other.value { return isExclusive || !other.isExclusive }
        return isUpper ? value < other.value : value > other.value
    }
}

/// Keywords on strings.
extension Prover {
    mutating func strings(
        _ written: Conjunction, _ types: Types, _ asked: Part, _ around: Surroundings
    ) -> [Suspicion] {
        guard types.kinds.contains(.string) else { return [] }
        var found: [Suspicion] = []
        if let wanted = asked.value("minLength")?.integer, written.least("minLength") < wanted {
            let cause = "\(theReader) wants \(wanted) characters or more; \(theWriter) may hold fewer"
            let samples = [written.least("minLength"), max(wanted - 1, 0)].map { sampler.text(written, length: $0) }
            found.append(suspicion(asked, "minLength", cause, written, around, values: samples))
        }
        if let wanted = asked.value("maxLength")?.integer, written.most("maxLength") > wanted {
            let cause = "\(theReader) wants \(wanted) characters or fewer; \(theWriter) may hold more"
            let samples = [wanted + 1, min(written.most("maxLength"), wanted + 100)].map {
                sampler.text(written, length: min($0, 10_000))
            }
            found.append(suspicion(asked, "maxLength", cause, written, around, values: samples))
        }
        if let wanted = asked.value("pattern"), !written.values("pattern").contains(wanted) {
            let cause = "\(theReader) wants the pattern \(wanted.string ?? ""); \(theWriter) needn't match it"
            found.append(suspicion(asked, "pattern", cause, written, around, values: sampler.texts(written)))
        }
        if let wanted = asked.value("format"), asked.version.set.options.assertsFormats,
            wanted.string.flatMap(Format.init(named:)) != nil, !written.values("format").contains(wanted)
        {
            let cause = "\(theReader) wants the format \(wanted.string ?? ""); \(theWriter) needn't have it"
            found.append(suspicion(asked, "format", cause, written, around, values: sampler.texts(written)))
        }
        if asked.draft.mayAssertContent {
            for keyword in ["contentEncoding", "contentMediaType"] {
                guard let wanted = asked.value(keyword), !written.values(keyword).contains(wanted) else { continue }
                let cause = "\(theReader) wants \(keyword) \(wanted.string ?? ""); \(theWriter) needn't have it"
                found.append(suspicion(asked, keyword, cause, written, around, values: sampler.texts(written)))
            }
        }
        return found
    }
}
