import Document
import Formats
import Transports

/// A file that is being read, with its bytes where the format's reader can rely on them.
final class OpenFile {
    let file: DropFile
    let digest: String
    let skip: Int
    var tape = Tape()
    private(set) var record = 0
    private(set) var hasEnded = false
    /// Why it could not be read to its end.
    private(set) var failure: String?
    private let bytes: UnsafeMutableRawBufferPointer
    private let count: Int
    private var reader: (any RecordReader)?
    private var broken: FormatError?
    /// Where the last record ended.
    private var lastEnd = 0

    init(
        _ file: DropFile, _ bytes: [UInt8], digest: String, skip: Int, _ format: any Formats.Format
    ) throws(FormatError) {
        self.file = file
        self.digest = digest
        self.skip = skip
        self.bytes = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        self.bytes.copyBytes(from: bytes)
        count = bytes.count
        reader = try format.reader(over: UnsafeRawBufferPointer(rebasing: self.bytes[..<bytes.count]))
    }

    init(_ file: DropFile, _ bytes: [UInt8], digest: String, skip: Int, broken: FormatError) {
        self.file = file
        self.digest = digest
        self.skip = skip
        self.bytes = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        self.bytes.copyBytes(from: bytes)
        count = bytes.count
        self.broken = broken
    }

    deinit { bytes.deallocate() }

    /// The next record, on the tape; nil at the end. `isFile`: nothing behind it can be read.
    func next(delivery: String?) -> (read: ReadRecord, isFile: Bool)? {
        guard !hasEnded else { return nil }
        do throws(FormatError) {
            if let broken { throw broken }
            guard let position = try reader!.next(into: &tape) else {
                hasEnded = true
                return nil
            }
            record = position.record
            return (read(position, nil, delivery), false)
        } catch {
            tape.reset()
            record = max(record, error.position.record)
            guard error.scope == .record else {
                hasEnded = true
                failure = "\(file.name), \(error)"
                return (read(error.position, error, delivery), true)
            }
            return (read(error.position, error, delivery), false)
        }
    }

    func takeNotices() -> [FormatNotice] { reader?.takeNotices() ?? [] }

    private func read(_ position: RecordPosition, _ error: FormatError?, _ delivery: String?) -> ReadRecord {
        var record = ReadRecord(
            reference: "\(file.name)/\(digest)#\(position.record)",
            place: "\(file.name), line \(error?.line ?? position.line)",
            content: error.map { .unreadable("\(file.name), \($0)") } ?? .document)
        record.raw = Array(bytes[error?.scope == .file ? rest(from: position) : extent(of: position)])
        record.delivery = delivery
        return record
    }

    private func extent(of position: RecordPosition) -> Range<Int> {
        lastEnd = min(position.bytes.upperBound, count)
        return min(position.bytes.lowerBound, lastEnd)..<lastEnd
    }

    /// What nobody can read any more: all behind the last record; all there is when that is nothing, as where only the end
    /// is missing. A dead letter holds what it is about (I2).
    private func rest(from position: RecordPosition) -> Range<Int> {
        let start = min(lastEnd, position.bytes.lowerBound)
        return start < count ? start..<count : 0..<count
    }
}
