/// The field `Link` of an answer's head (RFC 8288, section 3).
enum LinkField {
    /// The target of the first link to the next page.
    static func next(_ field: String) -> String? {
        var rest = field[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let target = rest[rest.index(after: open)..<close]
            rest = rest[rest.index(after: close)...]
            var relations: [Substring]?
            var end: Character?
            repeat {
                let parameter = takeParameter(from: &rest, &end)
                // A second "rel" says nothing.
                relations = relations ?? Self.relations(parameter)
            } while end == ";"
            if relations?.contains(where: { $0.lowercased() == "next" }) == true { return String(target) }
        }
        return nil
    }

    /// Takes what stands before a semicolon or comma that isn't in quotes, and that; its own quotes are left out.
    private static func takeParameter(from rest: inout Substring, _ end: inout Character?) -> String {
        var text = ""
        var isQuoted = false
        while let character = rest.popFirst() {
            switch character {
            case "\"": isQuoted.toggle()
            case "\\" where isQuoted: if let escaped = rest.popFirst() { text.append(escaped) }
            case ";" where !isQuoted, "," where !isQuoted:
                end = character
                return text
            default: text.append(character)
            }
        }
        end = nil
        return text
    }

    /// The words of `rel="next last"`; nil for other parameters.
    private static func relations(_ parameter: String) -> [Substring]? {
        let parts = parameter.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }).lowercased() == "rel" else { return nil }
        return parts[1].split(whereSeparator: \.isWhitespace)
    }
}
