import Canonical
import Document
import Formats
import Installation
import Transports

/// Writes one file with all records, replaced whole: the system finds the old one or the new one, never half of either.
struct FileWriter: SinkWriter {
    private let path: String
    private let format: any Formats.Format
    private var records: [ExactText: (epoch: Int64, revision: Int64, document: JSON)] = [:]
    /// What the file holds; nil: unknown.
    private var content: [UInt8]?
    private let readsBack: Bool

    /// - Parameter readsBack: whether a source can tell what the file's records say. Otherwise what was handed over is
    ///   never seen again.
    init(_ settings: FileWriting, folder: String, sink: String, readsBack: Bool) throws {
        self.readsBack = readsBack
        path = "\(folder)/\(settings.file)"
        do throws(OptionError) { format = try FormatCatalog.format(settings.format) } catch {
            throw WrongSetting("sink \"\(sink)\", format: \(error)")
        }
        content = try? AtomicFile.read(path)
    }

    /// Takes up what the golden topic holds, and writes the file if it isn't so.
    mutating func restore(_ found: [Write]) throws {
        records = Dictionary(found.map { (ExactText($0.key), ($0.epoch, $0.revision, $0.document)) }) { $1 }
        if !records.isEmpty || content != nil { try replace() }
    }

    mutating func write(_ writes: [Write]) throws -> [Written] {
        var results: [Written] = []
        for write in writes {
            let key = ExactText(write.key)
            if let known = records[key], (known.epoch, known.revision) > (write.epoch, write.revision) {
                results.append(Written(.outdated))
            } else if write.action == .delete {
                records[key] = nil
                results.append(Written(.absent))
            } else if let fault = try fault(in: write.document) {
                results.append(Written(.refused(fault)))
            } else {
                let isSame = records[key]?.document == write.document
                records[key] = (write.epoch, write.revision, write.document)
                results.append(Written(isSame && content != nil ? .unchanged : .written))
            }
        }
        try replace()
        guard readsBack, let held = held() else { return results }
        for place in results.indices where [.written, .unchanged].contains(results[place].status) {
            results[place].readBack = held[ExactText(writes[place].key)]
        }
        return results
    }

    /// What the file shows, by key; nil when it isn't there any more, or isn't ours any more.
    private func held() -> [ExactText: JSON]? {
        guard let bytes = try? AtomicFile.read(path), bytes == content else { return nil }
        let found = bytes.withUnsafeBytes { bytes -> [JSON] in
            var rows: [JSON] = []
            var tape = Tape()
            guard var reader = try? format.reader(over: bytes) else { return [] }
            while (try? reader.next(into: &tape)) != nil { rows.append(JSON(tape.root)) }
            return rows
        }
        let keys = records.keys.sorted()
        guard found.count == keys.count else { return nil }
        return Dictionary(uniqueKeysWithValues: zip(keys, found))
    }

    /// Why the format can't take a document; nil when it can.
    private func fault(in document: JSON) throws -> String? {
        do throws(FormatError) {
            var writer = try format.writer()
            var tape = Tape()
            tape.setRoot(tape.append(document))
            try writer.write(tape.root)
            return nil
        } catch {
            return error.description
        }
    }

    private mutating func replace() throws {
        let bytes: [UInt8]
        do throws(FormatError) {
            var writer = try format.writer()
            var tape = Tape()
            for (_, record) in records.sorted(by: { $0.key < $1.key }) {
                tape.reset()
                tape.setRoot(tape.append(record.document))
                try writer.write(tape.root)
            }
            try writer.finish()
            bytes = writer.take()
        } catch {
            throw WrongSetting("\(path): \(error)")
        }
        if bytes == content { return }
        do throws(SystemError) { try AtomicFile.replace(path, with: bytes) } catch { throw SystemFailure("\(error)") }
        content = bytes
    }
}
