import Document

/// What the cells of a column hold.
enum CSVType: Sendable {
    /// The text as it stands.
    case text
    /// A decimal number, exact.
    case number
    /// A number without decimals.
    case integer
    /// A calendar date or local time in this pattern; it becomes ISO 8601 (`2026-01-31`, `2026-01-31T08:30:00`).
    case date(DatePattern)

    init?(_ json: JSON) {
        switch json {
        case "text": self = .text
        case "number": self = .number
        case "integer": self = .integer
        default:
            guard json.object?.count == 1, let text = json["date"]?.string, let pattern = DatePattern(text) else {
                return nil
            }
            self = .date(pattern)
        }
    }

    /// Whether cells are taken as they are.
    var isText: Bool { if case .text = self { true } else { false } }

    /// What an error expects.
    var expectation: String {
        switch self {
        case .text: "a text"
        case .number: "a number"
        case .integer: "a whole number"
        case .date(let pattern): "a date written \(pattern.text)"
        }
    }
}

/// How numbers are written in a file.
struct DecimalNotation {
    let mark: UInt8
    let thousands: UInt8?

    /// Rewrites a number the way JSON has it; false when the text isn't one.
    ///
    /// A sign may stand before or, as some ERPs do, behind. Groups must have three digits each, so that a decimal point
    /// is not taken for a group mark.
    func normalize(_ text: UnsafeBufferPointer<UInt8>, into json: inout [UInt8]) -> Bool {
        json.removeAll(keepingCapacity: true)
        var at = 0
        var end = text.count
        var negative = false
        if end > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            negative = text[0] == UInt8(ascii: "-")
            at = 1
        } else if end > 1, text[end - 1] == UInt8(ascii: "-") {
            negative = true
            end -= 1
        }
        if negative { json.append(UInt8(ascii: "-")) }
        guard integerPart(text, &at, end, into: &json) else { return false }
        if at < end {
            guard text[at] == mark, at + 1 < end else { return false }
            at += 1
            json.append(UInt8(ascii: "."))
            while at < end, isDigit(text[at]) {
                json.append(text[at])
                at += 1
            }
        }
        // More digits than a Number keeps would be rounded, silently (I10).
        return at == end && json.count { isDigit($0) } <= Number.maxDigits
    }

    private func integerPart(
        _ text: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ end: Int, into json: inout [UInt8]
    ) -> Bool {
        var digits = 0
        var sinceGroup = 0
        var grouped = false
        let first = json.count
        while at < end {
            if isDigit(text[at]) {
                // JSON has no leading zeros.
                if json.count == first + 1, json[first] == UInt8(ascii: "0") { json.removeLast() }
                json.append(text[at])
                digits += 1
                sinceGroup += 1
                at += 1
            } else if let width = groupMark(text, at, end) {
                guard grouped ? sinceGroup == 3 : (1...3).contains(sinceGroup) else { return false }
                grouped = true
                sinceGroup = 0
                at += width
            } else {
                break
            }
        }
        return digits > 0 && (!grouped || sinceGroup == 3)
    }

    /// The width of a group mark at this place. A space may be a no-break one (U+00A0), or a narrow one (U+202F).
    private func groupMark(_ text: UnsafeBufferPointer<UInt8>, _ at: Int, _ end: Int) -> Int? {
        guard let thousands else { return nil }
        if text[at] == thousands { return 1 }
        guard thousands == UInt8(ascii: " ") else { return nil }
        if at + 1 < end, text[at] == 0xC2, text[at + 1] == 0xA0 { return 2 }
        if at + 2 < end, text[at] == 0xE2, text[at + 1] == 0x80, text[at + 2] == 0xAF { return 3 }
        return nil
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
