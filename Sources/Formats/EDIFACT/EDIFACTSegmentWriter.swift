import Document

/// Writes segments: components to their places, separators escaped.
struct EDIFACTSegmentWriter {
    /// A document that can't be written.
    struct Fault: Error {
        let field: String
        let reason: String
        let remedy: String?
    }

    let options: EDIFACTOptions
    var bytes: [UInt8] = []
    /// How many segments were written since the count was last set.
    var count = 0
    /// What the open interchange declares.
    private(set) var declared = Declared()

    struct Declared {
        fileprivate var isASCII = false
        fileprivate var iconv: Iconv?
        fileprivate var repeats = false
    }

    init(_ options: EDIFACTOptions) { self.options = options }

    /// Sets the character set and the separators of an interchange.
    mutating func begin(syntax: String, version: Int) throws(Fault) {
        guard let name = options.encoding?.iconvName ?? EDIFACTCharset.iconvName(of: syntax) else {
            throw Fault(
                field: "interchange.syntax", reason: "no character set that is known", remedy: "UNOC is ISO 8859-1")
        }
        declared = Declared()
        declared.isASCII = options.encoding == nil && EDIFACTCharset.isASCII(syntax)
        declared.repeats = version >= 4 && options.separators.repetition != nil
        guard name != "UTF-8" else { return }
        declared.iconv = Iconv(from: "UTF-8", to: name)
        if declared.iconv == nil {
            throw Fault(field: "interchange.syntax", reason: "this system cannot convert \(name)", remedy: nil)
        }
    }

    /// Takes back what was written and declared since.
    mutating func revert(toBytes count: Int, _ declared: Declared) {
        bytes.removeSubrange(count...)
        self.declared = declared
    }

    /// One component's texts, one for each repetition.
    private struct Value {
        var element: Int
        var component: Int
        var texts: [[UInt8]]
    }

    /// Writes a segment from the members of a node that are components.
    mutating func write(_ tag: EDIFACTTag, _ node: Node, path: String) throws(Fault) {
        let names = options.segments[tag] ?? .unnamed
        var values: [Value] = []
        for member in node.members where !Self.isGroup(member.key) {
            let name = member.key.string!
            let field = path.isEmpty ? "\(tag.text).\(name)" : "\(path).\(name)"
            guard let place = names.place(of: name) else {
                throw Fault(field: field, reason: "no component has this name" + hint(name, names.names), remedy: nil)
            }
            let isNumber = names.field(element: place.element, component: place.component)?.isNumber == true
            let texts = try texts(member.value, field, isNumber: isNumber)
            guard !texts.allSatisfy(\.isEmpty) else { continue }
            guard !values.contains(where: { $0.element == place.element && $0.component == place.component }) else {
                throw Fault(field: field, reason: "two members for one component", remedy: nil)
            }
            values.append(Value(element: place.element, component: place.component, texts: texts))
        }
        write(tag, values)
    }

    /// Writes a segment of one component an element.
    mutating func write(_ tag: EDIFACTTag, plain texts: [String]) {
        write(tag, texts.enumerated().map { Value(element: $0 + 1, component: 1, texts: [Array($1.utf8)]) })
    }

    /// Whether a member holds segments and not a component.
    static func isGroup(_ key: Node) -> Bool { EDIFACTTag(key.utf8) != nil }

    private mutating func write(_ tag: EDIFACTTag, _ values: [Value]) {
        count += 1
        let separators = options.separators
        bytes.append(contentsOf: tag.bytes)
        for element in 1..<(values.map(\.element).max() ?? 0) + 1 {
            bytes.append(separators.element)
            let own = values.filter { $0.element == element }
            for repetition in 0..<(own.map(\.texts.count).max() ?? 0) {
                if repetition > 0, let mark = separators.repetition { bytes.append(mark) }
                let present = own.filter { repetition < $0.texts.count && !$0.texts[repetition].isEmpty }
                for component in 1..<(present.map(\.component).max() ?? 0) + 1 {
                    if component > 1 { bytes.append(separators.component) }
                    let value = present.first { $0.component == component }
                    if let value { append(escaping: value.texts[repetition]) }
                }
            }
        }
        bytes.append(separators.terminator)
        bytes.append(contentsOf: options.lineEnding.bytes)
    }

    private mutating func append(escaping text: [UInt8]) {
        let separators = options.separators
        for byte in text {
            if byte == separators.component || byte == separators.element || byte == separators.terminator
                || byte == separators.release || byte == separators.repetition
            {
                bytes.append(separators.release ?? byte)
            }
            bytes.append(byte)
        }
    }

    private func texts(_ value: Node, _ field: String, isNumber: Bool) throws(Fault) -> [[UInt8]] {
        guard value.kind == .array else { return [try text(value, field, isNumber: isNumber)] }
        var texts: [[UInt8]] = []
        for element in value.elements { texts.append(try text(element, field, isNumber: isNumber)) }
        guard declared.repeats || texts.count < 2 else {
            throw Fault(
                field: field, reason: "elements repeat from syntax version 4 on, with a repetition separator",
                remedy: "set the interchange's version to 4 and 'separators: \":+.?*'\"'")
        }
        // Repetitions that hold nothing at the end can't be told from none.
        while texts.last?.isEmpty == true { texts.removeLast() }
        return texts
    }

    private func text(_ value: Node, _ field: String, isNumber: Bool) throws(Fault) -> [UInt8] {
        switch value.kind {
        case .null: return []
        case .number:
            var digits = try plain(value.number!, field)
            if options.separators.decimal == UInt8(ascii: ","), let point = digits.firstIndex(of: UInt8(ascii: ".")) {
                digits[point] = UInt8(ascii: ",")
            }
            return digits
        case .string:
            let text = Array(value.utf8)
            // Whoever reads the message would refuse it.
            guard !isNumber || text.isEmpty || EDIFACTNumber.isOne(text) else {
                throw Fault(field: field, reason: "expected a number, found a text that is none", remedy: nil)
            }
            if declared.isASCII, text.contains(where: { $0 >= 0x80 }) {
                throw Fault(
                    field: field, reason: "UNOA and UNOB have ASCII only",
                    remedy: "set the interchange's syntax to UNOC")
            }
            guard let iconv = declared.iconv else { return text }
            let (converted, valid) = text.withUnsafeBufferPointer { iconv.convert($0) }
            guard valid == text.count else {
                throw Fault(
                    field: field, reason: "a character that the declared set does not have",
                    remedy: "UNOW is UTF-8")
            }
            return converted
        default:
            throw Fault(
                field: field, reason: "expected \(isNumber ? "" : "a text or ")a number, found \(value.foundKind)",
                remedy: nil)
        }
    }

    /// A number without exponent.
    private func plain(_ number: Number, _ field: String) throws(Fault) -> [UInt8] {
        guard let text = number.plainText else {
            throw Fault(field: field, reason: "a number beyond what a component can show", remedy: nil)
        }
        return Array(text.utf8)
    }
}
