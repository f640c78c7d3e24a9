/// A pattern's syntax tree.
indirect enum Syntax {
    case empty
    case scalar(ScalarSet)
    case assertion(Assertion)
    case sequence([Syntax])
    case alternatives([Syntax])
    case group(Syntax, number: Int)
    /// `groups` are those inside: each round forgets what they caught (ECMA-262, RepeatMatcher).
    case repeated(Syntax, min: Int, max: Int?, lazy: Bool, groups: Range<Int>)

    enum Assertion: UInt8 {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
    }

    /// Whether it may match without taking a scalar.
    var matchesEmpty: Bool {
        switch self {
        case .empty, .assertion: true
        case .scalar: false
        case .sequence(let parts): parts.allSatisfy(\.matchesEmpty)
        case .alternatives(let parts): parts.contains(where: \.matchesEmpty)
        case .group(let inner, _): inner.matchesEmpty
        case .repeated(let inner, let min, _, _, _): min == 0 || inner.matchesEmpty
        }
    }
}

/// Reads the pattern syntax of ECMA-262 (22.2.1), with the leniency of its annex B where that is unambiguous: `{`, `}`
/// and `]` alone are literals, so is `-` beside a class in a class, and punctuation may be escaped without need.
struct SyntaxParser {
    private let text: [UInt32]
    private let flags: Pattern.Flags
    private var at = 0
    private var depth = 0
    private(set) var groupNames: [String?] = []

    /// Parentheses may nest this deep: parsing recurses.
    static let depthLimit = 128

    init(_ source: String, flags: Pattern.Flags) {
        text = source.unicodeScalars.map(\.value)
        self.flags = flags
    }

    mutating func parse() throws(PatternError) -> Syntax {
        let tree = try alternatives()
        guard at == text.count else { throw error("')' without its '('") }
        return tree
    }

    private func error(_ reason: String, at place: Int? = nil) -> PatternError {
        PatternError(reason: reason, position: place ?? at)
    }

    private var next: UInt32? { at < text.count ? text[at] : nil }

    private mutating func take(_ literal: String) -> Bool {
        let scalars = literal.unicodeScalars.map(\.value)
        guard text[at...].starts(with: scalars) else { return false }
        at += scalars.count
        return true
    }

    private mutating func alternatives() throws(PatternError) -> Syntax {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternError) -> Syntax {
        var parts: [Syntax] = []
        while let scalar = next, scalar != UInt32(of: "|"), scalar != UInt32(of: ")") {
            let groupsBefore = groupNames.count
            let start = at
            let atom = try atom()
            parts.append(try quantified(atom, from: start, groups: groupsBefore + 1..<groupNames.count + 1))
        }
        return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quantified(
        _ atom: Syntax, from start: Int, groups: Range<Int>
    ) throws(PatternError) -> Syntax {
        let place = at
        guard let bounds = try quantifier() else { return atom }
        if case .assertion = atom, text[start] != UInt32(of: "(") {
            throw error("a quantifier has nothing to repeat here", at: place)
        }
        let lazy = take("?")
        if try quantifier() != nil {
            throw error("a quantifier behind a quantifier: put a group around the first", at: place)
        }
        return .repeated(atom, min: bounds.min, max: bounds.max, lazy: lazy, groups: groups)
    }

    private mutating func quantifier() throws(PatternError) -> (min: Int, max: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let place = at
        guard take("{") else { return nil }
        guard let min = try count() else {
            at = place
            return nil
        }
        var max: Int? = min
        if take(",") { max = try count() }
        guard take("}") else {
            at = place
            return nil
        }
        if let max, max < min { throw error("the quantifier's bounds are in the wrong order", at: place) }
        return (min, max)
    }

    private mutating func count() throws(PatternError) -> Int? {
        var value: Int?
        while let scalar = next, (48...57).contains(scalar) {
            value = (value ?? 0) * 10 + Int(scalar - 48)
            if value! > Program.sizeLimit { throw error("a count above \(Program.sizeLimit)") }
            at += 1
        }
        return value
    }

    private mutating func atom() throws(PatternError) -> Syntax {
        let place = at
        let scalar = text[at]
        at += 1
        switch scalar {
        case UInt32(of: "^"): return .assertion(flags.contains(.multiline) ? .lineStart : .textStart)
        case UInt32(of: "$"): return .assertion(flags.contains(.multiline) ? .lineEnd : .textEnd)
        case UInt32(of: "."): return .scalar(flags.contains(.dotAll) ? .all : ScalarSet.lineTerminator.inverted)
        case UInt32(of: "("): return try group(place)
        case UInt32(of: "["): return .scalar(try characterClass(place))
        case UInt32(of: "\\"): return try escapedAtom()
        case UInt32(of: "*"), UInt32(of: "+"), UInt32(of: "?"):
            throw error("a quantifier has nothing to repeat here", at: place)
        case UInt32(of: "{"):
            at = place
            if try quantifier() != nil { throw error("a quantifier has nothing to repeat here", at: place) }
            at = place + 1
            return .scalar(folded(ScalarSet(scalar)))
        default: return .scalar(folded(ScalarSet(scalar)))
        }
    }

    private func folded(_ set: ScalarSet) -> ScalarSet { flags.contains(.ignoreCase) ? set.ignoringCase : set }

    private mutating func group(_ place: Int) throws(PatternError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw error("groups nest deeper than \(Self.depthLimit)", at: place) }
        var number: Int?
        if take("?") {
            if take("=") || take("!") || take("<=") || take("<!") {
                throw error("lookaround can't be matched in linear time: say it with several patterns", at: place)
            } else if take("<") {
                let name = try groupName()
                if groupNames.contains(name) { throw error("two groups are named '\(name)'", at: place) }
                groupNames.append(name)
                number = groupNames.count
            } else if !take(":") {
                throw error("no such group in ECMA-262: (?: ) or (?<name> )", at: place)
            }
        } else {
            groupNames.append(nil)
            number = groupNames.count
        }
        let inner = try alternatives()
        guard take(")") else { throw error("'(' without its ')'", at: place) }
        return number.map { .group(inner, number: $0) } ?? inner
    }

    private mutating func groupName() throws(PatternError) -> String {
        var name = String.UnicodeScalarView()
        while let value = next, value != UInt32(of: ">") {
            let scalar = Unicode.Scalar(value)!
            let fits =
                scalar == "_" || scalar == "$" || scalar.properties.isIDStart
                || (!name.isEmpty && scalar.properties.isIDContinue)
            guard fits else { break }
            name.append(scalar)
            at += 1
        }
        guard !name.isEmpty, take(">") else { throw error("a group's name must be an identifier: (?<name> )") }
        return String(name)
    }
}

// MARK: Escapes and classes

extension SyntaxParser {
    private mutating func escapedAtom() throws(PatternError) -> Syntax {
        guard let scalar = next else { throw error("'\\' at the end", at: at - 1) }
        switch scalar {
        case UInt32(of: "b"):
            at += 1
            return .assertion(.wordBoundary)
        case UInt32(of: "B"):
            at += 1
            return .assertion(.notWordBoundary)
        case 49...57, UInt32(of: "k"):
            throw error("back-references can't be matched in linear time: compare the parts afterwards", at: at - 1)
        default:
            if let set = try classEscape() { return .scalar(set) }
            return .scalar(folded(ScalarSet(try characterEscape())))
        }
    }

    /// `\d \D \w \W \s \S \p{…} \P{…}`; nil, and nothing taken, for other escapes. The backslash is taken already.
    private mutating func classEscape() throws(PatternError) -> ScalarSet? {
        let place = at - 1
        guard let scalar = next else { return nil }
        let set: ScalarSet
        switch scalar {
        case UInt32(of: "d"): set = .digit
        case UInt32(of: "D"): set = ScalarSet.digit.inverted
        case UInt32(of: "w"): set = .word
        case UInt32(of: "W"): set = ScalarSet.word.inverted
        case UInt32(of: "s"): set = .space
        case UInt32(of: "S"): set = ScalarSet.space.inverted
        case UInt32(of: "p"), UInt32(of: "P"):
            at += 1
            guard take("{"), let close = text[at...].firstIndex(of: UInt32(of: "}")) else {
                throw error("\\p needs a property in braces: \\p{L}", at: place)
            }
            let name = String(String.UnicodeScalarView(text[at..<close].map { Unicode.Scalar($0)! }))
            guard let found = UnicodeProperty.set(named: name[...]) else {
                throw error(
                    "there is no property '\(name)': it is a general category such as \\p{L}, a script such as "
                        + "\\p{Script=Greek}, or one such as \\p{Alphabetic}", at: place)
            }
            at = close + 1
            let folded = folded(found)
            return scalar == UInt32(of: "P") ? folded.inverted : folded
        default: return nil
        }
        at += 1
        return set
    }

    /// One character behind a backslash that is taken already.
    private mutating func characterEscape() throws(PatternError) -> UInt32 {
        let place = at - 1
        guard let scalar = next else { throw error("'\\' at the end", at: place) }
        at += 1
        switch scalar {
        case UInt32(of: "t"): return 0x09
        case UInt32(of: "n"): return 0x0A
        case UInt32(of: "v"): return 0x0B
        case UInt32(of: "f"): return 0x0C
        case UInt32(of: "r"): return 0x0D
        case UInt32(of: "0"):
            if let digit = next, (48...57).contains(digit) { throw error("octal escapes are not supported", at: place) }
            return 0
        case UInt32(of: "c"):
            guard let letter = next, (65...90).contains(letter & ~32), letter < 128 else {
                throw error("\\c needs a letter", at: place)
            }
            at += 1
            return letter & 31
        case UInt32(of: "x"):
            guard let value = hexadecimal(2) else { throw error("\\x needs two hexadecimal digits", at: place) }
            return value
        case UInt32(of: "u"): return try unicodeEscape(place)
        case 48...57, 65...90, 97...122:
            throw error("no such escape: \\\(Unicode.Scalar(scalar)!)", at: place)
        default: return scalar
        }
    }

    private mutating func unicodeEscape(_ place: Int) throws(PatternError) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            var digits = 0
            while let digit = hexadecimal(1) {
                value = value << 4 | digit
                digits += 1
                guard value <= ScalarSet.last else { break }
            }
            guard digits > 0, take("}"), Unicode.Scalar(value) != nil else {
                throw error("\\u{…} needs a Unicode scalar in hexadecimal", at: place)
            }
            return value
        }
        guard var value = hexadecimal(4) else { throw error("\\u needs four hexadecimal digits", at: place) }
        if value & 0xFC00 == 0xD800, take("\\u"), let low = hexadecimal(4), low & 0xFC00 == 0xDC00 {
            value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
        }
        guard Unicode.Scalar(value) != nil else { throw error("\\u: half a surrogate pair matches nothing", at: place) }
        return value
    }

    private mutating func hexadecimal(_ digits: Int) -> UInt32? {
        guard at + digits <= text.count else { return nil }
        var value: UInt32 = 0
        for scalar in text[at..<at + digits] {
            guard let digit = Unicode.Scalar(scalar).flatMap({ Character($0).hexDigitValue }), scalar < 128 else {
                return nil
            }
            value = value << 4 | UInt32(digit)
        }
        at += digits
        return value
    }

    /// A class in brackets; its `[` is taken already.
    private mutating func characterClass(_ place: Int) throws(PatternError) -> ScalarSet {
        let inverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard let scalar = next else { throw error("'[' without its ']'", at: place) }
            if scalar == UInt32(of: "]") { break }
            let start = at
            let low = try classMember()
            guard next == UInt32(of: "-"), at + 1 < text.count, text[at + 1] != UInt32(of: "]") else {
                ranges += low.ranges
                continue
            }
            at += 1
            let high = try classMember()
            guard let first = low.single, let last = high.single else {
                // Annex B: beside a class such as \w, a '-' is itself.
                ranges += low.ranges + high.ranges + [UInt32(of: "-")...UInt32(of: "-")]
                continue
            }
            guard first <= last else { throw error("a range in a class is in the wrong order", at: start) }
            ranges.append(first...last)
        }
        at += 1
        let set = folded(ScalarSet(ranges))
        return inverted ? set.inverted : set
    }

    private mutating func classMember() throws(PatternError) -> ScalarSet {
        let scalar = text[at]
        at += 1
        guard scalar == UInt32(of: "\\") else { return ScalarSet(scalar) }
        if let set = try classEscape() { return set }
        if next == UInt32(of: "b") {
            at += 1
            return ScalarSet(0x08)
        }
        return ScalarSet(try characterEscape())
    }
}

extension ScalarSet {
    /// The one scalar in the set, if it is one.
    fileprivate var single: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}

extension UInt32 {
    fileprivate init(of scalar: Unicode.Scalar) { self = scalar.value }
}
