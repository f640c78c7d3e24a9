/// Writes comma-separated values (RFC 4180, with the separator of one's choice).
struct CSVText {
    let separator: Character
    private(set) var text = ""

    init(separator: Character) { self.separator = separator }

    /// Adds a row; fields are quoted where they must be.
    mutating func row(_ fields: [String]) {
        text += fields.map(quoted).joined(separator: String(separator)) + "\r\n"
    }

    private func quoted(_ field: String) -> String {
        guard
            field.unicodeScalars.contains(where: { $0 == "\"" || $0 == "\n" || $0 == "\r" })
                || field.contains(separator) || field.first == " " || field.last == " "
        else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    /// Reads comma-separated values: rows of fields. Blank lines are left out.
    static func rows(of text: String, separator: Unicode.Scalar) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = String.UnicodeScalarView()
        var isQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch scalar {
            case "\"" where isQuoted && next == "\"":
                field.append(scalar)
                next = scalars.next()
            case "\"": isQuoted.toggle()
            case separator where !isQuoted:
                row.append(String(field))
                field = .init()
            case "\r" where !isQuoted && next == "\n": break
            case "\n" where !isQuoted:
                if !row.isEmpty || !field.isEmpty { rows.append(row + [String(field)]) }
                row = []
                field = .init()
            default: field.append(scalar)
            }
        }
        if !row.isEmpty || !field.isEmpty { rows.append(row + [String(field)]) }
        return rows
    }
}
