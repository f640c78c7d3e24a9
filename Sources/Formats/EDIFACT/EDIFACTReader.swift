import Document

/// Reads interchanges: a record is a message.
struct EDIFACTReader: RecordReader {
    /// What stands around messages: an interchange or a functional group.
    private struct Envelope {
        var reference: String
        var members: JSON
        /// How many messages, or groups, it held so far.
        var count = 0
    }

    private let options: EDIFACTOptions
    private let source: TextSource
    private var scanner: EDIFACTScanner
    private var components: EDIFACTComponents
    private var interchange: Envelope?
    private var group: Envelope?
    private var hasEnded = false
    private var record = 0
    private var notices: [FormatNotice] = []

    init(_ bytes: UnsafeRawBufferPointer, _ options: EDIFACTOptions) throws(FormatError) {
        self.options = options
        source = try TextSource(bytes, .utf8)
        scanner = EDIFACTScanner(source.bytes, at: source.start)
        let charset = EDIFACTCharset(iconvName: options.encoding?.iconvName ?? "ISO-8859-1")
        guard let charset else { throw TextSource.lacking(options.encoding ?? .latin1) }
        components = EDIFACTComponents(source.bytes, scanner.separators, charset)
    }

    mutating func takeNotices() -> [FormatNotice] {
        defer { notices = [] }
        return notices
    }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        while !hasEnded {
            try readSeparators()
            switch scanner.next() {
            case .end:
                hasEnded = true
                if interchange != nil {
                    throw fileError("the interchange has no end (UNZ) after \(messages)", "the file was cut: ask again")
                }
            case .cut: throw cut()
            case .unknown: throw outside("something that is no segment", "is the file EDIFACT? see the bytes")
            case .segment(.unb): try beginInterchange()
            case .segment(.ung): try beginGroup()
            case .segment(.une): try endGroup()
            case .segment(.unz): try endInterchange()
            case .segment(.unh):
                if interchange == nil, options.envelope == .required {
                    throw outside("a message outside of an interchange", "set 'envelope: optional' if it has none")
                }
                return try readMessage(on: &tape)
            case .segment(let tag): throw outside("the segment \(tag.text) outside of a message", nil)
            }
        }
        return nil
    }

    // MARK: Errors

    private var messages: String { "\(interchange?.count ?? 0) messages" }

    /// An error that nothing can be read behind; its bytes are all that is left.
    private mutating func fileError(_ reason: String, _ remedy: String?, from start: Int? = nil) -> FormatError {
        hasEnded = true
        let start = start ?? scanner.segment.lowerBound
        let position = RecordPosition(
            record: max(record, 1), line: scanner.segmentLine, bytes: start..<scanner.bytes.count)
        return FormatError(.file, at: position, reason, remedy: remedy)
    }

    private mutating func cut() -> FormatError {
        fileError(
            "the file ends inside a segment, which begins at byte \(scanner.segment.lowerBound)",
            "the file was cut: ask for it again")
    }

    /// A segment where none of its kind may be: a record of its own.
    private mutating func outside(_ reason: String, _ remedy: String?) -> FormatError {
        record += 1
        let position = RecordPosition(record: record, line: scanner.segmentLine, bytes: scanner.segment)
        return FormatError(.record, at: position, reason, remedy: remedy)
    }

    /// A count or reference that is wrong: an error of that record, or a notice by option.
    private mutating func mismatch(_ position: RecordPosition, _ reason: String) throws(FormatError) {
        guard options.counts == .refuse else {
            notices.append(FormatNotice(kind: .warning, position: position, message: reason))
            return
        }
        throw FormatError(
            .record, at: position, line: scanner.segmentLine, reason,
            remedy: "if this partner counts wrongly, set 'counts: warn'")
    }

    /// The same at the end of an interchange or group: its messages were read, so the segment is a record of its own.
    private mutating func mismatch(_ reason: String) throws(FormatError) {
        record += 1
        try mismatch(RecordPosition(record: record, line: scanner.segmentLine, bytes: scanner.segment), reason)
    }

    // MARK: The envelope

    /// Obeys UNA where an interchange may begin.
    private mutating func readSeparators() throws(FormatError) {
        scanner.skipBlank()
        guard scanner.isNext("UNA") else { return }
        let start = scanner.at + 3
        let una = scanner.bytes[start..<min(start + 6, scanner.bytes.count)]
        scanner.segment = scanner.at..<una.endIndex
        scanner.segmentLine = scanner.line
        guard interchange == nil else { throw fileError("UNA inside an interchange: its end (UNZ) is missing", nil) }
        guard let separators = EDIFACTSeparators(una) else {
            throw fileError("UNA without six characters that can be told apart", nil)
        }
        scanner.separators = separators
        components.separators = separators
        scanner.at = una.endIndex
        if una.last == 0x0A { scanner.line += 1 }
    }

    private mutating func beginInterchange() throws(FormatError) {
        guard interchange == nil else {
            throw fileError("an interchange inside another: the end (UNZ) of the first is missing", nil)
        }
        let syntax = components.string(scanner.parts, 1, 1) ?? ""
        if options.encoding == nil {
            guard let name = EDIFACTCharset.iconvName(of: syntax) else {
                throw fileError("the syntax identifier declares no character set that is known", "set 'encoding'")
            }
            guard let charset = EDIFACTCharset(iconvName: name) else {
                throw fileError("this system cannot convert \(name)", "install glibc's gconv modules (Debian: libc6)")
            }
            components.charset = charset
        }
        // Before version 4 the character at that place of UNA is reserved, and no separator.
        let version = Int(components.string(scanner.parts, 1, 2) ?? "") ?? 0
        if version < 4 { scanner.separators.repetition = nil }
        components.separators = scanner.separators
        interchange = Envelope(reference: components.string(scanner.parts, 5, 1) ?? "", members: try envelope(.unb))
    }

    /// The members of a service segment, kept over messages.
    private mutating func envelope(_ tag: EDIFACTTag) throws(FormatError) -> JSON {
        guard scanner.segment.count <= options.maximumMessage else {
            throw fileError("\(tag.text) has \(scanner.segment.count) bytes", "see 'maximum-message'")
        }
        var scratch = Tape()
        do throws(EDIFACTComponents.Fault) {
            let members = try components.members(scanner.parts, options.segments[tag]!, on: &scratch)
            return JSON(scratch.append(object: members))
        } catch {
            throw fileError("\(tag.text), '\(error.name)': \(error.reason)", error.remedy)
        }
    }

    private mutating func beginGroup() throws(FormatError) {
        guard group == nil, interchange != nil else { throw outside("a group (UNG) where none may begin", nil) }
        group = Envelope(reference: components.string(scanner.parts, 5, 1) ?? "", members: try envelope(.ung))
    }

    private mutating func endGroup() throws(FormatError) {
        guard let group else { throw outside("the end of a group (UNE) without its beginning", nil) }
        self.group = nil
        // UNZ counts groups where there are any, and messages otherwise (ISO 9735, 0036).
        interchange?.count += 1 - group.count
        try check(group, "the group", "messages")
    }

    private mutating func endInterchange() throws(FormatError) {
        guard let interchange else { throw outside("the end of an interchange (UNZ) without its beginning", nil) }
        let isGroupOpen = group != nil
        (group, self.interchange) = (nil, nil)
        scanner.separators = EDIFACTSeparators()
        components.separators = scanner.separators
        if isGroupOpen { return try mismatch("the group has no end (UNE)") }
        try check(interchange, "the interchange", "messages or groups")
    }

    private mutating func check(_ envelope: Envelope, _ what: String, _ unit: String) throws(FormatError) {
        let declared = components.string(scanner.parts, 1, 1)
        if declared.flatMap({ Int($0) }) != envelope.count {
            let told = declared.flatMap { Int($0) }.map { "\($0)" } ?? "no number"
            return try mismatch("\(what) has \(envelope.count) \(unit), its end says \(told)")
        }
        if components.string(scanner.parts, 2, 1) ?? "" != envelope.reference {
            try mismatch("the reference at the end of \(what) is not the one at its beginning")
        }
    }

    // MARK: Messages

    private mutating func readMessage(on tape: inout Tape) throws(FormatError) -> RecordPosition {
        record += 1
        interchange?.count += 1
        group?.count += 1
        tape.reset()
        let start = scanner.segment.lowerBound
        var position = RecordPosition(record: record, line: scanner.segmentLine, bytes: scanner.segment)
        let reference = components.string(scanner.parts, 1, 1)
        let type = components.string(scanner.parts, 2, 1) ?? ""
        var failure: FormatError?
        var tree = EDIFACTTree(options.groups[type] ?? .flat, [])
        if scanner.segment.count > options.maximumMessage {
            failure = tooLarge(position)
        } else {
            do throws(EDIFACTComponents.Fault) {
                tree = EDIFACTTree(options.groups[type] ?? .flat, try header(on: &tape))
            } catch {
                failure = fault(error, .unh, 1)
            }
        }
        var count = 1
        var strays: [String] = []
        while true {
            let before = (at: scanner.at, line: scanner.line)
            let outcome = scanner.next()
            count += 1
            switch outcome {
            case .end, .cut:
                throw fileError(
                    "the file ends inside segment \(count) of the message, at byte \(scanner.bytes.count)",
                    "the file was cut: ask for it again", from: start)
            case .unknown:
                failure =
                    failure
                    ?? FormatError(
                        .record, at: position, line: scanner.segmentLine, "segment \(count) has no tag")
            case .segment(.unt):
                position.bytes = start..<scanner.at
                return try finish(&tree, on: &tape, position, count, strays, reference, failure)
            case .segment(.unh), .segment(.unb), .segment(.unz), .segment(.une), .segment(.ung):
                (scanner.at, scanner.line) = before
                position.bytes = start..<before.at
                throw FormatError(
                    .record, at: position, line: scanner.segmentLine,
                    "the message has no end (UNT) after \(count - 1) segments")
            case .segment(let tag):
                if failure == nil, scanner.at - start > options.maximumMessage { failure = tooLarge(position) }
                guard failure == nil else { continue }
                do throws(EDIFACTComponents.Fault) {
                    let members = try components.members(scanner.parts, options.segments[tag] ?? .unnamed, on: &tape)
                    if tree.add(tag, members, on: &tape) == .elsewhere {
                        strays.append("\(tag.text) (segment \(count))")
                    }
                } catch {
                    failure = fault(error, tag, count)
                }
            }
        }
    }

    private func tooLarge(_ position: RecordPosition) -> FormatError {
        FormatError(
            .record, at: position, "a message of more than \(options.maximumMessage) bytes",
            remedy: "see 'maximum-message'")
    }

    /// What stands before the segments: the interchange, the group, and the message's own reference and type.
    private mutating func header(
        on tape: inout Tape
    ) throws(EDIFACTComponents.Fault) -> [(key: Node, value: Node)] {
        var members: [(key: Node, value: Node)] = []
        if let interchange { members.append((tape.append("interchange"), tape.append(interchange.members))) }
        if let group { members.append((tape.append("group"), tape.append(group.members))) }
        let message = try components.members(scanner.parts, options.segments[.unh]!, on: &tape)
        members.append((tape.append("message"), tape.append(object: message)))
        return members
    }

    /// A component's fault, for the error of the message once its end is found.
    private func fault(_ fault: EDIFACTComponents.Fault, _ tag: EDIFACTTag, _ number: Int) -> FormatError {
        FormatError(
            .record, at: RecordPosition(record: record, line: 0, bytes: 0..<0), line: scanner.segmentLine,
            column: nil, field: "\(tag.text).\(fault.name)", "segment \(number), byte \(fault.at): \(fault.reason)",
            remedy: fault.remedy)
    }

    private mutating func finish(
        _ tree: inout EDIFACTTree, on tape: inout Tape, _ position: RecordPosition, _ count: Int, _ strays: [String],
        _ reference: String?, _ failure: FormatError?
    ) throws(FormatError) -> RecordPosition {
        if var failure {
            failure.position = position
            throw failure
        }
        let declared = components.string(scanner.parts, 1, 1).flatMap { Int($0) }
        if declared != count {
            let told = declared.map { "\($0)" } ?? "no number"
            try mismatch(position, "the message has \(count) segments, its end (UNT) says \(told)")
        }
        if components.string(scanner.parts, 2, 1) != reference {
            try mismatch(position, "the reference at the end of the message (UNT) is not the one at its beginning")
        }
        if let first = strays.first {
            let more = strays.count == 1 ? "" : ", and \(strays.count - 1) more"
            let message = "\(first) stands where the diagram of the message's type has no such segment\(more)"
            notices.append(FormatNotice(kind: .warning, position: position, message: message))
        }
        tape.setRoot(tree.finish(on: &tape))
        return position
    }
}
