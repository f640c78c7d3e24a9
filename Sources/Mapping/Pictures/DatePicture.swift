import Document
import Patterns

/// How a date and time is written, as XPath's `format-dateTime` has it (F&O 9.8.4): `[Y0001]-[M01]-[D01]`.
struct DatePicture: Sendable {
    enum Part: Sendable {
        case literal(String)
        case marker(Marker)
    }

    struct Marker: Sendable {
        var component: Character
        /// Written as a name: in this case of letters.
        var names: IntegerPicture.Case?
        var integer: IntegerPicture?
        /// What is wrong with the number's picture; told when it is needed, after what is wrong before it.
        var failure: PictureError?
        var minWidth: Int?
        var maxWidth: Int?
        /// The year's digits that are written; nil for all.
        var yearDigits: Int?
        /// `t`: the offset of UTC is written as Z.
        var isTraditional = false
    }

    private(set) var parts: [Part] = []

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let defaults: [Character: String] = [
        "Y": "1", "M": "1", "D": "1", "d": "1", "F": "n", "W": "1", "w": "1", "X": "1", "x": "1", "H": "1", "h": "1",
        "P": "n", "m": "01", "s": "01", "f": "1", "Z": "01:01", "z": "01:01", "C": "n", "E": "n",
    ]

    init(_ picture: String) throws(PictureError) {
        let characters = Array(picture)
        var literal = ""
        var at = 0
        while at < characters.count {
            let character = characters[at]
            if character == "[", at + 1 < characters.count, characters[at + 1] == "[" {
                literal.append("[")
                at += 2
            } else if character == "[" {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                guard let end = characters[at...].firstIndex(of: "]") else {
                    throw PictureError(code: "D3135", message: "a '[' of a date picture is not closed by ']'")
                }
                try add(marker: characters[(at + 1)..<end].filter { !$0.isWhitespace })
                at = end + 1
            } else {
                literal.append(character)
                at += character == "]" && at + 1 < characters.count && characters[at + 1] == "]" ? 2 : 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
    }

    /// What is written as wide as the picture says must not exhaust the memory.
    private static let widest = 1000

    private mutating func add(marker text: [Character]) throws(PictureError) {
        var marker = Marker(component: text.first ?? " ")
        var presentation = String(text.dropFirst())
        if let comma = text.lastIndex(of: ",") {
            presentation = String(text[1..<max(comma, 1)])
            let widths = text[(comma + 1)...].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            marker.minWidth = Int(String(widths.first ?? []))
            marker.maxWidth = widths.count > 1 ? Int(String(widths[1])) : nil
            guard max(marker.minWidth ?? 0, marker.maxWidth ?? 0) <= Self.widest else {
                throw PictureError(code: "U2008", message: "a width of a date picture is at most \(Self.widest)")
            }
        }
        var modifier: Character?
        if presentation.count > 1, let last = presentation.last, "atco".contains(last) {
            modifier = last
            presentation.removeLast()
        }
        if presentation.isEmpty { presentation = Self.defaults[marker.component] ?? "" }
        guard !presentation.isEmpty, Self.defaults[marker.component] != nil else {
            throw PictureError(code: "D3132", message: "no such component in a date picture: \(marker.component)")
        }
        marker.isTraditional = modifier == "t"
        if "Zz".contains(marker.component) {
            marker.integer = try? IntegerPicture(presentation)
        } else if presentation.hasPrefix("n") {
            marker.names = .lower
        } else if presentation.hasPrefix("N") {
            marker.names = presentation.hasPrefix("Nn") ? .title : .upper
        } else if !"PCE".contains(marker.component) {
            do throws(PictureError) {
                try setInteger(&marker, modifier.map { "\(presentation);\($0)" } ?? presentation)
            } catch {
                marker.failure = error
            }
        }
        parts.append(.marker(marker))
    }

    private mutating func setInteger(_ marker: inout Marker, _ picture: String) throws(PictureError) {
        var integer = try IntegerPicture(picture)
        if let least = marker.minWidth, integer.style == .decimal, integer.mandatoryDigits < least {
            integer.mandatoryDigits = least
        }
        if marker.component == "Y" {
            if let most = marker.maxWidth {
                marker.yearDigits = most
                integer.mandatoryDigits = most
            } else if integer.mandatoryDigits + integer.optionalDigits >= 2 {
                marker.yearDigits = integer.mandatoryDigits + integer.optionalDigits
            }
        }
        marker.integer = integer
        // A number directly behind another one: the width of that one must be fixed for parsing.
        if case .marker(var previous) = parts.last, previous.integer != nil {
            previous.integer!.parseWidth = previous.integer!.mandatoryDigits
            parts[parts.count - 1] = .marker(previous)
        }
    }

    // MARK: Writing

    /// A time's text, at an offset from UTC in minutes.
    func format(_ milliseconds: Int, offset: Int) throws(PictureError) -> String {
        let time = CivilTime(milliseconds: milliseconds + offset * 60_000)
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .marker(let marker): text += try Self.format(marker, time, offset)
            }
        }
        return text
    }

    private static func format(
        _ marker: Marker, _ time: CivilTime, _ offset: Int
    ) throws(PictureError) -> String {
        switch marker.component {
        case "Z", "z": return try zone(marker, offset)
        case "P":
            let half = time.hour >= 12 ? "pm" : "am"
            return marker.names == .upper ? half.uppercased() : half
        case "C", "E": return "ISO"
        default: break
        }
        if let failure = marker.failure { throw failure }
        var value = fragment(marker.component, time)
        if let digits = marker.yearDigits, digits > 0, digits < 10 {
            value %= [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000][digits]
        }
        guard let names = marker.names else { return try marker.integer!.format(Number(value)) }
        var name: String
        switch marker.component {
        case "M", "x": name = months[value - 1]
        case "F": name = days[value - 1]
        default: throw noName(marker.component)
        }
        if names != .title { name = names == .upper ? name.uppercased() : name.lowercased() }
        return marker.maxWidth.map { String(name.prefix($0)) } ?? name
    }

    static func noName(_ component: Character) -> PictureError {
        PictureError(code: "D3133", message: "only months and days have names, not the component \(component)")
    }

    static func fragment(_ component: Character, _ time: CivilTime) -> Int {
        switch component {
        case "Y": time.year
        case "M": time.month
        case "D": time.day
        case "d": time.dayOfYear
        case "F": time.dayOfWeek
        case "W": time.weekOfYear
        case "w": time.weekOfMonth
        case "X": time.weekYear
        case "x": time.weekMonth
        case "H": time.hour
        case "h": time.hour % 12 == 0 ? 12 : time.hour % 12
        case "m": time.minute
        case "s": time.second
        case "f": time.millisecond
        default: 0
        }
    }

    private static func zone(_ marker: Marker, _ offset: Int) throws(PictureError) -> String {
        let tooLong = PictureError(code: "D3134", message: "a time zone has one to four digits")
        guard let picture = marker.integer else { throw tooLong }
        if offset == 0, marker.isTraditional { return "Z" }
        let hours = offset / 60
        let minutes = abs(offset % 60)
        let both = Number(hours.magnitude.description)! * Number(100) + Number(minutes)
        var text: String
        if picture.interval > 0 || (3...4).contains(picture.mandatoryDigits) {
            text = try picture.format(both)
        } else if (1...2).contains(picture.mandatoryDigits) {
            text = try picture.format(Number(Int(hours.magnitude)))
            if minutes != 0 { text += ":" + (minutes < 10 ? "0" : "") + "\(minutes)" }
        } else {
            throw tooLong
        }
        text = (offset < 0 ? "-" : "+") + text
        return marker.component == "z" ? "GMT" + text : text
    }
}
