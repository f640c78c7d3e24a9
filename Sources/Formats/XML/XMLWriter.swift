import Document

/// Writes documents as elements.
///
/// `@name` members become attributes, `$text` text, arrays repeated elements, null `xsi:nil`; other members child
/// elements. With `record` the documents lie inside the path's outer elements; without, one object with one member is
/// the document.
struct XMLWriter: RecordWriter {
    private struct Fault: Error {
        let field: String?
        let reason: String
    }

    private let options: XMLOptions
    private var bytes: [UInt8] = []
    private var hasBegun = false
    private var records = 0

    init(_ options: XMLOptions) { self.options = options }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func write(_ document: Node) throws(FormatError) {
        records += 1
        let before = (bytes.count, hasBegun)
        do throws(Fault) {
            if let name = options.record.last {
                begin()
                try element(name, document, depth: options.record.count)
                append("\n")
            } else {
                try writeDocument(document)
            }
        } catch {
            bytes.removeSubrange(before.0...)
            hasBegun = before.1
            let position = RecordPosition(record: records, line: records, bytes: 0..<0)
            throw FormatError(.record, at: position, field: error.field, error.reason)
        }
    }

    mutating func finish() throws(FormatError) {
        guard !options.record.isEmpty else { return }
        begin()
        for name in options.record.dropLast().reversed() { append("</\(name)>") }
        if options.record.count > 1 { append("\n") }
    }

    private mutating func writeDocument(_ document: Node) throws(Fault) {
        guard !hasBegun else {
            throw Fault(field: nil, reason: "a second document in one file; 'record' puts many into one root")
        }
        var members = document.members
        guard let root = members.next(), members.next() == nil, root.value.kind != .array else {
            throw Fault(field: nil, reason: "expected an object with one member: the root element")
        }
        begin()
        try element(root.key.string!, root.value, depth: 1)
        append("\n")
    }

    /// The declaration, and the elements around the records.
    private mutating func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        for (place, name) in options.record.dropLast().enumerated() {
            append("<\(name)")
            if place == 0 { declareNamespaces() }
            append(">\n")
        }
    }

    private mutating func declareNamespaces() {
        for (prefix, uri) in options.namespaces {
            append(prefix.isEmpty ? " xmlns=\"" : " xmlns:\(prefix)=\"")
            append(escaping: Array(uri.utf8), isAttribute: true)
            append("\"")
        }
        append(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"")
    }

    private mutating func element(_ name: String, _ value: Node, depth: Int) throws(Fault) {
        guard XMLName.isValid(name) else { throw Fault(field: name, reason: "no name of an element") }
        guard depth <= XMLOptions.maximumDepth else { throw Fault(field: name, reason: "nested too deeply") }
        append("<\(name)")
        if depth == 1 { declareNamespaces() }
        let text = value.kind == .object ? value["$text"] : value
        if text?.isNull == true { append(" xsi:nil=\"true\"") }
        for member in value.members {
            let key = member.key.string!
            guard key.hasPrefix("@") else { continue }
            guard XMLName.isValid(String(key.dropFirst())) else { throw Fault(field: key, reason: "no name") }
            append(" \(key.dropFirst())=\"")
            append(escaping: try scalar(member.value, key), isAttribute: true)
            append("\"")
        }
        append(">")
        for member in value.members where member.key.string! != "$text" && !member.key.string!.hasPrefix("@") {
            let key = member.key.string!
            guard member.value.kind == .array else {
                try element(key, member.value, depth: depth + 1)
                continue
            }
            for child in member.value.elements { try element(key, child, depth: depth + 1) }
        }
        if let text, !text.isNull { append(escaping: try scalar(text, name), isAttribute: false) }
        append("</\(name)>")
    }

    private func scalar(_ value: Node, _ field: String) throws(Fault) -> [UInt8] {
        switch value.kind {
        case .true, .false: return Array((value.bool! ? "true" : "false").utf8)
        case .number: return Array(value.utf8)
        case .string:
            let isAllowed = value.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
            guard isAllowed else { throw Fault(field: field, reason: "a control character, which XML does not have") }
            return Array(value.utf8)
        default:
            throw Fault(field: field, reason: "expected a text, a number or a truth value, found \(value.foundKind)")
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Escapes what is markup, and what readers would change: carriage returns, and line ends in attributes.
    private mutating func append(escaping text: [UInt8], isAttribute: Bool) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): append("&amp;")
            case UInt8(ascii: "<"): append("&lt;")
            case UInt8(ascii: ">"): append("&gt;")
            case UInt8(ascii: "\"") where isAttribute: append("&quot;")
            case 0x0D: append("&#13;")
            case 0x09 where isAttribute: append("&#9;")
            case 0x0A where isAttribute: append("&#10;")
            default: bytes.append(byte)
            }
        }
    }
}
