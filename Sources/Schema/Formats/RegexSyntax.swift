/// Whether a text is a regular expression of ECMA-262 (22.2.1, without the leniencies of annex B): with the flag u, or
/// without any. It says nothing about whether this system's own engine can run it: `pattern` refuses what it can't.
struct RegexSyntax {
    static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
        return isValid(scalars, unicode: true) || isValid(scalars, unicode: false)
    }

    private static func isValid(_ text: [UInt32], unicode: Bool) -> Bool {
        var syntax = RegexSyntax(text: text, unicode: unicode)
        guard syntax.disjunction() != nil, syntax.at == text.count else { return false }
        return syntax.highestReference <= syntax.groups && syntax.namedReferences.isSubset(of: syntax.names)
    }

    private let text: [UInt32]
    /// The flag u.
    private let unicode: Bool
    private var at = 0
    private var depth = 0
    private var groups = 0
    private var highestReference = 0
    private var names: Set<[UInt32]> = []
    private var namedReferences: Set<[UInt32]> = []

    /// Groups may nest this deep: reading recurs.
    private static let depthLimit = 256

    private init(text: [UInt32], unicode: Bool) {
        self.text = text
        self.unicode = unicode
    }

    private var next: UInt32? { at < text.count ? text[at] : nil }

    private mutating func take(_ literal: String) -> Bool {
        let scalars = literal.unicodeScalars.map(\.value)
        guard text[at...].starts(with: scalars) else { return false }
        at += scalars.count
        return true
    }

    // MARK: Alternatives and terms. Each answers the groups' names inside, nil for what is no expression.

    private typealias Names = Set<[UInt32]>

    private mutating func disjunction() -> Names? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return nil }
        var all: Names = []
        repeat {
            guard let names = alternative() else { return nil }
            // The same name may stand in several alternatives.
            all.formUnion(names)
        } while take("|")
        return all
    }

    private mutating func alternative() -> Names? {
        var all: Names = []
        while let scalar = next, scalar != UInt32(of: "|"), scalar != UInt32(of: ")") {
            guard let names = term(scalar), all.isDisjoint(with: names) else { return nil }
            all.formUnion(names)
        }
        return all
    }

    private mutating func term(_ scalar: UInt32) -> Names? {
        if take("^") || take("$") || take("\\b") || take("\\B") { return [] }
        if scalar == UInt32(of: "("), let isAssertion = opensAssertion() {
            guard isAssertion else { return nil }
            guard let names = disjunction(), take(")") else { return nil }
            return names
        }
        var names: Names = []
        switch scalar {
        case UInt32(of: "("):
            guard let inside = group() else { return nil }
            names = inside
        case UInt32(of: "["):
            at += 1
            guard characterClass() else { return nil }
        case UInt32(of: "\\"):
            at += 1
            guard atomEscape() else { return nil }
        case UInt32(of: "."): at += 1
        default:
            guard !Self.syntaxCharacters.contains(scalar) else { return nil }
            at += 1
        }
        return quantifier() ? names : nil
    }

    private static let syntaxCharacters = Set("^$\\.*+?()[]{}|".unicodeScalars.map(\.value))

    /// Takes the beginning of a lookaround; nil when there is none.
    private mutating func opensAssertion() -> Bool? {
        for opening in ["(?=", "(?!", "(?<=", "(?<!"] where take(opening) { return true }
        return nil
    }

    private mutating func group() -> Names? {
        at += 1
        var own: Names = []
        if take("?") {
            if take("<") {
                guard let name = groupName() else { return nil }
                own = [name]
                names.insert(name)
                groups += 1
            } else {
                guard modifiers() else { return nil }
            }
        } else {
            groups += 1
        }
        guard let inside = disjunction(), own.isDisjoint(with: inside), take(")") else { return nil }
        return own.union(inside)
    }

    /// `:`, or flags that are switched on and off for the group: `ims-ims:`
    private mutating func modifiers() -> Bool {
        var seen: Set<UInt32> = []
        var hasMinus = false
        while let scalar = next, scalar != UInt32(of: ":") {
            at += 1
            if scalar == UInt32(of: "-"), !hasMinus {
                hasMinus = true
            } else {
                guard [UInt32(of: "i"), UInt32(of: "m"), UInt32(of: "s")].contains(scalar), seen.insert(scalar).inserted
                else { return false }
            }
        }
        return take(":") && (!hasMinus || !seen.isEmpty)
    }

    /// Takes a quantifier, if there is one; false when it is no proper one.
    private mutating func quantifier() -> Bool {
        if take("*") || take("+") || take("?") {
            _ = take("?")
            return true
        }
        guard take("{") else { return true }
        guard let low = digits() else { return false }
        if take(",") {
            if let high = digits(), Self.isLess(high, low) { return false }
        }
        guard take("}") else { return false }
        _ = take("?")
        return true
    }

    /// Digits without leading zeros, of any length.
    private mutating func digits() -> ArraySlice<UInt32>? {
        let start = at
        while let scalar = next, (48...57).contains(scalar) { at += 1 }
        return at > start ? text[start..<at].drop { $0 == 48 } : nil
    }

    private static func isLess(_ a: ArraySlice<UInt32>, _ b: ArraySlice<UInt32>) -> Bool {
        a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
    }

    private mutating func groupName() -> [UInt32]? {
        var name: [UInt32] = []
        while let scalar = next, scalar != UInt32(of: ">") {
            at += 1
            var value = scalar
            if scalar == UInt32(of: "\\") {
                guard take("u"), let escaped = unicodeEscape(unicode: true) else { return nil }
                value = escaped
            }
            guard let character = Unicode.Scalar(value) else { return nil }
            let isPart = character == "$" || character == "_" || character.properties.isIDStart
            let isJoiner = value == 0x200C || value == 0x200D
            guard isPart || (!name.isEmpty && (isJoiner || character.properties.isIDContinue)) else { return nil }
            name.append(value)
        }
        return take(">") && !name.isEmpty ? name : nil
    }
}

// MARK: Escapes and classes

extension RegexSyntax {
    private mutating func atomEscape() -> Bool {
        guard let scalar = next else { return false }
        if (49...57).contains(scalar) {
            let digits = digits() ?? []
            highestReference = max(
                highestReference, digits.reduce(0) { min($0 * 10 + Int($1 - 48), 1 << 40) })
            return true
        }
        if take("k") {
            guard take("<"), let name = groupName() else { return false }
            namedReferences.insert(name)
            return true
        }
        if let isClass = classEscape() { return isClass }
        return characterEscape() != nil
    }

    /// `\d`, `\p{…}` and their like; nil when it is another escape.
    private mutating func classEscape() -> Bool? {
        guard let scalar = next else { return nil }
        switch scalar {
        case UInt32(of: "d"), UInt32(of: "D"), UInt32(of: "s"), UInt32(of: "S"), UInt32(of: "w"), UInt32(of: "W"):
            at += 1
            return true
        case UInt32(of: "p"), UInt32(of: "P"):
            guard unicode else { return false }
            at += 1
            guard take("{"), let close = text[at...].firstIndex(of: UInt32(of: "}")) else { return false }
            let name = String(String.UnicodeScalarView(text[at..<close].compactMap(Unicode.Scalar.init)))
            at = close + 1
            return UnicodePropertyNames.isKnown(name)
        default: return nil
        }
    }

    /// The character that an escape stands for; nil when it stands for none.
    private mutating func characterEscape() -> UInt32? {
        guard let scalar = next else { return nil }
        at += 1
        switch scalar {
        case UInt32(of: "f"): return 0x0C
        case UInt32(of: "n"): return 0x0A
        case UInt32(of: "r"): return 0x0D
        case UInt32(of: "t"): return 0x09
        case UInt32(of: "v"): return 0x0B
        case UInt32(of: "0"):
            if let digit = next, (48...57).contains(digit) { return nil }
            return 0
        case UInt32(of: "c"):
            guard let letter = next, letter < 128, (65...90).contains(letter & ~32) else { return nil }
            at += 1
            return letter & 31
        case UInt32(of: "x"): return hexadecimal(2)
        case UInt32(of: "u"): return unicodeEscape(unicode: unicode)
        default: return isIdentity(scalar) ? scalar : nil
        }
    }

    private func isIdentity(_ scalar: UInt32) -> Bool {
        if unicode { return Self.syntaxCharacters.contains(scalar) || scalar == UInt32(of: "/") }
        return !(Unicode.Scalar(scalar)?.properties.isIDContinue ?? false)
    }

    private mutating func unicodeEscape(unicode: Bool) -> UInt32? {
        if unicode, take("{") {
            var value: UInt32 = 0
            var count = 0
            while let digit = hexadecimal(1) {
                value = value << 4 | digit
                count += 1
                guard value <= 0x10FFFF else { return nil }
            }
            return take("}") && count > 0 ? value : nil
        }
        guard let high = hexadecimal(4) else { return nil }
        let place = at
        if unicode, high & 0xFC00 == 0xD800, take("\\u"), let low = hexadecimal(4), low & 0xFC00 == 0xDC00 {
            return 0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF)
        }
        at = place
        return high
    }

    private mutating func hexadecimal(_ count: Int) -> UInt32? {
        guard at + count <= text.count else { return nil }
        var value: UInt32 = 0
        for scalar in text[at..<at + count] {
            guard scalar < 128, let digit = Character(Unicode.Scalar(UInt8(scalar))).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        at += count
        return value
    }

    /// A class; its `[` is taken.
    private mutating func characterClass() -> Bool {
        _ = take("^")
        while let scalar = next {
            if scalar == UInt32(of: "]") {
                at += 1
                return true
            }
            guard let low = classAtom() else { return false }
            guard next == UInt32(of: "-"), at + 1 < text.count, text[at + 1] != UInt32(of: "]") else { continue }
            at += 1
            guard let high = classAtom(), case .character(let first) = low, case .character(let last) = high,
                first <= last
            else { return false }
        }
        return false
    }

    private enum ClassAtom {
        case character(UInt32)
        case set
    }

    private mutating func classAtom() -> ClassAtom? {
        guard let scalar = next else { return nil }
        at += 1
        guard scalar == UInt32(of: "\\") else { return .character(scalar) }
        if take("b") { return .character(8) }
        if unicode, take("-") { return .character(UInt32(of: "-")) }
        if let isClass = classEscape() { return isClass ? .set : nil }
        return characterEscape().map { .character($0) }
    }
}

extension UInt32 {
    fileprivate init(of scalar: Unicode.Scalar) { self = scalar.value }
}
