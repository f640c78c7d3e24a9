import Document

/// Writes messages into interchanges.
struct EDIFACTWriter: RecordWriter {
    private typealias Fault = EDIFACTSegmentWriter.Fault

    private let options: EDIFACTOptions
    private var segments: EDIFACTSegmentWriter
    /// The interchange that is open.
    private var interchange: JSON?
    private var messages = 0
    private var records = 0

    init(_ options: EDIFACTOptions) {
        self.options = options
        segments = EDIFACTSegmentWriter(options)
    }

    mutating func take() -> [UInt8] {
        defer { segments.bytes = [] }
        return segments.bytes
    }

    mutating func write(_ document: Node) throws(FormatError) {
        records += 1
        let before = (segments.bytes.count, segments.declared, interchange, messages)
        do throws(Fault) {
            try begin(document)
            try writeMessage(document)
        } catch {
            segments.revert(toBytes: before.0, before.1)
            (interchange, messages) = (before.2, before.3)
            let position = RecordPosition(record: records, line: records, bytes: 0..<0)
            throw FormatError(.record, at: position, field: error.field, error.reason, remedy: error.remedy)
        }
    }

    mutating func finish() throws(FormatError) { endInterchange() }

    private mutating func endInterchange() {
        guard let open = interchange else { return }
        segments.write(.unz, plain: ["\(messages)", open["reference"]?.string ?? ""])
        interchange = nil
    }

    /// Opens the document's interchange if it isn't the one that is open.
    private mutating func begin(_ document: Node) throws(Fault) {
        guard document.kind == .object, let own = document["interchange"], own.kind == .object else {
            throw Fault(field: "interchange", reason: "an object is missing", remedy: "see the format's example")
        }
        let wanted = JSON(own)
        guard wanted != interchange else { return }
        for name in ["sender", "recipient", "date", "time", "reference"] where own[name]?.utf8.isEmpty ?? true {
            throw Fault(field: "interchange.\(name)", reason: "missing", remedy: nil)
        }
        endInterchange()
        var full = wanted
        if full["syntax"] == nil { full["syntax"] = "UNOC" }
        if full["version"] == nil { full["version"] = "3" }
        try segments.begin(syntax: full["syntax"]?.string ?? "", version: Int(full["version"]?.string ?? "") ?? 0)
        segments.bytes.append(contentsOf: Array("UNA".utf8) + options.separators.una + options.lineEnding.bytes)
        var tape = Tape()
        let node = tape.append(full)
        try segments.write(.unb, node, path: "interchange")
        interchange = wanted
        messages = 0
    }

    private mutating func writeMessage(_ document: Node) throws(Fault) {
        messages += 1
        guard let message = document["message"], let type = message["type"]?.string else {
            throw Fault(field: "message.type", reason: "missing", remedy: nil)
        }
        for member in document.members where !EDIFACTSegmentWriter.isGroup(member.key) {
            let name = member.key.string!
            guard name == "interchange" || name == "message" else {
                throw Fault(field: name, reason: "expected 'interchange', 'message' or a segment's tag", remedy: nil)
            }
        }
        var header = JSON(message)
        if header["reference"] == nil { header["reference"] = .string("\(messages)") }
        segments.count = 0
        var tape = Tape()
        let node = tape.append(header)
        try segments.write(.unh, node, path: "message")
        let diagram = options.groups[type] ?? .flat
        try writeGroup(document, diagram, group: 0)
        segments.write(.unt, plain: ["\(segments.count + 1)", header["reference"]?.string ?? ""])
    }

    /// Writes what a group holds below its opening segment: first what the diagram doesn't have, which is thus read
    /// back into this group, then the rest in the diagram's order.
    private mutating func writeGroup(_ node: Node, _ diagram: EDIFACTGroups, group: Int) throws(Fault) {
        let entries = diagram.groups[group]
        for member in node.members {
            guard let tag = EDIFACTTag(member.key.utf8), !entries.contains(where: { $0.tag == tag }) else { continue }
            try writeAll(member.value, tag, diagram, group: nil)
        }
        for entry in entries {
            guard let value = node[entry.tag.text] else { continue }
            try writeAll(value, entry.tag, diagram, group: entry.group)
        }
    }

    private mutating func writeAll(
        _ value: Node, _ tag: EDIFACTTag, _ diagram: EDIFACTGroups, group: Int?
    ) throws(Fault) {
        guard value.kind == .array else { return try writeOne(value, tag, diagram, group: group) }
        for element in value.elements { try writeOne(element, tag, diagram, group: group) }
    }

    private mutating func writeOne(
        _ value: Node, _ tag: EDIFACTTag, _ diagram: EDIFACTGroups, group: Int?
    ) throws(Fault) {
        guard value.kind == .object else {
            throw Fault(field: tag.text, reason: "expected an object, or an array of them", remedy: nil)
        }
        try segments.write(tag, value, path: "")
        if let group { return try writeGroup(value, diagram, group: group) }
        for member in value.members where EDIFACTSegmentWriter.isGroup(member.key) {
            throw Fault(
                field: "\(tag.text).\(member.key.string!)", reason: "the segment opens no group here",
                remedy: "see the option 'groups'")
        }
    }
}
