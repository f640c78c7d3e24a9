import Document

/// One option of a format, as the reference shows it.
public struct OptionReference: Sendable {
    /// The key in configurations.
    public let name: String
    /// The values it takes.
    public let values: String
    /// What holds without it.
    public let standard: String
    /// What it does.
    public let meaning: String

    init(_ name: String, _ values: String, standard: String, _ meaning: String) {
        self.name = name
        self.values = values
        self.standard = standard
        self.meaning = meaning
    }
}

/// A configuration that names no known option, or gives one a wrong value.
public struct OptionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The option, below its format: `csv.delimiter`.
    public let path: String
    /// What is wrong, and what is expected.
    public let reason: String

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    /// `csv.delimiter: reason`.
    public var description: String { "\(path): \(reason)" }
}

/// Reads one typed options struct out of a JSON object.
struct OptionForm {
    let format: String
    private let members: [JSON.Member]
    private let known: [String]

    /// Checks that there are only known keys; `null` is an empty object.
    init(_ value: JSON, of format: String, _ known: [OptionReference]) throws(OptionError) {
        self.format = format
        self.known = known.map(\.name)
        if value.isNull {
            members = []
            return
        }
        guard let members = value.object else { throw OptionError(format, "expected an object of options") }
        self.members = members
        for member in members where !self.known.contains(member.key) {
            throw OptionError("\(format).\(member.key)", "no such option" + hint(member.key, self.known))
        }
    }

    subscript(_ key: String) -> JSON? {
        precondition(known.contains(key), "the option '\(key)' is not in the reference of '\(format)'")
        return members.first { $0.key == key }?.value
    }

    func wrong(_ key: String, _ expected: String) -> OptionError {
        OptionError("\(format).\(key)", "expected \(expected)")
    }

    func string(_ key: String) throws(OptionError) -> String? {
        guard let value = self[key] else { return nil }
        guard let string = value.string else { throw wrong(key, "a text") }
        return string
    }

    func bool(_ key: String, standard: Bool) throws(OptionError) -> Bool {
        guard let value = self[key] else { return standard }
        guard let bool = value.bool else { throw wrong(key, "true or false") }
        return bool
    }

    func integer(_ key: String, in range: ClosedRange<Int>, standard: Int) throws(OptionError) -> Int {
        guard let value = self[key] else { return standard }
        guard let integer = value.integer, range.contains(integer) else {
            throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// A list of texts; one text alone is a list of one.
    func strings(_ key: String) throws(OptionError) -> [String] {
        guard let value = self[key] else { return [] }
        guard let strings = Self.strings(value) else { throw wrong(key, "a text or a list of texts") }
        return strings
    }

    static func strings(_ value: JSON) -> [String]? {
        if let string = value.string { return [string] }
        guard let array = value.array else { return nil }
        let strings = array.compactMap(\.string)
        return strings.count == array.count ? strings : nil
    }

    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, standard: Choice
    ) throws(OptionError) -> Choice {
        guard let value = self[key] else { return standard }
        let names = Choice.allCases.map(\.rawValue)
        guard let name = value.string else { throw wrong(key, "one of " + names.joined(separator: ", ")) }
        guard let choice = Choice(rawValue: name) else {
            throw OptionError("\(format).\(key)", "'\(name)' is none of " + names.joined(separator: ", "))
        }
        return choice
    }

    /// One ASCII character.
    func character(_ key: String, standard: UInt8) throws(OptionError) -> UInt8 {
        guard let text = try string(key) else { return standard }
        guard text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80 else {
            throw wrong(key, "one ASCII character")
        }
        return byte
    }
}

/// `; did you mean 'x'?`, or the list of what is known.
func hint(_ name: String, _ known: [String]) -> String {
    if let near = nearest(name, known) { return "; did you mean '\(near)'?" }
    return known.isEmpty ? "" : "; known are " + known.joined(separator: ", ")
}

/// The name that was meant, if any is near.
func nearest(_ name: String, _ known: [String]) -> String? {
    let near = known.map { (name: $0, distance: editDistance(name, $0)) }.min { $0.distance < $1.distance }
    return near.flatMap { $0.distance <= max(2, name.utf8.count / 3) ? $0.name : nil }
}

/// Levenshtein's distance.
private func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.lowercased().utf8)
    let right = Array(right.lowercased().utf8)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}
