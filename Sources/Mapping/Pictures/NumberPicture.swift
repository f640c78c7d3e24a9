import Document

/// How a number is written, as XPath's `format-number` has it (F&O 4.7): `#,##0.00`, `0.0#%`, `#0;(#0)`.
struct NumberPicture: Sendable {
    /// The characters with a meaning, as the third argument of `$formatNumber` may change them.
    struct Symbols: Sendable, Hashable {
        var decimal: Character = "."
        var grouping: Character = ","
        var exponent: Character = "e"
        var minus = "-"
        var percent: Character = "%"
        var perMille: Character = "‰"
        var zero: Character = "0"
        var digit: Character = "#"
        var separator: Character = ";"

        /// Sets one by its name in the options; answers whether there is such a name.
        mutating func set(_ name: String, _ value: String) -> Bool {
            guard let character = value.first else { return true }
            switch name {
            case "decimal-separator": decimal = character
            case "grouping-separator": grouping = character
            case "exponent-separator": exponent = character
            case "minus-sign": minus = value
            case "percent": percent = character
            case "per-mille": perMille = character
            case "zero-digit": zero = character
            case "digit": digit = character
            case "pattern-separator": separator = character
            case "infinity", "NaN": break
            default: return false
            }
            return true
        }

        /// The digit's value, or nil for other characters.
        func value(_ character: Character) -> Int? {
            guard let scalar = character.unicodeScalars.first?.value, let zero = zero.unicodeScalars.first?.value,
                scalar >= zero, scalar <= zero + 9
            else { return nil }
            return Int(scalar - zero)
        }

        func isDigitSign(_ character: Character) -> Bool { value(character) != nil || character == digit }

        func isActive(_ character: Character) -> Bool {
            isDigitSign(character) || character == decimal || character == exponent || character == grouping
                || character == separator
        }
    }

    /// One of the two halves: for numbers from zero on, and for negative ones.
    struct Half: Sendable {
        var prefix = ""
        var suffix = ""
        var scale = 0
        var integerGroups: [Int] = []
        var groupInterval = 0
        var fractionGroups: [Int] = []
        var minInteger = 0
        var minFraction = 0
        var maxFraction = 0
        var minExponent = 0
        var scaling = 0
        var hasDecimal = false
    }

    let symbols: Symbols
    private var positive: Half
    private var negative: Half

    init(_ picture: String, _ symbols: Symbols) throws(PictureError) {
        self.symbols = symbols
        let halves = picture.split(separator: symbols.separator, omittingEmptySubsequences: false)
        guard halves.count <= 2 else {
            throw PictureError(code: "D3080", message: "a number picture has two halves at most")
        }
        positive = try Self.half(Array(halves[0]), symbols)
        if halves.count == 2 {
            negative = try Self.half(Array(halves[1]), symbols)
        } else {
            negative = positive
            negative.prefix = symbols.minus + positive.prefix
        }
    }

    private static func half(_ picture: [Character], _ symbols: Symbols) throws(PictureError) -> Half {
        var half = Half()
        func isCore(_ character: Character) -> Bool { symbols.isActive(character) && character != symbols.exponent }
        let from = picture.firstIndex(where: isCore) ?? 0
        let to = picture.lastIndex(where: isCore).map { $0 + 1 } ?? picture.count
        half.prefix = String(picture[..<from])
        half.suffix = picture.contains(where: isCore) ? String(picture[to...]) : ""
        let active = Array(picture[from..<to])
        var mantissa = active
        var exponent: [Character]?
        if let at = active.firstIndex(of: symbols.exponent) {
            mantissa = Array(active[..<at])
            exponent = Array(active[(at + 1)...])
        }
        let point = mantissa.firstIndex(of: symbols.decimal)
        let integer = Array(mantissa[..<(point ?? mantissa.count)])
        let fraction = point.map { Array(mantissa[($0 + 1)...]) } ?? []
        try check(picture, active, mantissa, integer, fraction, exponent, symbols)
        half.hasDecimal = point != nil
        half.scale = picture.contains(symbols.percent) ? 2 : picture.contains(symbols.perMille) ? 3 : 0
        half.fill(integer, fraction, exponent, symbols)
        return half
    }

    private static func check(
        _ picture: [Character], _ active: [Character], _ mantissa: [Character], _ integer: [Character],
        _ fraction: [Character], _ exponent: [Character]?, _ symbols: Symbols
    ) throws(PictureError) {
        func count(_ character: Character) -> Int { picture.filter { $0 == character }.count }
        var failure: (String, String)?
        if count(symbols.decimal) > 1 { failure = ("D3081", "more than one decimal separator") }
        if count(symbols.percent) > 1 { failure = ("D3082", "more than one percent sign") }
        if count(symbols.perMille) > 1 { failure = ("D3083", "more than one per-mille sign") }
        if count(symbols.percent) > 0, count(symbols.perMille) > 0 {
            failure = ("D3084", "both a percent and a per-mille sign")
        }
        if !mantissa.contains(where: symbols.isDigitSign) { failure = ("D3085", "no digit") }
        if active.contains(where: { !symbols.isActive($0) }) {
            failure =
                active.contains(where: symbols.isActive)
                ? ("D3086", "a character without a meaning among those with one")
                : ("D3086", "no digit, and nothing else with a meaning: write 0 or #")
        }
        if let point = picture.firstIndex(of: symbols.decimal) {
            if (point > 0 && picture[point - 1] == symbols.grouping)
                || (point + 1 < picture.count && picture[point + 1] == symbols.grouping)
            {
                failure = ("D3087", "a grouping separator beside the decimal separator")
            }
        } else if integer.last == symbols.grouping {
            failure = ("D3088", "a grouping separator at the end of the integer part")
        }
        if zip(picture, picture.dropFirst()).contains(where: { $0 == symbols.grouping && $1 == symbols.grouping }) {
            failure = ("D3089", "two grouping separators side by side")
        }
        if let optional = integer.firstIndex(of: symbols.digit),
            integer[..<optional].contains(where: { symbols.value($0) != nil })
        {
            failure = ("D3090", "an optional digit behind a mandatory one in the integer part")
        }
        if let optional = fraction.lastIndex(of: symbols.digit),
            fraction[optional...].contains(where: { symbols.value($0) != nil })
        {
            failure = ("D3091", "an optional digit before a mandatory one in the fraction")
        }
        if let exponent {
            if !exponent.isEmpty, count(symbols.percent) + count(symbols.perMille) > 0 {
                failure = ("D3092", "an exponent with a percent or per-mille sign")
            }
            if exponent.isEmpty || exponent.contains(where: { symbols.value($0) == nil }) {
                failure = ("D3093", "an exponent that isn't digits only")
            }
        }
        if let failure { throw PictureError(code: failure.0, message: "the number picture has \(failure.1)") }
    }

    // MARK: Writing

    /// A number's text.
    func format(_ number: Number) -> String {
        let half = number.isNegative && number.coefficient != 0 ? negative : positive
        var value = Number(
            isNegative: false, coefficient: number.coefficient, exponent: number.exponent + half.scale)
        var exponent: Int?
        if half.minExponent > 0 {
            exponent = 0
            if value.coefficient != 0 {
                exponent = Self.exponent(value.normalized, half.scaling)
                value = Number(
                    isNegative: false, coefficient: value.coefficient, exponent: value.exponent - exponent!)
            }
        }
        // Away from zero in the middle, as the reference does, and not to the even side as F&O says.
        let rounded = value.rounded(.toNearestOrAwayFromZero, places: half.maxFraction).normalized
        var (integer, fraction) = Self.digits(rounded)
        while integer.count < half.minInteger { integer.insert(0, at: 0) }
        while fraction.count < half.minFraction { fraction.append(0) }
        var text = half.prefix + grouped(integer, half)
        if half.hasDecimal, !fraction.isEmpty {
            text += String(symbols.decimal)
            for (place, digit) in fraction.enumerated() {
                if half.fractionGroups.contains(place), place > 0 { text.append(symbols.grouping) }
                text.append(character(digit))
            }
        }
        if let exponent {
            text.append(symbols.exponent)
            if exponent < 0 { text += symbols.minus }
            let digits = String(exponent.magnitude)
            text += String(repeating: symbols.zero, count: max(0, half.minExponent - digits.count))
            text += String(digits.map { character(Int(String($0))!) })
        }
        return text + half.suffix
    }

    /// The power of ten to take out, so that the mantissa lies from 10^(scaling-1) to 10^scaling, as the reference has it:
    /// both ends count, and what lies there already stays.
    private static func exponent(_ value: Number, _ scaling: Int) -> Int {
        let top = Number.digits(value.coefficient) + value.exponent
        guard value.coefficient == 1 else { return top - scaling }
        let power = top - 1
        return power > scaling ? power - scaling : power < scaling - 1 ? power - scaling + 1 : 0
    }

    private func character(_ digit: Int) -> Character {
        Character(Unicode.Scalar(symbols.zero.unicodeScalars.first!.value + UInt32(digit)) ?? "0")
    }

    /// The digits before and behind the point; no zeros at the ends.
    private static func digits(_ number: Number) -> (integer: [Int], fraction: [Int]) {
        if number.coefficient == 0 { return ([], []) }
        var digits = String(number.coefficient).utf8.map { Int($0) - 48 }
        if number.exponent >= 0 { return (digits + Array(repeating: 0, count: number.exponent), []) }
        let behind = -number.exponent
        if digits.count < behind { digits = Array(repeating: 0, count: behind - digits.count) + digits }
        return (Array(digits.dropLast(behind)), Array(digits.suffix(behind)))
    }

    private func grouped(_ digits: [Int], _ half: Half) -> String {
        var text = ""
        for (place, digit) in digits.enumerated() {
            let left = digits.count - place
            let groups = half.groupInterval > 0 ? left % half.groupInterval == 0 : half.integerGroups.contains(left)
            if place > 0, groups { text.append(symbols.grouping) }
            text.append(character(digit))
        }
        return text
    }
}

extension NumberPicture.Half {
    /// Reads sizes and groups off the parts of the picture.
    fileprivate mutating func fill(
        _ integer: [Character], _ fraction: [Character], _ exponent: [Character]?, _ symbols: NumberPicture.Symbols
    ) {
        for (place, character) in integer.enumerated() where character == symbols.grouping {
            integerGroups.append(integer[place...].filter(symbols.isDigitSign).count)
        }
        groupInterval = Self.interval(integerGroups)
        for (place, character) in fraction.enumerated() where character == symbols.grouping {
            fractionGroups.append(fraction[..<place].filter(symbols.isDigitSign).count)
        }
        minInteger = integer.filter { symbols.value($0) != nil }.count
        scaling = minInteger
        minFraction = fraction.filter { symbols.value($0) != nil }.count
        maxFraction = fraction.filter(symbols.isDigitSign).count
        if minInteger == 0, maxFraction == 0 {
            if exponent != nil {
                (minFraction, maxFraction) = (1, 1)
                hasDecimal = true
            } else {
                minInteger = 1
            }
        }
        if exponent != nil, minInteger == 0, integer.contains(symbols.digit) { minInteger = 1 }
        if minInteger == 0, minFraction == 0 { minFraction = 1 }
        minExponent = exponent?.count ?? 0
    }

    private static func interval(_ positions: [Int]) -> Int {
        guard let first = positions.first else { return 0 }
        func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
        let step = positions.dropFirst().reduce(first, divisor)
        guard step > 0, (1...positions.count).allSatisfy({ positions.contains($0 * step) }) else { return 0 }
        return step
    }
}
