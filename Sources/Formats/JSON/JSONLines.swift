import Document
import Glibc

/// JSON Lines: one JSON value a line (jsonlines.org; also known as NDJSON).
///
/// A record is a line; blank lines are nothing. A line that is not JSON is an error of that record.
struct JSONLines: DivisibleFormat {
    static let name = "json-lines"
    static let summary = "One JSON value a line."
    static let options: [OptionReference] = []

    init(options: JSON = .null) throws(OptionError) { _ = try OptionForm(options, of: Self.name, Self.options) }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        JSONLinesReader(source: try TextSource(bytes, .utf8))
    }

    func wholeRecords(in bytes: UnsafeRawBufferPointer) -> Int {
        bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    }

    func reader(
        over bytes: UnsafeRawBufferPointer, behind last: (record: Int, line: Int)
    ) throws(FormatError) -> any DivisibleReader {
        // A byte order mark stands at the beginning only.
        guard last.line > 0 else { return JSONLinesReader(source: try TextSource(bytes, .utf8)) }
        return JSONLinesReader(bytes: bytes.bindMemory(to: UInt8.self), passed: last)
    }

    func writer() throws(FormatError) -> any RecordWriter { JSONLinesWriter() }
}

private struct JSONLinesReader: DivisibleReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    // Keeps converted text, were there any.
    private let source: TextSource?
    private var at: Int
    private var line = 0
    private var record = 0

    init(source: TextSource) {
        self.source = source
        bytes = source.bytes
        at = source.start
    }

    init(bytes: UnsafeBufferPointer<UInt8>, passed: (record: Int, line: Int)) {
        source = nil
        self.bytes = bytes
        at = 0
        (record, line) = passed
    }

    var passed: (record: Int, line: Int) { (record, line) }

    /// Where the line that begins here ends.
    private func endOfLine(from start: Int) -> Int {
        guard let base = bytes.baseAddress, let newline = memchr(base + start, 0x0A, bytes.count - start) else {
            return bytes.count
        }
        return UnsafeRawPointer(newline) - UnsafeRawPointer(base)
    }

    mutating func takeNotices() -> [FormatNotice] { [] }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        while at < bytes.count {
            let start = at
            var end = endOfLine(from: start)
            at = end + 1
            line += 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
            if bytes[start..<end].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            record += 1
            let position = RecordPosition(record: record, line: line, bytes: start..<end)
            do throws(JSONError) {
                try tape.parse(UnsafeBufferPointer(rebasing: bytes[start..<end]))
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

    var isSeparable: Bool { true }

    func bytes(ofJSON document: [UInt8]) -> [UInt8]? { document + [0x0A] }

    mutating func write(_ document: Node) throws(FormatError) {
        writer.write(document)
        writer.write(raw: "\n")
    }

    mutating func finish() throws(FormatError) {}

    mutating func take() -> [UInt8] {
        defer { writer.reset() }
        return writer.bytes.withUnsafeBufferPointer { Array($0) }
    }
}
