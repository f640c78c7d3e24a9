import Document

/// What is wrong with a picture, or with a value for it.
struct PictureError: Error {
    let code: String
    let message: String
}

/// How an integer is written, as XPath's `format-integer` has it (F&O 4.6.1): `#,##0`, `0001;o`, `w`, `I`, `A`.
struct IntegerPicture: Sendable {
    enum Style { case decimal, letters, roman, words }
    enum Case { case upper, lower, title }

    var style = Style.decimal
    var letterCase = Case.lower
    var isOrdinal = false
    /// The decimal digits' zero.
    var zero: UInt32 = 48
    var mandatoryDigits = 0
    var optionalDigits = 0
    /// Separators by how many digits stand behind them.
    var separators: [(position: Int, character: Character)] = []
    /// The distance of separators that repeat; 0 when they don't.
    var interval = 0
    /// How many digits to read when another number follows directly.
    var parseWidth: Int?

    /// Unicode's decimal digits: each family's zero.
    private static let zeros: [UInt32] = [
        0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
        0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
        0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    ]

    init(_ picture: String) throws(PictureError) {
        var primary = Substring(picture)
        if let semicolon = picture.lastIndex(of: ";") {
            primary = picture[..<semicolon]
            isOrdinal = picture[picture.index(after: semicolon)...].first == "o"
        }
        switch primary {
        case "A": (style, letterCase) = (.letters, .upper)
        case "a": style = .letters
        case "I": (style, letterCase) = (.roman, .upper)
        case "i": style = .roman
        case "W": (style, letterCase) = (.words, .upper)
        case "Ww": (style, letterCase) = (.words, .title)
        case "w": style = .words
        default: try readDigits(primary)
        }
    }

    private mutating func readDigits(_ primary: Substring) throws(PictureError) {
        var family: UInt32?
        var position = 0
        for scalar in primary.unicodeScalars.reversed() {
            if let zero = Self.zeros.first(where: { scalar.value >= $0 && scalar.value <= $0 + 9 }) {
                guard family == nil || family == zero else {
                    throw PictureError(code: "D3131", message: "all digits of a picture must be of one script")
                }
                family = zero
                mandatoryDigits += 1
                position += 1
            } else if scalar == "#" {
                optionalDigits += 1
                position += 1
            } else {
                separators.append((position, Character(scalar)))
            }
        }
        guard let family else {
            throw PictureError(
                code: "D3130", message: "no such numbering: a picture needs a digit, or is A, a, I, i, W, Ww, w")
        }
        zero = family
        interval = Self.interval(separators)
    }

    private static func interval(_ separators: [(position: Int, character: Character)]) -> Int {
        guard let first = separators.first, separators.allSatisfy({ $0.character == first.character }) else { return 0 }
        func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
        let step = separators.map(\.position).reduce(0, divisor)
        guard step > 0 else { return 0 }
        let regular = (1...separators.count).allSatisfy { count in
            separators.contains { $0.position == count * step }
        }
        return regular ? step : 0
    }

    /// A whole number's text.
    func format(_ value: Number) throws(PictureError) -> String {
        let magnitude = value.magnitude
        let text: String
        switch style {
        case .words:
            let words = Words.cardinal(magnitude, ordinal: isOrdinal)
            text =
                letterCase == .title ? words : letterCase == .upper ? words.uppercased() : words.lowercased()
        case .decimal: text = decimal(magnitude)
        case .letters, .roman:
            guard let integer = magnitude.integer,
                let letters = style == .letters ? Words.letters(integer) : Words.roman(integer)
            else { throw PictureError(code: "D3130", message: "the number is too large for this numbering") }
            text = letterCase == .upper ? letters.uppercased() : letters
        }
        return value.isNegative && value.coefficient != 0 ? "-" + text : text
    }

    private func decimal(_ magnitude: Number) -> String {
        let plain = magnitude.normalized
        var digits = Array(String(plain.coefficient).unicodeScalars)
        if plain.exponent > 0 { digits += Array(repeating: "0", count: plain.exponent) }
        while digits.count < mandatoryDigits { digits.insert("0", at: 0) }
        let ending = isOrdinal ? Self.ordinalEnding(digits) : ""
        var text = digits.map { Character(Unicode.Scalar($0.value - 48 + zero)!) }
        if interval > 0 {
            var position = interval
            while position < digits.count {
                text.insert(separators[0].character, at: digits.count - position)
                position += interval
            }
        } else {
            for separator in separators.sorted(by: { $0.position < $1.position })
            where separator.position < digits.count {
                text.insert(separator.character, at: digits.count - separator.position)
            }
        }
        return String(text) + ending
    }

    private static func ordinalEnding(_ digits: [Unicode.Scalar]) -> String {
        if digits.count > 1, digits[digits.count - 2] == "1" { return "th" }
        switch digits.last {
        case "1": return "st"
        case "2": return "nd"
        case "3": return "rd"
        default: return "th"
        }
    }

    /// The number a text means; nil when it isn't one.
    func parse(_ text: String) -> Number? {
        switch style {
        case .words: return Words.number(text)
        case .letters: return Words.letters(text).map { Number($0) }
        case .roman: return Words.roman(text).map { Number($0) }
        case .decimal:
            var digits = ""
            let isNegative = text.first == "-"
            let own = (isOrdinal ? text.dropLast(2) : Substring(text)).dropFirst(isNegative ? 1 : 0)
            for character in own where !separators.contains(where: { $0.character == character }) {
                guard let scalar = character.unicodeScalars.first, scalar.value >= zero, scalar.value <= zero + 9 else {
                    return nil
                }
                digits += "\(scalar.value - zero)"
            }
            // A JSON number has no leading zeros, a picture's may.
            let significant = digits.drop { $0 == "0" }
            let number = Number(significant.isEmpty && !digits.isEmpty ? "0" : String(significant))
            return isNegative ? number?.negated : number
        }
    }

    /// The pattern that finds such a number in a text.
    var pattern: String {
        switch style {
        case .letters: return "[A-Za-z]+"
        case .roman: return "[MDCLXVImdclxvi]+"
        case .words:
            return "(?:" + (Words.all.sorted { $0.count > $1.count } + ["and", "[\\-, ]"]).joined(separator: "|") + ")+"
        case .decimal:
            return "[0-9]" + (parseWidth.map { "{\($0)}" } ?? "+") + (isOrdinal ? "(?:th|st|nd|rd)" : "")
        }
    }
}
