/// A pattern of a date or local time, with the letters of Unicode's date fields (UTS 35): `yyyy` or `yy`, `MM` or `M`,
/// `dd` or `d`, and `HH` or `H`, `mm`, `ss`. Other characters stand for themselves.
///
/// Two-digit years are those from 1969 to 2068 (POSIX).
struct DatePattern: Sendable {
    /// The pattern as it was given.
    let text: String
    private let tokens: [Token]
    private let hasTime: Bool
    private let hasSeconds: Bool

    private enum Token: Hashable {
        case year4, year2
        case part(Part, padded: Bool)
        case literal(UInt8)
    }

    private enum Part: Int {
        case month, day, hour, minute, second
    }

    /// A pattern; nil when it lacks year, month or day, or has letters of other meanings.
    init?(_ text: String) {
        self.text = text
        var tokens: [Token] = []
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var rest = Array(text.utf8)[...]
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }.count
            rest = rest.dropFirst(run)
            switch (Character(Unicode.Scalar(letter)), run) {
            case ("y", 4): tokens.append(.year4)
            case ("y", 2): tokens.append(.year2)
            case ("M", 1...2): tokens.append(.part(.month, padded: run == 2))
            case ("d", 1...2): tokens.append(.part(.day, padded: run == 2))
            case ("H", 1...2): tokens.append(.part(.hour, padded: run == 2))
            case ("m", 2): tokens.append(.part(.minute, padded: true))
            case ("s", 2): tokens.append(.part(.second, padded: true))
            case ("A"..."Z", _), ("a"..."z", _):
                guard letter == UInt8(ascii: "T"), run == 1 else { return nil }
                tokens.append(.literal(letter))
            default: tokens.append(contentsOf: repeatElement(.literal(letter), count: run))
            }
        }
        func has(_ part: Part) -> Int {
            tokens.count { if case .part(part, _) = $0 { true } else { false } }
        }
        let years = tokens.count { $0 == .year4 || $0 == .year2 }
        guard years == 1, has(.month) == 1, has(.day) == 1, has(.hour) == has(.minute), has(.hour) <= 1,
            has(.second) <= has(.hour)
        else { return nil }
        self.tokens = tokens
        hasTime = has(.hour) == 1
        hasSeconds = has(.second) == 1
    }

    /// Reads a text in this pattern; nil when it isn't one or names no day of the calendar.
    func iso(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        var year = 0
        var parts = [1, 1, 0, 0, 0]
        var at = 0
        func digits(_ least: Int, _ most: Int) -> Int? {
            var value = 0
            var count = 0
            while count < most, at < text.count, isDigit(text[at]) {
                value = value * 10 + Int(text[at] - 48)
                at += 1
                count += 1
            }
            return count >= least ? value : nil
        }
        for token in tokens {
            switch token {
            case .year4:
                guard let value = digits(4, 4) else { return nil }
                year = value
            case .year2:
                guard let value = digits(2, 2) else { return nil }
                year = value + (value < 69 ? 2000 : 1900)
            case .part(let part, let padded):
                guard let value = digits(padded ? 2 : 1, 2) else { return nil }
                parts[part.rawValue] = value
            case .literal(let byte):
                guard at < text.count, text[at] == byte else { return nil }
                at += 1
            }
        }
        guard at == text.count, Self.exists(year, parts) else { return nil }
        return Self.iso(year, parts, time: hasTime)
    }

    private static func exists(_ year: Int, _ parts: [Int]) -> Bool {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return year > 0 && (1...12).contains(parts[0]) && (1...days[parts[0] - 1]).contains(parts[1])
            && parts[2] < 24 && parts[3] < 60 && parts[4] < 60
    }

    private static func iso(_ year: Int, _ parts: [Int], time: Bool) -> String {
        let date = "\(padded(year, 4))-\(padded(parts[0], 2))-\(padded(parts[1], 2))"
        return time ? "\(date)T\(padded(parts[2], 2)):\(padded(parts[3], 2)):\(padded(parts[4], 2))" : date
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Writes an ISO 8601 date or local time in this pattern; nil when the text isn't one, or has a time that the
    /// pattern would lose.
    func write(iso text: String) -> String? {
        let forms = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm"].compactMap { DatePattern($0) }
        guard let form = forms.first(where: { $0.parts(of: text) != nil }), let parts = form.parts(of: text) else {
            return nil
        }
        if !hasTime, parts[3...].contains(where: { $0 != 0 }) { return nil }
        if hasTime, !hasSeconds, parts[5] != 0 { return nil }
        if tokens.contains(.year2), !(1969...2068).contains(parts[0]) { return nil }
        return tokens.map { token in
            switch token {
            case .year4: Self.padded(parts[0], 4)
            case .year2: Self.padded(parts[0] % 100, 2)
            case .part(let part, let padded): Self.padded(parts[part.rawValue + 1], padded ? 2 : 1)
            case .literal(let byte): String(Character(Unicode.Scalar(byte)))
            }
        }.joined()
    }

    private func parts(of text: String) -> [Int]? {
        var text = text
        guard let iso = text.withUTF8({ self.iso($0) }) else { return nil }
        return iso.split { !$0.isNumber }.compactMap { Int($0) } + (hasTime ? [] : [0, 0, 0])
    }
}
