import Document
import Formats
import Installation
import Transports

/// Writes one file with all records, replaced whole: the system finds the old one or the new one, never half of either.
struct FileWriter: SinkWriter {
    private let path: String
    private let format: any Formats.Format
    private var records: [String: (revision: Int64, document: JSON)] = [:]
    /// What the file holds; nil: unknown.
    private var content: [UInt8]?

    init(_ settings: FileWriting, folder: String, sink: String) throws {
        path = "\(folder)/\(settings.file)"
        do throws(OptionError) { format = try FormatCatalog.format(settings.format) } catch {
            throw WrongSetting("sink \"\(sink)\", format: \(error)")
        }
        content = try? AtomicFile.read(path)
    }

    /// Takes up what the golden topic holds, and writes the file if it isn't so.
    mutating func restore(_ found: [(key: String, revision: Int64, document: JSON)]) throws {
        records = Dictionary(found.map { ($0.key, ($0.revision, $0.document)) }) { $1 }
        if !records.isEmpty || content != nil { try replace() }
    }

    mutating func write(_ writes: [Write]) throws -> [Written] {
        var results: [Written] = []
        for write in writes {
            if let known = records[write.key], known.revision > write.revision {
                results.append(Written(.outdated))
            } else if write.action == .delete {
                records[write.key] = nil
                results.append(Written(.absent))
            } else if let fault = try fault(in: write.document) {
                results.append(Written(.refused(fault)))
            } else {
                let isSame = records[write.key]?.document == write.document
                records[write.key] = (write.revision, write.document)
                results.append(Written(isSame && content != nil ? .unchanged : .written))
            }
        }
        try replace()
        return results
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
