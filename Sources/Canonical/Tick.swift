/// A moment: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// The unit of every stamp and every clock argument here (I11: time is an argument). Kafka's timestamps have the same.
public struct Tick: Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Milliseconds since 1970.
    public var milliseconds: Int64

    /// So many milliseconds since 1970.
    @inlinable
    public init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Before everything: the stamp of what nobody dated.
    public static let never = Tick(.min)

    /// Whether it is a date at all, not ``never``.
    public var isKnown: Bool { milliseconds != .min }

    /// In the order of time.
    @inlinable
    public static func < (one: Tick, other: Tick) -> Bool { one.milliseconds < other.milliseconds }

    /// So many milliseconds later; stays at the ends of time instead of overflowing.
    public func advanced(by milliseconds: Int64) -> Tick {
        guard isKnown else { return self }
        let (sum, overflow) = self.milliseconds.addingReportingOverflow(milliseconds)
        return Tick(overflow ? (milliseconds > 0 ? .max : .min + 1) : sum)
    }
}

// MARK: RFC 3339

extension Tick: CustomStringConvertible {
    /// Reads an RFC 3339 date and time, such as `2026-03-01T12:00:00.250+02:00`; nil when the text isn't one.
    ///
    /// The offset is required. Digits beyond milliseconds are cut. A leap second (`:60`) is the next minute's start.
    public init?(rfc3339 text: some StringProtocol) {
        var text = String(text)
        guard let tick = text.withUTF8({ Tick(rfc3339: $0) }) else { return nil }
        self = tick
    }

    /// Reads an RFC 3339 date and time from UTF-8; nil when the text isn't one.
    public init?(rfc3339 text: UnsafeBufferPointer<UInt8>) {
        guard text.count >= 20,
            let year = digits(text, 0, 4), text[4] == UInt8(ascii: "-"),
            let month = digits(text, 5, 2), text[7] == UInt8(ascii: "-"), (1...12).contains(month),
            let day = digits(text, 8, 2), (1...daysIn(month: month, of: year)).contains(day),
            text[10] | 0x20 == UInt8(ascii: "t") || text[10] == UInt8(ascii: " "),
            let hour = digits(text, 11, 2), text[13] == UInt8(ascii: ":"), hour < 24,
            let minute = digits(text, 14, 2), text[16] == UInt8(ascii: ":"), minute < 60,
            let second = digits(text, 17, 2), second <= 60
        else { return nil }
        var at = 19
        var fraction = 0
        if text[at] == UInt8(ascii: ".") {
            at += 1
            let start = at
            var scale = 100
            while at < text.count, text[at] &- 48 < 10 {
                fraction += Int(text[at] - 48) * scale
                scale /= 10
                at += 1
            }
            guard at > start else { return nil }
        }
        guard let offset = Self.offset(text, at) else { return nil }
        let days = daysFromCivil(year: year, month: month, day: day)
        let seconds = (days * 24 + hour) * 3600 + minute * 60 + second - offset * 60
        self.init(Int64(seconds * 1000 + fraction))
    }

    /// The minutes of `Z` or `±hh:mm` at the end of the text.
    private static func offset(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int? {
        guard at < text.count else { return nil }
        if text[at] | 0x20 == UInt8(ascii: "z") { return at + 1 == text.count ? 0 : nil }
        guard text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-"), at + 6 == text.count,
            let hours = digits(text, at + 1, 2), hours < 24, text[at + 3] == UInt8(ascii: ":"),
            let minutes = digits(text, at + 4, 2), minutes < 60
        else { return nil }
        return text[at] == UInt8(ascii: "-") ? -(hours * 60 + minutes) : hours * 60 + minutes
    }

    /// RFC 3339 in UTC, with milliseconds only where there are any: `2026-03-01T10:00:00.250Z`.
    ///
    /// ``never`` and moments outside of the years 0 to 9999, which the standard cannot write, come as the nearest one.
    public var rfc3339: String {
        let bounded = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let days = Int(bounded.flooredDivision(by: 86_400_000))
        let rest = Int(bounded) - days * 86_400_000
        let (year, month, day) = civil(fromDays: days)
        return String(unsafeUninitializedCapacity: 24) { text in
            var end = 0
            func put(_ value: Int, _ width: Int, then mark: UInt8) {
                var left = value
                for place in stride(from: end + width - 1, through: end, by: -1) {
                    text[place] = UInt8(ascii: "0") + UInt8(left % 10)
                    left /= 10
                }
                text[end + width] = mark
                end += width + 1
            }
            put(year, 4, then: UInt8(ascii: "-"))
            put(month, 2, then: UInt8(ascii: "-"))
            put(day, 2, then: UInt8(ascii: "T"))
            put(rest / 3_600_000, 2, then: UInt8(ascii: ":"))
            put(rest / 60_000 % 60, 2, then: UInt8(ascii: ":"))
            put(rest / 1000 % 60, 2, then: rest % 1000 == 0 ? UInt8(ascii: "Z") : UInt8(ascii: "."))
            if rest % 1000 != 0 { put(rest % 1000, 3, then: UInt8(ascii: "Z")) }
            return end
        }
    }

    /// RFC 3339, or `never`.
    public var description: String { isKnown ? rfc3339 : "never" }
}

private func digits(_ text: UnsafeBufferPointer<UInt8>, _ from: Int, _ count: Int) -> Int? {
    var value = 0
    for at in from..<from + count {
        let digit = text[at] &- 48
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}

private func daysIn(month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March (Hinnant).
private func daysFromCivil(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
