import Document
import Patterns

/// Reads dates and times that are written after a picture.
struct DateReader: Sendable {
    private let markers: [DatePicture.Marker]
    private let pattern: Pattern

    init(_ picture: DatePicture) throws(PictureError) {
        var markers: [DatePicture.Marker] = []
        var source = "^"
        for part in picture.parts {
            switch part {
            case .literal(let text): source += Self.escaped(text)
            case .marker(let marker):
                source += "(" + (try Self.pattern(of: marker)) + ")"
                markers.append(marker)
            }
        }
        self.markers = markers
        do {
            pattern = try Pattern(source + "$", flags: .ignoreCase)
        } catch {
            throw PictureError(code: "D3132", message: "the date picture can't be read by: \(error.reason)")
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if ".*+?^${}()|[]\\/".contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }

    private static func pattern(of marker: DatePicture.Marker) throws(PictureError) -> String {
        switch marker.component {
        case "Z", "z":
            let separator = marker.integer.flatMap { $0.interval > 0 ? $0.separators.first?.character : nil }
            return (marker.component == "z" ? "GMT" : "") + "[\\-+][0-9]+"
                + (separator.map { escaped(String($0)) + "[0-9]+" } ?? "")
        case "f": return "[0-9]+"
        default:
            if let failure = marker.failure { throw failure }
            if let integer = marker.integer { return integer.pattern }
            guard "MxFP".contains(marker.component) else { throw DatePicture.noName(marker.component) }
            return "[a-zA-Z]+"
        }
    }

    /// The milliseconds that a text means; nil when it doesn't follow the picture. What the picture leaves out above its
    /// largest component is taken from `now`; what it leaves out below its smallest one is the beginning.
    func read(_ text: String, now: Int) throws(PictureError) -> Int? {
        guard let match = pattern.firstMatch(in: text) else { return nil }
        let utf8 = Array(text.utf8)
        var values: [Character: Int] = [:]
        var isGiven = false
        for (marker, range) in zip(markers, match.captures) {
            guard let range else { continue }
            let piece = String(decoding: utf8[range], as: UTF8.self)
            isGiven = true
            let read = Self.value(of: marker, piece)
            // A name that there is not counts as not given.
            if read == nil, marker.integer == nil, "MxFP".contains(marker.component) { continue }
            guard let value = read, value.magnitude <= Self.largest else { return nil }
            values[marker.component] = value
        }
        if !isGiven { return nil }
        let milliseconds = try milliseconds(&values, now: now)
        return milliseconds.magnitude <= CivilTime.farthest ? milliseconds : nil
    }

    /// What a component may count to: no date that there is needs more, and the sums stay within 64 bits.
    private static let largest = 100_000_000

    private static func value(of marker: DatePicture.Marker, _ text: String) -> Int? {
        switch marker.component {
        case "Z", "z": return offset(text, marker)
        case "f": return Int(text.prefix(3).padded(to: 3))
        case "P": return text.lowercased() == "pm" ? 1 : text.lowercased() == "am" ? 0 : nil
        default:
            if let integer = marker.integer { return integer.parse(text)?.integer }
            let names = marker.component == "F" ? DatePicture.days : DatePicture.months
            let wanted = text.lowercased()
            let place = names.firstIndex { name in
                String(name.prefix(marker.maxWidth ?? name.count)).lowercased() == wanted
            }
            return place.map { $0 + 1 }
        }
    }

    /// An offset from UTC in minutes: `+05:30`, `-0530`, `+5`, `GMT-5`.
    private static func offset(_ text: String, _ marker: DatePicture.Marker) -> Int? {
        let own = marker.component == "z" ? text.dropFirst(3) : Substring(text)
        let isNegative = own.first == "-"
        let digits = own.dropFirst()
        let separator = marker.integer.flatMap { $0.interval > 0 ? $0.separators.first?.character : nil }
        let hours: Substring
        let minutes: Substring
        if let separator, let at = digits.firstIndex(of: separator) {
            hours = digits[..<at]
            minutes = digits[digits.index(after: at)...]
        } else {
            hours = digits.prefix(2)
            minutes = digits.dropFirst(2)
        }
        guard let hour = Int(hours), let minute = minutes.isEmpty ? 0 : Int(minutes), max(hour, minute) <= largest
        else {
            return nil
        }
        return (isNegative ? -1 : 1) * (hour * 60 + minute)
    }

    private func milliseconds(_ values: inout [Character: Int], now: Int) throws(PictureError) -> Int {
        // Which components together make the date and the time: as few foreign ones as possible.
        func onlyOf(_ own: String, _ all: String) -> Bool {
            let present = all.filter { values[$0, default: 0] != 0 }
            return !present.isEmpty && present.allSatisfy { own.contains($0) }
        }
        let isMonthDate = onlyOf("YMD", "YXMxWwdD")
        let isDayDate = !isMonthDate && onlyOf("Yd", "YXMxWwdD")
        guard !onlyOf("XxwF", "YXMxWwdD"), !onlyOf("XWF", "YXMxWwdD") else { throw Self.gaps }
        let isHalfDay = !onlyOf("Hmsf", "PHhmsf") && onlyOf("Phmsf", "PHhmsf")
        let components = (isDayDate ? "Yd" : "YMD") + (isHalfDay ? "Phmsf" : "Hmsf")
        let current = CivilTime(milliseconds: now)
        var begun = false
        var ended = false
        for component in components {
            if values[component] != nil {
                begun = true
                if ended { throw Self.gaps }
            } else if begun {
                values[component] = "MDd".contains(component) ? 1 : 0
                ended = true
            } else {
                values[component] = component == "P" ? 0 : DatePicture.fragment(component, current)
            }
        }
        var hour = values["H", default: 0]
        if isHalfDay {
            hour = values["h", default: 0]
            hour = (hour == 12 ? 0 : hour) + (values["P", default: 0] == 1 ? 12 : 0)
        }
        let written = values["Y", default: 1970]
        // Years of two digits are of the twentieth century, as in JavaScript's dates.
        let year = (0..<100).contains(written) ? 1900 + written : written
        let date =
            isDayDate
            ? CivilTime.milliseconds(year, 1, values["d", default: 1])
            : CivilTime.milliseconds(year, max(values["M", default: 1], 1), values["D", default: 1])
        let time = (hour * 60 + values["m", default: 0]) * 60_000 + values["s", default: 0] * 1000
        let offset = values["Z"] ?? values["z"] ?? 0
        return date + time + values["f", default: 0] - offset * 60_000
    }

    private static let gaps = PictureError(
        code: "D3136", message: "the date picture leaves gaps: a date needs all components from its largest on")
}

extension Substring {
    /// With zeros behind up to a width.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: "0", count: Swift.max(0, width - count))
    }
}
