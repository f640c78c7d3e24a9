import Canonical
import Document
import Formats
import Installation
import Transports

/// How a file's records become its bytes, and how they read there.
struct FileEncoder {
    private let format: any Formats.Format
    /// What decides whether records that were made before may stand beside those that are made now.
    let form: JSON
    /// Makes the bytes of one record, where they stand by themselves, and what stands before the first.
    private var single: (writer: any RecordWriter, head: [UInt8])?
    private let scratch = Scratch()

    /// Documents on their way into bytes.
    private final class Scratch {
        var tape = Tape()
    }

    init(_ settings: FileWriting, sink: String) throws {
        do throws(OptionError) { format = try FormatCatalog.format(settings.format) } catch {
            throw WrongSetting("sink \"\(sink)\", format: \(error)")
        }
        form = FormatCatalog.form(of: settings.format)
        do throws(FormatError) {
            var writer = try format.writer()
            if writer.isSeparable {
                try writer.finish()
                let head = writer.take()
                single = (writer, head)
            }
        } catch {
            throw WrongSetting("sink \"\(sink)\", format: \(error)")
        }
    }

    /// What is kept of a document of JSON; or why the format can't take it.
    mutating func encode(_ document: [UInt8]) -> Result<[UInt8], FormatError> {
        if let bytes = single?.writer.bytes(ofJSON: document) { return .success(bytes) }
        do throws(JSONError) { try scratch.tape.parse(document) } catch {
            // A mapping may put more around what it was given than a text may have levels.
            let place = RecordPosition(record: 1, line: 1, bytes: 0..<document.count)
            return .failure(
                FormatError(.record, at: place, "what the mapping gives is no JSON: \(error.reason)"))
        }
        do throws(FormatError) {
            if single != nil {
                try single!.writer.write(scratch.tape.root)
                return .success(single!.writer.take())
            }
            var writer = try format.writer()
            try writer.write(scratch.tape.root)
            return .success(document)
        } catch {
            return .failure(error)
        }
    }

    /// Lends the file's bytes from the first to the last.
    func forEachPiece(of records: FileRecords, _ take: (Span<UInt8>) -> Void) throws {
        let failure = try pieces(of: records) { piece throws(SystemError) in take(piece) }
        if let failure { throw failure }
    }

    /// Lends the file's bytes from the first to the last.
    ///
    /// - Returns: why the format can't take the records.
    func pieces(
        of records: FileRecords, _ take: (Span<UInt8>) throws(SystemError) -> Void
    ) throws(SystemError) -> FormatError? {
        guard let single else { return try whole(records, take) }
        try take(single.head.span)
        try records.forEach { entry throws(SystemError) in try take(entry.bytes.bindMemory(to: UInt8.self).span) }
        return nil
    }

    /// The file of a format whose records don't stand by themselves.
    private func whole(
        _ records: FileRecords, _ take: (Span<UInt8>) throws(SystemError) -> Void
    ) throws(SystemError) -> FormatError? {
        var failure: FormatError?
        guard var writer = made(&failure) else { return failure }
        try records.forEach { entry throws(SystemError) in
            guard failure == nil, (try? scratch.tape.parse(entry.bytes)) != nil else { return }
            do throws(FormatError) { try writer.write(scratch.tape.root) } catch { failure = error }
            try take(writer.take().span)
        }
        do throws(FormatError) { try writer.finish() } catch { failure = failure ?? error }
        try take(writer.take().span)
        return failure
    }

    private func made(_ failure: inout FormatError?) -> (any RecordWriter)? {
        do throws(FormatError) { return try format.writer() } catch {
            failure = error
            return nil
        }
    }

    // MARK: Reading

    /// What a file shows that holds exactly these records, of those that are wanted; nil where it can't be told.
    ///
    /// - Parameter wanted: by key what is kept of them.
    func rows(_ wanted: [ExactText: [UInt8]], among records: FileRecords, in path: String) -> [ExactText: JSON]? {
        guard let single else { return rows(wanted, among: records, of: path) }
        var rows: [ExactText: JSON] = [:]
        for (key, bytes) in wanted {
            (single.head + bytes).withUnsafeBytes { bytes in
                guard var reader = try? format.reader(over: bytes), (try? reader.next(into: &scratch.tape)) != nil
                else { return }
                rows[key] = JSON(scratch.tape.root)
            }
        }
        return rows
    }

    private func rows(
        _ wanted: [ExactText: [UInt8]], among records: FileRecords, of path: String
    ) -> [ExactText: JSON]? {
        guard let bytes = try? AtomicFile.read(path) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            guard var reader = try? format.reader(over: bytes) else { return nil }
            var rows: [ExactText: JSON] = [:]
            var count = 0
            try? records.forEach { entry throws(SystemError) in
                guard (try? reader.next(into: &scratch.tape)) != nil else { return }
                count += 1
                let key = ExactText(String(decoding: entry.key, as: UTF8.self))
                if wanted[key] != nil { rows[key] = JSON(scratch.tape.root) }
            }
            guard count == records.count, (try? reader.next(into: &scratch.tape)) == nil else { return nil }
            return rows
        }
    }
}
