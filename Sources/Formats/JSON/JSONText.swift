import Document

/// JSON: one text (RFC 8259) that holds many records in an array, or is one record.
///
/// `{json: {at: /data/items}}` reads each element of the array at that JSON Pointer (RFC 6901). Without `at` the text
/// itself is the array. A value that is no array is one record; `whole: true` takes an array as one record too.
///
/// Elements are read one by one where they lie. One that is not JSON is an error of that record as long as its brackets
/// and quotes match; a text that is cut gives the elements before the cut, then an error of the file.
struct JSONText: Format {
    static let name = "json"
    static let summary = "One JSON text: an array of records, anywhere in it, or one record."
    static let options: [OptionReference] = [
        .init("at", "a JSON Pointer", standard: "the whole text", "where the records are"),
        .init("whole", "true, false", standard: "false", "whether an array is one record"),
    ]

    private let pointer: [String]
    private let isWhole: Bool

    init(options: JSON = .null) throws(OptionError) {
        let form = try OptionForm(options, of: Self.name, Self.options)
        let text = try form.string("at") ?? ""
        guard text.isEmpty || text.hasPrefix("/") else { throw form.wrong("at", "a JSON Pointer: /data/items") }
        pointer = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(Self.unescape)
        isWhole = try form.bool("whole", standard: false)
    }

    /// `~1` is a slash and `~0` a tilde.
    private static func unescape(_ token: Substring) -> String {
        var text = ""
        var rest = token[...]
        while let first = rest.popFirst() {
            if first == "~", rest.first == "1" || rest.first == "0" {
                text.append(rest.removeFirst() == "1" ? "/" : "~")
            } else {
                text.append(first)
            }
        }
        return text
    }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        JSONTextReader(source: try TextSource(bytes, .utf8), pointer: pointer, isWhole: isWhole)
    }

    func writer() throws(FormatError) -> any RecordWriter { JSONTextWriter(pointer: pointer, isWhole: isWhole) }
}

private struct JSONTextReader: RecordReader {
    private enum State {
        case start, inArray(first: Bool), ended
    }

    private let source: TextSource
    private let pointer: [String]
    private let isWhole: Bool
    private var scanner: JSONScanner
    private var state = State.start
    /// Around the array: what closes each of its parents.
    private var parents: [UInt8] = []
    private var record = 0
    private var line = 1
    private var lineAt: Int
    /// Where that line begins.
    private var lineStart: Int

    init(source: TextSource, pointer: [String], isWhole: Bool) {
        self.source = source
        self.pointer = pointer
        self.isWhole = isWhole
        scanner = JSONScanner(bytes: source.bytes, at: source.start)
        lineAt = source.start
        lineStart = source.start
    }

    mutating func takeNotices() -> [FormatNotice] { [] }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        let range: Range<Int>
        do throws(JSONScanner.Fault) {
            guard let found = try nextValue() else { return nil }
            range = found
        } catch {
            state = .ended
            let place = position(of: min(error.at, source.bytes.count)..<source.bytes.count)
            throw FormatError(.file, at: place, column: column(of: error.at), error.reason)
        }
        record += 1
        let position = position(of: range)
        do throws(JSONError) {
            try tape.parse(source.slice(range))
        } catch {
            let place = range.lowerBound + error.offset
            throw FormatError(
                .record, at: position, line: position.line + error.line - 1, column: column(of: place), error.reason)
        }
        return position
    }

    private mutating func nextValue() throws(JSONScanner.Fault) -> Range<Int>? {
        switch state {
        case .ended: return nil
        case .start:
            for token in pointer { try descend(token) }
            guard scanner.peek() == UInt8(ascii: "["), !isWhole else {
                let range = try scanner.value()
                try finish()
                return range
            }
            scanner.at += 1
            state = .inArray(first: true)
            return try nextValue()
        case .inArray(let first):
            if scanner.peek() == UInt8(ascii: "]") {
                scanner.at += 1
                try finish()
                return nil
            }
            if !first {
                guard scanner.peek() == UInt8(ascii: ",") else { throw scanner.unexpected("',' or ']'") }
                scanner.at += 1
            }
            state = .inArray(first: false)
            return try scanner.value()
        }
    }

    /// What follows the records must close what was opened.
    private mutating func finish() throws(JSONScanner.Fault) {
        for close in parents.reversed() {
            while let byte = scanner.peek(), byte == UInt8(ascii: ",") {
                scanner.at += 1
                _ = try scanner.value()
                if scanner.peek() == UInt8(ascii: ":") {
                    scanner.at += 1
                    _ = try scanner.value()
                }
            }
            try scanner.expect(Character(Unicode.Scalar(close)))
        }
        guard scanner.peek() == nil else { throw scanner.unexpected("the end") }
        state = .ended
    }

    /// Goes to the member or element that one token of the pointer names.
    private mutating func descend(_ token: String) throws(JSONScanner.Fault) {
        let opening = scanner.peek()
        let start = scanner.at
        guard opening == UInt8(ascii: "{") || opening == UInt8(ascii: "[") else {
            throw JSONScanner.Fault(reason: "expected an object or array with '\(token)' of 'at'", at: start)
        }
        let isObject = opening == UInt8(ascii: "{")
        let close = UInt8(ascii: isObject ? "}" : "]")
        scanner.at += 1
        var place = 0
        while scanner.peek() != close {
            if place > 0 { try scanner.expect(",") }
            var isMatch = String(place) == token
            if isObject {
                guard scanner.peek() == UInt8(ascii: "\"") else { throw scanner.unexpected("a name in quotes") }
                let name = scanner.at
                try scanner.string()
                let text = Array(scanner.bytes[name..<scanner.at])
                isMatch = (try? JSON(parsing: text).string) == token
                try scanner.expect(":")
            }
            if isMatch {
                parents.append(close)
                return
            }
            _ = try scanner.value()
            place += 1
        }
        throw JSONScanner.Fault(reason: "nothing is called '\(token)' here, where 'at' leads", at: start)
    }

    private mutating func position(of range: Range<Int>) -> RecordPosition {
        for at in lineAt..<max(lineAt, range.lowerBound) where source.bytes[at] == 0x0A {
            line += 1
            lineStart = at + 1
        }
        lineAt = max(lineAt, range.lowerBound)
        return RecordPosition(record: max(record, 1), line: line, bytes: range)
    }

    /// Looks back over the record alone: all records may stand on one line.
    private func column(of place: Int) -> Int {
        var start = place
        while start > lineAt, source.bytes[start - 1] != 0x0A { start -= 1 }
        return place - (start > lineAt ? start : lineStart) + 1
    }
}

private struct JSONTextWriter: RecordWriter {
    private let pointer: [String]
    private let isWhole: Bool
    private var writer = JSONWriter()
    private var records = 0

    init(pointer: [String], isWhole: Bool) {
        self.pointer = pointer
        self.isWhole = isWhole
    }

    mutating func write(_ document: Node) throws(FormatError) {
        let place = RecordPosition(record: records + 1, line: 1, bytes: 0..<0)
        guard !isWhole || records == 0 else {
            throw FormatError(.record, at: place, "with 'whole' a text holds one record", remedy: "write one text each")
        }
        if records == 0 { open() }
        writer.write(raw: records == 0 ? "" : ",\n")
        writer.write(document)
        records += 1
    }

    mutating func finish() throws(FormatError) {
        if records == 0 {
            guard !isWhole else { return }
            open()
        }
        writer.write(raw: (isWhole ? "" : "\n]") + String(repeating: "}", count: pointer.count) + "\n")
    }

    /// Opens the objects that the pointer leads through, and the array.
    private mutating func open() {
        for name in pointer {
            writer.write(raw: "{")
            writer.write(string: name)
            writer.write(raw: ":")
        }
        if !isWhole { writer.write(raw: "[\n") }
    }

    mutating func take() -> [UInt8] {
        defer { writer = JSONWriter() }
        return writer.bytes
    }
}
