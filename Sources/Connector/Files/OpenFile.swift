import Document
import Formats
import Transports

/// A file that is being read: in pieces where its format allows that, else as a whole.
final class OpenFile {
    let file: DropFile
    let digest: String
    let skip: Int
    var tape = Tape()
    private(set) var record = 0
    private(set) var hasEnded = false
    /// Why it could not be read to its end.
    private(set) var failure: String?
    private let content: DropFileContent
    private let format: any Formats.Format
    /// What of the file lies in memory, where the format's reader can rely on it.
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)
    private var piece = 0..<0
    private var reader: (any RecordReader)?
    /// Where the last record ended, in the piece.
    private var lastEnd = 0
    /// What every record's name begins with.
    private let prefix: [UInt8]

    /// What is read at once, in bytes.
    private static let pieceSize = 1 << 18

    init(_ file: DropFile, _ content: DropFileContent, digest: String, skip: Int, _ format: any Formats.Format) {
        self.file = file
        self.content = content
        self.digest = digest
        self.skip = skip
        self.format = format
        prefix = Array("\(file.name)/\(digest)#".utf8)
    }

    deinit { memory.deallocate() }

    /// The next record, on the tape; nil at the end. `isFile`: nothing behind it can be read.
    ///
    /// - Throws: what keeps the file from being read; not what is wrong with its records.
    func next(delivery: String?) throws -> (read: ReadRecord, isFile: Bool)? {
        guard !hasEnded else { return nil }
        while true {
            do throws(FormatError) {
                if let position = try reader?.next(into: &tape) {
                    record = position.record
                    return (read(position, nil, delivery), false)
                }
            } catch {
                return refused(error, delivery)
            }
            do {
                guard try readOn() else {
                    hasEnded = true
                    return nil
                }
            } catch let error as FormatError {
                return refused(error, delivery)
            }
        }
    }

    func takeNotices() -> [FormatNotice] { reader?.takeNotices() ?? [] }

    private func refused(_ error: FormatError, _ delivery: String?) -> (read: ReadRecord, isFile: Bool) {
        if !error.leavesRest { tape.reset() }
        record = max(record, error.position.record)
        let isFile = error.scope == .file
        if isFile {
            hasEnded = true
            failure = "\(file.name), \(error)"
        }
        return (read(error.position, error, delivery), isFile)
    }

    // MARK: Pieces

    /// Reads the next piece, and makes its reader. False: there is none.
    private func readOn() throws -> Bool {
        guard reader == nil || piece.upperBound < content.count else { return false }
        lastEnd = 0
        guard let format = format as? any DivisibleFormat else {
            try fill(from: 0, content.count)
            reader = try format.reader(over: present)
            return true
        }
        let passed = (reader as? any DivisibleReader)?.passed ?? (0, 0)
        let start = piece.upperBound
        var size = min(Self.pieceSize, content.count - start)
        while true {
            try fill(from: start, size)
            // The last piece needs no end of its own.
            let whole = piece.upperBound == content.count ? piece.count : format.wholeRecords(in: present)
            if whole > 0 || piece.isEmpty {
                piece = start..<(start + whole)
                break
            }
            size = min(2 * size, content.count - start)
        }
        do throws(FormatError) {
            reader = try format.reader(over: present, behind: passed)
        } catch {
            // All of it is the dead letter.
            try fill(from: 0, content.count)
            throw error
        }
        return true
    }

    private func fill(from start: Int, _ count: Int) throws {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: count, alignment: 16)
        }
        let found = try content.read(from: start, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
        piece = start..<(start + found)
    }

    private var present: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<piece.count]) }

    // MARK: Records

    private func read(_ position: RecordPosition, _ error: FormatError?, _ delivery: String?) -> ReadRecord {
        let extent = error?.scope == .file ? rest(from: position) : extent(of: position)
        return ReadRecord(
            reference: reference(position.record), place: .line(error?.line ?? position.line, file: file.name),
            content: error.map { .unreadable("\(file.name), \($0)") } ?? .document,
            raw: UnsafeRawBufferPointer(rebasing: present[extent]), delivery: delivery)
    }

    /// `<file>/<digest>#<number>`.
    private func reference(_ record: Int) -> String {
        String(unsafeUninitializedCapacity: prefix.count + 20) { text in
            var end = text.update(fromContentsOf: prefix)
            let start = end
            var left = record
            repeat {
                text[end] = UInt8(ascii: "0") + UInt8(left % 10)
                left /= 10
                end += 1
            } while left > 0
            text[start..<end].reverse()
            return end
        }
    }

    private func extent(of position: RecordPosition) -> Range<Int> {
        lastEnd = min(position.bytes.upperBound, piece.count)
        return min(position.bytes.lowerBound, lastEnd)..<lastEnd
    }

    /// What nobody can read any more: all behind the last record; all there is when that is nothing, as where only the end
    /// is missing. A dead letter holds what it is about (I2).
    private func rest(from position: RecordPosition) -> Range<Int> {
        let start = min(lastEnd, position.bytes.lowerBound)
        return start < piece.count ? start..<piece.count : 0..<piece.count
    }
}
