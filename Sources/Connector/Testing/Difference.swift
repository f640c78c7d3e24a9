import Document

/// How two JSON values differ, field by field.
enum Difference {
    /// One line a place: `/0/data/price: expected 19.90, found 20`.
    static func lines(expected: JSON, found: JSON, at path: String = "") -> [String] {
        if expected == found { return [] }
        switch (expected, found) {
        case (.object(let wanted), .object(let seen)):
            let missing = wanted.flatMap { member -> [String] in
                guard let other = found[member.key] else {
                    return ["\(path)/\(member.key): expected \(member.value.text), found nothing"]
                }
                return lines(expected: member.value, found: other, at: "\(path)/\(member.key)")
            }
            let extra = seen.filter { expected[$0.key] == nil }.map {
                "\(path)/\($0.key): expected nothing, found \($0.value.text)"
            }
            return missing + extra
        case (.array(let wanted), .array(let seen)):
            return (0..<max(wanted.count, seen.count)).flatMap { place -> [String] in
                switch (expected[place], found[place]) {
                case (let one?, let other?): lines(expected: one, found: other, at: "\(path)/\(place)")
                case (let one?, nil): ["\(path)/\(place): expected \(one.text), found nothing"]
                case (nil, let other?): ["\(path)/\(place): expected nothing, found \(other.text)"]
                case (nil, nil): []
                }
            }
        default: return ["\(path.isEmpty ? "/" : path): expected \(expected.text), found \(found.text)"]
        }
    }
}
