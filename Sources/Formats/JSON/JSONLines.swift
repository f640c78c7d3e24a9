import Document

/// JSON Lines: one JSON value a line (jsonlines.org; also known as NDJSON).
///
/// A record is a line; blank lines are nothing. A line that is not JSON is an error of that record.
struct JSONLines: Format {
    static let name = "json-lines"
    static let summary = "One JSON value a line."
    static let options: [OptionReference] = []

    init(options: JSON = .null) throws(OptionError) { _ = try OptionForm(options, of: Self.name, Self.options) }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        JSONLinesReader(source: try TextSource(bytes, .utf8))
    }

    func writer() throws(FormatError) -> any RecordWriter { JSONLinesWriter() }
}

private struct JSONLinesReader: RecordReader {
    private let source: TextSource
    private var at: Int
    private var line = 0
    private var record = 0

    init(source: TextSource) {
        self.source = source
        at = source.start
    }

    mutating func takeNotices() -> [FormatNotice] { [] }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        while at < source.bytes.count {
            let rest = source.bytes[at...]
            var end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            let start = at
            at = end + 1
            line += 1
            if end > start, source.bytes[end - 1] == 0x0D { end -= 1 }
            if source.bytes[start..<end].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            record += 1
            let position = RecordPosition(record: record, line: line, bytes: start..<end)
            do throws(JSONError) {
                try tape.parse(source.slice(start..<end))
            } catch {
                throw FormatError(.record, at: position, line: line, column: error.column, error.reason)
            }
            return position
        }
        return nil
    }
}

private struct JSONLinesWriter: RecordWriter {
    private var writer = JSONWriter()

    mutating func write(_ document: Node) throws(FormatError) {
        writer.write(document)
        writer.write(raw: "\n")
    }

    mutating func finish() throws(FormatError) {}

    mutating func take() -> [UInt8] {
        defer { writer = JSONWriter() }
        return writer.bytes
    }
}
