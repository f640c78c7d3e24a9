import Canonical
import Digests
import Document
import Formats
package import Installation
import Transports

/// Writes one file with all records, replaced whole: the system finds the old one or the new one, never half of either.
package struct FileWriter: WholeWriter {
    private let path: String
    private let format: any Formats.Format
    private let readsBack: Bool
    private var records = FileRecords()
    /// Makes the bytes of one record, where they stand by themselves, and what stands before the first.
    private var single: (writer: any RecordWriter, head: [UInt8])?
    /// Whether the file holds the records.
    private var isWritten = false
    /// The digest of what the file holds, where it is known: at the start, and when it is compared with what is read back.
    private var digest: [UInt8]?
    /// The file as it was found or written last; nil when there was none.
    private var mark: FileMark?
    private let scratch = Scratch()

    /// Documents on their way into bytes.
    private final class Scratch {
        var tape = Tape()
    }

    /// - Parameter readsBack: whether a source can tell what the file's records say. Otherwise what was handed over is
    ///   never seen again.
    package init(_ settings: FileWriting, folder: String, sink: String, readsBack: Bool) throws {
        self.readsBack = readsBack
        path = "\(folder)/\(settings.file)"
        do throws(OptionError) { format = try FormatCatalog.format(settings.format) } catch {
            throw WrongSetting("sink \"\(sink)\", format: \(error)")
        }
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
        mark = FileMark(path)
        digest = try? SHA256.digest(AtomicFile.read(path))
    }

    /// Takes up what the golden topic holds, and writes the file if it isn't so.
    package mutating func restore(_ found: [Write]) throws {
        records = FileRecords()
        for write in found {
            guard case .success(let bytes) = encoded(write.document) else { continue }
            _ = records.set(
                ExactText(write.key), to: FileRecords.Entry(epoch: write.epoch, revision: write.revision, bytes: bytes))
        }
        if records.count > 0 || digest != nil { try replace() }
    }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        var results: [Written] = []
        results.reserveCapacity(writes.count)
        // What failed before is written now, whatever comes.
        let isUnknown = !isWritten
        var isChanged = isUnknown
        for write in writes { results.append(take(write, isUnknown, &isChanged)) }
        if isChanged { try replace() }
        guard readsBack, let held = held() else { return results }
        for place in results.indices where [.written, .unchanged].contains(results[place].status) {
            results[place].readBack = held[ExactText(writes[place].key)]
        }
        return results
    }

    private mutating func take(_ write: Write, _ isUnknown: Bool, _ isChanged: inout Bool) -> Written {
        let key = ExactText(write.key)
        if let known = records[key], (known.epoch, known.revision) > (write.epoch, write.revision) {
            return Written(.outdated)
        }
        if write.action == .delete {
            if records.remove(key) { isChanged = true }
            return Written(.absent)
        }
        switch encoded(write.document) {
        case .failure(let fault): return Written(.refused(fault.description))
        case .success(let bytes):
            let entry = FileRecords.Entry(epoch: write.epoch, revision: write.revision, bytes: bytes)
            guard records.set(key, to: entry) else { return Written(isUnknown ? .written : .unchanged) }
            isChanged = true
            return Written(.written)
        }
    }

    /// What the file shows, by key; nil when it isn't there any more, or isn't ours any more.
    private mutating func held() -> [ExactText: JSON]? {
        guard let bytes = try? AtomicFile.read(path), SHA256.digest(bytes) == digest else { return nil }
        let found = bytes.withUnsafeBytes { bytes -> [JSON] in
            var rows: [JSON] = []
            var tape = Tape()
            guard var reader = try? format.reader(over: bytes) else { return [] }
            while (try? reader.next(into: &tape)) != nil { rows.append(JSON(tape.root)) }
            return rows
        }
        let keys = records.keys()
        guard found.count == keys.count else { return nil }
        return Dictionary(uniqueKeysWithValues: zip(keys, found))
    }

    // MARK: Bytes

    /// What is kept of a document; or why the format can't take it.
    private mutating func encoded(_ document: JSON) -> Result<[UInt8], FormatError> {
        scratch.tape.reset()
        scratch.tape.setRoot(scratch.tape.append(document))
        do throws(FormatError) {
            if single != nil {
                try single!.writer.write(scratch.tape.root)
                return .success(single!.writer.take())
            }
            var writer = try format.writer()
            try writer.write(scratch.tape.root)
            return .success(document.utf8)
        } catch {
            return .failure(error)
        }
    }

    private mutating func replace() throws {
        let (keys, whole) = (records.keys(), single == nil ? try whole() : nil)
        let (records, head) = (records, single?.head ?? [])
        func pieces(_ take: (Span<UInt8>) throws(SystemError) -> Void) throws(SystemError) {
            if let whole { return try take(whole.span) }
            try take(head.span)
            for key in keys { if let entry = records[key] { try take(entry.bytes.span) } }
        }
        var new: [UInt8]?
        if readsBack || digest != nil {
            var sha = SHA256()
            // Adding to a digest can't fail.
            try? pieces { piece throws(SystemError) in sha.update(piece) }
            new = sha.finish()
        }
        if let new, new == digest {
            isWritten = true
            return
        }
        // A process that was thought dead must not put its old records over those of the next one. Taking the file away is fine.
        if let found = FileMark(path), found != mark { throw OvertakenFile(path: path) }
        (isWritten, digest) = (false, nil)
        do throws(SystemError) {
            try AtomicFile.replace(path) { file throws(SystemError) in
                try pieces { piece throws(SystemError) in try file.write(piece) }
            }
        } catch {
            throw SystemFailure("\(error)")
        }
        (isWritten, digest, mark) = (true, readsBack ? new : nil, FileMark(path))
    }

    /// The file of a format whose records don't stand by themselves.
    private mutating func whole() throws -> [UInt8] {
        do {
            var writer = try format.writer()
            for key in records.keys() {
                guard let entry = records[key] else { continue }
                try scratch.tape.parse(entry.bytes)
                try writer.write(scratch.tape.root)
            }
            try writer.finish()
            return writer.take()
        } catch {
            throw WrongSetting("\(path): \(error)")
        }
    }
}

/// Somebody else has written the file since this process did: this one has to end, and whoever is started next takes the file up
/// from the golden topic.
package struct OvertakenFile: Error, CustomStringConvertible {
    let path: String

    package var description: String {
        "\(path) was written by somebody else since: one process at a time hands over a file; this one ends, start it again"
    }
}
