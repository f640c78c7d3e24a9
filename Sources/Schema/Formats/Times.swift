internal import CBytes

/// Reads dates, times and durations. Each question reads the whole text.
struct Scanner {
    private let text: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    private var isAtEnd: Bool { at == text.count }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    /// A letter in either case.
    @inline(__always)
    private mutating func takeLetter(_ lower: UInt8) -> Bool {
        guard at < text.count, text[at] | 32 == lower else { return false }
        at += 1
        return true
    }

    @inline(__always)
    private mutating func number(digits: Int) -> Int? {
        guard at + digits <= text.count else { return nil }
        var value = 0
        for place in at..<at + digits {
            guard text[place].isDigit else { return nil }
            value = value * 10 + Int(text[place] - 48)
        }
        at += digits
        return value
    }

    // MARK: RFC 3339, 5.6

    var isDate: Bool {
        var scanner = self
        return scanner.date() && scanner.isAtEnd
    }

    var isTime: Bool {
        var scanner = self
        return scanner.time() && scanner.isAtEnd
    }

    var isDateTime: Bool {
        var scanner = self
        return scanner.date() && scanner.takeLetter(UInt8(ascii: "t")) && scanner.time() && scanner.isAtEnd
    }

    /// Whether it is a date and time of the commonest shape, in UTC to the second: `2024-05-31T14:02:11Z`.
    @inline(__always)
    static func isPlainDateTime(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 20, let start = text.baseAddress,
            // No digits are the 5th, 8th, 11th and 14th byte; behind the 16th the 17th and the 20th.
            omni_no_digits(start) == 0b0010_0100_1001_0000, omni_no_digits(start + 4) >> 12 == 0b1001
        else { return false }
        func two(_ place: Int) -> Int { Int(text[place]) &* 10 &+ Int(text[place + 1]) &- 528 }
        let (month, day) = (two(5), two(8))
        return text[4] == UInt8(ascii: "-") && text[7] == UInt8(ascii: "-") && text[10] | 32 == UInt8(ascii: "t")
            && text[13] == UInt8(ascii: ":") && text[16] == UInt8(ascii: ":") && text[19] | 32 == UInt8(ascii: "z")
            && month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= 30 && month != 2)
            && two(11) < 24 && two(14) < 60 && two(17) < 60
    }

    private mutating func date() -> Bool {
        guard let year = number(digits: 4), take(UInt8(ascii: "-")), let month = number(digits: 2),
            take(UInt8(ascii: "-")), let day = number(digits: 2), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let longest = month == 2 ? (isLeap ? 29 : 28) : 0b1010_0101_0000 >> month & 1 == 1 ? 30 : 31
        return (1...longest).contains(day)
    }

    private mutating func time() -> Bool {
        guard let hour = number(digits: 2), take(UInt8(ascii: ":")), let minute = number(digits: 2),
            take(UInt8(ascii: ":")), let second = number(digits: 2), hour < 24, minute < 60, second <= 60
        else { return false }
        if take(UInt8(ascii: ".")) {
            guard number(digits: 1) != nil else { return false }
            while number(digits: 1) != nil {}
        }
        var offset = 0
        if !takeLetter(UInt8(ascii: "z")) {
            let isBehind = take(UInt8(ascii: "-"))
            guard isBehind || take(UInt8(ascii: "+")), let hours = number(digits: 2), take(UInt8(ascii: ":")),
                let minutes = number(digits: 2), hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (isBehind ? -1 : 1)
        }
        // A leap second ends a day in UTC.
        let ofDay = (hour * 60 + minute - offset + 2 * 1440) % 1440
        return second < 60 || ofDay == 1439
    }

    // MARK: RFC 3339, appendix A

    var isDuration: Bool {
        var scanner = self
        guard scanner.take(UInt8(ascii: "P")), !scanner.isAtEnd else { return false }
        if scanner.units("W") == 1, scanner.isAtEnd { return true }
        scanner.at = 1
        let days = scanner.units("YMD")
        guard let days else { return false }
        guard scanner.take(UInt8(ascii: "T")) else { return days > 0 && scanner.isAtEnd }
        guard let times = scanner.units("HMS") else { return false }
        return times > 0 && scanner.isAtEnd
    }

    /// Numbers with units, in the order given and without a gap; how many there were.
    private mutating func units(_ order: String) -> Int? {
        var left = Array(order.utf8)[...]
        var count = 0
        while at < text.count, text[at].isDigit {
            while at < text.count, text[at].isDigit { at += 1 }
            guard at < text.count, let place = left.firstIndex(of: text[at]) else { return nil }
            // "P1Y2D": a unit in between must not be left out.
            if count > 0, place != left.startIndex { return nil }
            left = left[(place + 1)...]
            at += 1
            count += 1
        }
        return count
    }
}
