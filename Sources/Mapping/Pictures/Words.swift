import Document

/// Numbers in English words, in Roman numerals and in letters.
enum Words {
    private static let small = [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
        "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
    ]
    private static let smallOrdinals = [
        "Zeroth", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
        "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth",
        "Nineteenth",
    ]
    private static let tens = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"]
    private static let large = ["Thousand", "Million", "Billion", "Trillion"]

    /// A whole number in words: `Three Thousand, Seven Hundred and Thirty-First`.
    static func cardinal(_ value: Number, ordinal: Bool) -> String {
        words(value, isRest: false, ordinal: ordinal)
    }

    private static func words(_ value: Number, isRest: Bool, ordinal: Bool) -> String {
        if let number = value.integer, number < 1000 { return belowThousand(number, isRest, ordinal) }
        // The largest word is trillion: beyond it, trillions are counted again.
        let digits = Number.digits(value.coefficient) + value.exponent
        let step = min((digits - 1) / 3, large.count)
        let unit = Number(isNegative: false, coefficient: 1, exponent: 3 * step)
        let rest = value.remainder(dividingBy: unit) ?? value
        let count = Number(isNegative: false, coefficient: 1, exponent: -3 * step) * (value - rest)
        var text = (isRest ? ", " : "") + words(count, isRest: false, ordinal: false) + " " + large[step - 1]
        if rest.coefficient != 0 {
            text += words(rest, isRest: true, ordinal: ordinal)
        } else if ordinal {
            text += "th"
        }
        return text
    }

    private static func belowThousand(_ number: Int, _ isRest: Bool, _ ordinal: Bool) -> String {
        if number < 20 { return (isRest ? " and " : "") + (ordinal ? smallOrdinals : small)[number] }
        if number < 100 {
            let word = (isRest ? " and " : "") + tens[number / 10 - 2]
            if number % 10 > 0 { return word + "-" + belowThousand(number % 10, false, ordinal) }
            return ordinal ? word.dropLast() + "ieth" : word
        }
        let word = (isRest ? ", " : "") + small[number / 100] + " Hundred"
        if number % 100 > 0 { return word + belowThousand(number % 100, true, ordinal) }
        return ordinal ? word + "th" : word
    }

    private static let values: [String: Number] = {
        var values: [String: Number] = [:]
        for (number, word) in small.enumerated() { values[word.lowercased()] = Number(number) }
        for (number, word) in smallOrdinals.enumerated() { values[word.lowercased()] = Number(number) }
        for (place, word) in tens.enumerated() {
            values[word.lowercased()] = Number(20 + 10 * place)
            values[word.lowercased().dropLast() + "ieth"] = Number(20 + 10 * place)
        }
        values["hundred"] = Number(100)
        values["hundredth"] = Number(100)
        for (place, word) in large.enumerated() {
            let value = Number(isNegative: false, coefficient: 1, exponent: 3 * (place + 1))
            values[word.lowercased()] = value
            values[word.lowercased() + "th"] = value
        }
        return values
    }()

    /// All words, for patterns.
    static var all: [String] { Array(values.keys) }

    /// The number some words mean; nil when one isn't known.
    static func number(_ text: String) -> Number? {
        var segments = [Number(0)]
        for word in text.lowercased().split(whereSeparator: { " ,-\t\n".contains($0) }) where word != "and" {
            guard let value = values[String(word)] else { return nil }
            if value < Number(100) {
                let top = segments.removeLast()
                if top < Number(1000) {
                    segments.append(top + value)
                } else {
                    segments += [top, value]
                }
            } else {
                segments.append(segments.removeLast() * value)
            }
        }
        return segments.reduce(Number(0)) { $0 + $1 }
    }

    private static let romans: [(value: Int, text: String)] = [
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ]

    /// Roman numerals in small letters; nothing for zero. Above a million there is none.
    static func roman(_ value: Int) -> String? {
        guard value <= 1_000_000 else { return nil }
        var rest = value
        var text = ""
        for roman in romans {
            while rest >= roman.value {
                text += roman.text
                rest -= roman.value
            }
        }
        return text
    }

    /// The value of Roman numerals; nil when a letter isn't one.
    static func roman(_ text: String) -> Int? {
        let digits: [Character: Int] = ["m": 1000, "d": 500, "c": 100, "l": 50, "x": 10, "v": 5, "i": 1]
        var total = 0
        var most = 1
        for letter in text.lowercased().reversed() {
            guard let value = digits[letter] else { return nil }
            if value < most {
                total -= value
            } else {
                most = value
                total += value
            }
        }
        return total
    }

    /// a, b … z, aa, ab …; nothing for zero.
    static func letters(_ value: Int) -> String {
        var rest = value
        var letters: [UInt8] = []
        while rest > 0 {
            letters.append(97 + UInt8((rest - 1) % 26))
            rest = (rest - 1) / 26
        }
        return String(decoding: letters.reversed(), as: UTF8.self)
    }

    /// The value of letters; nil when one isn't a letter or there are too many.
    static func letters(_ text: String) -> Int? {
        var total = 0
        for letter in text.lowercased().utf8 {
            guard (97...122).contains(letter), total < 1 << 50 else { return nil }
            total = total * 26 + Int(letter) - 96
        }
        return total
    }
}
