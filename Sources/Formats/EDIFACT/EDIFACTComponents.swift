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
        var start = 0
        while start < parts.count {
            var end = start + 1
            while end < parts.count, parts[end].element == parts[start].element { end += 1 }
            if parts[end - 1].repetition == 0 {
                for part in parts[start..<end] {
                    let field = names.field(element: part.element, component: part.component)
                    if field?.name == "-" { continue }
                    let value = try value(part, field, on: &tape)
                    members.append((key(part, field, on: &tape), value))
                }
            } else {
                try appendRepeated(parts[start..<end], names, to: &members, on: &tape)
            }
            start = end
        }
        return members
    }

    /// The members of a repeated element.
    private mutating func appendRepeated(
        _ parts: ArraySlice<EDIFACTScanner.Part>, _ names: EDIFACTSegment, to members: inout [(key: Node, value: Node)],
        on tape: inout Tape
    ) throws(Fault) {
        let repetitions = parts.last!.repetition + 1
        // The parts of each component, in the order in which the components first occur.
        var columns: [[EDIFACTScanner.Part]] = []
        var places: [Int: Int] = [:]
        for part in parts {
            if let place = places[part.component] {
                columns[place].append(part)
            } else if names.field(element: part.element, component: part.component)?.name != "-" {
                places[part.component] = columns.count
                columns.append([part])
            }
        }
        // What is left out takes room too: few bytes could ask for all memory.
        guard columns.count * repetitions <= Self.mostRepeated else {
            throw Fault(
                name: "e\(parts.first!.element)", reason: "\(repetitions) repetitions of \(columns.count) components",
                remedy: nil, at: parts.first!.start)
        }
        for column in columns {
            let field = names.field(element: column[0].element, component: column[0].component)
            var nodes: [Node] = []
            nodes.reserveCapacity(repetitions)
            for part in column {
                while nodes.count < part.repetition { nodes.append(tape.append(literal: nil)) }
                nodes.append(try value(part, field, on: &tape))
            }
            while nodes.count < repetitions { nodes.append(tape.append(literal: nil)) }
            members.append((key(column[0], field, on: &tape), tape.append(array: nodes)))
        }
    }

    private static let mostRepeated = 1 << 20

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

    /// The number in ``text``.
    private mutating func number() -> Number? { EDIFACTNumber.parse(&text, &digits) }
}
