import Document

/// Makes documents' members out of a segment's parts.
struct EDIFACTComponents {
    /// A component that can't be read.
    struct Fault: Error {
        let name: String
        let reason: String
        let remedy: String?
        let at: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var separators: EDIFACTSeparators
    var charset: EDIFACTCharset
    private var raw: [UInt8] = []
    private var text: [UInt8] = []
    private var digits: [UInt8] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ separators: EDIFACTSeparators, _ charset: EDIFACTCharset) {
        self.bytes = bytes
        self.separators = separators
        self.charset = charset
    }

    /// The members of a segment. A component of a repeated element is an array, with null where a repetition lacks it.
    mutating func members(
        _ parts: [EDIFACTScanner.Part], _ names: EDIFACTSegment, on tape: inout Tape
    ) throws(Fault) -> [(key: Node, value: Node)] {
        var members: [(key: Node, value: Node)] = []
        members.reserveCapacity(parts.count)
        for (place, part) in parts.enumerated() {
            let field = names.field(element: part.element, component: part.component)
            if field?.name == "-" { continue }
            let repetitions = parts[place...].prefix { $0.element == part.element }.last!.repetition
            // A repeated component is dealt with where it first occurs.
            if part.repetition > 0,
                parts[..<place].contains(where: { $0.element == part.element && $0.component == part.component })
            {
                continue
            }
            let value: Node
            if repetitions == 0 {
                value = try self.value(part, field, on: &tape)
            } else {
                var nodes: [Node] = []
                for repetition in 0...repetitions {
                    let match = parts.first {
                        $0.element == part.element && $0.component == part.component && $0.repetition == repetition
                    }
                    if let match {
                        nodes.append(try self.value(match, field, on: &tape))
                    } else {
                        nodes.append(tape.append(literal: nil))
                    }
                }
                value = tape.append(array: nodes)
            }
            members.append((key(part, field, on: &tape), value))
        }
        return members
    }

    private func key(_ part: EDIFACTScanner.Part, _ field: EDIFACTSegment.Field?, on tape: inout Tape) -> Node {
        guard let field else { return tape.append("e\(part.element)_\(part.component)") }
        return field.utf8.withUnsafeBufferPointer { tape.append(utf8: $0) }
    }

    private mutating func value(
        _ part: EDIFACTScanner.Part, _ field: EDIFACTSegment.Field?, on tape: inout Tape
    ) throws(Fault) -> Node {
        let name = field?.name ?? "e\(part.element)_\(part.component)"
        guard decode(part) else {
            throw Fault(
                name: name, reason: "bytes that the declared character set does not have",
                remedy: "set 'encoding' for this partner", at: part.start)
        }
        guard field?.isNumber == true else { return text.withUnsafeBufferPointer { tape.append(utf8: $0) } }
        guard let number = number() else {
            throw Fault(
                name: name, reason: "expected a number",
                remedy: "or name the component without '#' in 'segments'", at: part.start)
        }
        return tape.append(number)
    }

    /// The text of a part, into ``text``.
    private mutating func decode(_ part: EDIFACTScanner.Part) -> Bool {
        text.removeAll(keepingCapacity: true)
        let given = UnsafeBufferPointer(rebasing: bytes[part.start..<part.end])
        guard part.isEscaped else { return charset.append(given, to: &text) }
        raw.removeAll(keepingCapacity: true)
        var at = 0
        while at < given.count {
            if given[at] == separators.release, at + 1 < given.count { at += 1 }
            raw.append(given[at])
            at += 1
        }
        return raw.withUnsafeBufferPointer { charset.append($0, to: &text) }
    }

    /// The text of a part, for the reader's own use.
    mutating func string(_ parts: [EDIFACTScanner.Part], _ element: Int, _ component: Int) -> String? {
        let part = parts.first { $0.element == element && $0.component == component && $0.repetition == 0 }
        guard let part, decode(part) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The number in ``text``. Either decimal mark will do, whatever UNA says: no other character may look like one
    /// (ISO 9735, 11: no marks between thousands). The digit before the mark may be missing.
    private mutating func number() -> Number? {
        let mark = text.contains(UInt8(ascii: ",")) ? UInt8(ascii: ",") : UInt8(ascii: ".")
        let sign = text.first == UInt8(ascii: "-") ? 1 : 0
        if text.count > sign, text[sign] == mark { text.insert(UInt8(ascii: "0"), at: sign) }
        let notation = DecimalNotation(mark: mark, thousands: nil)
        guard text.withUnsafeBufferPointer({ notation.normalize($0, into: &digits) }) else { return nil }
        return digits.withUnsafeBufferPointer { Number($0) }
    }
}
