import Digests
import Document
import Formats
import Installation
import Logging
import Transports

/// Files that a system drops into a folder, one after the other in the order of their names.
struct FileSource: SourceTransport {
    private let settings: SourceSettings
    private let reading: FileReading
    private let format: any Formats.Format
    private let log: Logger
    private let folder: Folder
    private var current: OpenFile?
    /// Files to be moved once everything is acknowledged.
    private var finished: (file: DropFile, failure: String?)?

    /// The watched folder: its waits take it as a reference.
    private final class Folder {
        var drop: DropFolder
        init(_ drop: consuming DropFolder) { self.drop = drop }
    }

    init(_ settings: SourceSettings, _ reading: FileReading, folder: String, log: Logger) throws {
        self.settings = settings
        self.reading = reading
        self.log = log
        do throws(OptionError) {
            format = try FormatCatalog.format(settings.format ?? .string("json-lines"))
        } catch {
            throw WrongSetting("source \"\(settings.name)\", format: \(error)")
        }
        do throws(SystemError) {
            self.folder = Folder(try DropFolder(folder, stableAfter: reading.settled))
        } catch {
            throw SystemFailure("\(error)")
        }
    }

    mutating func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        if current == nil { try open(position) }
        guard let file = current else { return PageEnd(isIdle: true) }
        return try page(file, take)
    }

    mutating func rewind() { (current, finished) = (nil, nil) }

    mutating func acknowledge() throws {
        guard let (file, failure) = finished else { return }
        do throws(SystemError) {
            if let failure {
                _ = try folder.drop.refuse(file, reason: failure)
            } else {
                _ = try folder.drop.finish(file)
            }
        } catch {
            throw SystemFailure("\(error)")
        }
        finished = nil
    }

    mutating func wait(_ stop: StopSignal) throws {
        // Ends by itself too: network folders tell nothing.
        let wakeUp = folder.drop.wakeUp
        stop.whenSet { wakeUp.signal() }
        folder.drop.wait(for: min(settings.every, .seconds(1)))
    }

    // MARK: One file

    private mutating func open(_ position: JSON?) throws {
        let scan: DropFolder.Scan
        do throws(SystemError) { scan = try folder.drop.scan(now: .now) } catch { throw SystemFailure("\(error)") }
        guard let file = scan.ready.first(where: { Pattern.matches(reading.pattern, $0.name) }) else { return }
        let bytes: [UInt8]
        let identity: DropFile.Identity
        do { (bytes, identity) = try file.read() } catch { throw SystemFailure("\(error)") }
        let digest = Hex.encode(Array(identity.digest.prefix(16)))
        var skip = 0
        if position?["file"]?.string == file.name, position?["digest"]?.string == digest {
            // It was read, in part or to its end, before the process ended.
            skip = position?["done"] == true ? .max : position?["record"]?.integer ?? 0
        }
        log.info("reading a file", metadata: ["file": "\(file.name)", "bytes": "\(bytes.count)"])
        do throws(FormatError) {
            current = try OpenFile(file, bytes, digest: digest, skip: skip, format)
        } catch {
            current = OpenFile(file, bytes, digest: digest, broken: error)
        }
    }

    private mutating func page(_ file: OpenFile, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        var end = PageEnd(delivery: settings.delivers == .everything ? "\(file.file.name)/\(file.digest)" : nil)
        let isDone = file.skip == .max
        while !isDone, end.records < settings.page || settings.delivers == .everything {
            guard let record = file.next(delivery: end.delivery) else { break }
            if file.record <= file.skip, !record.isFile { continue }
            end.records += 1
            try take(record.read, &file.tape)
        }
        for notice in file.takeNotices() {
            log.info("\(notice.message)", metadata: ["file": "\(file.file.name)", "line": "\(notice.position.line)"])
        }
        guard file.hasEnded || isDone else {
            end.position = position(of: file, done: false)
            return end
        }
        end.position = position(of: file, done: true)
        end.endsDelivery = end.delivery != nil && file.failure == nil && !isDone
        finished = (file.file, file.failure)
        current = nil
        return end
    }

    private func position(of file: OpenFile, done: Bool) -> JSON {
        [
            "file": .string(file.file.name), "digest": .string(file.digest),
            "record": .number(Number(file.record)), "done": .bool(done),
        ]
    }
}

/// A file that is being read, with its bytes where the format's reader can rely on them.
private final class OpenFile {
    let file: DropFile
    let digest: String
    let skip: Int
    var tape = Tape()
    private(set) var record = 0
    private(set) var hasEnded = false
    /// Why it could not be read to its end.
    private(set) var failure: String?
    private let bytes: UnsafeMutableRawBufferPointer
    private var reader: (any RecordReader)?
    private var broken: FormatError?

    init(
        _ file: DropFile, _ bytes: [UInt8], digest: String, skip: Int, _ format: any Formats.Format
    ) throws(FormatError) {
        self.file = file
        self.digest = digest
        self.skip = skip
        self.bytes = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        self.bytes.copyBytes(from: bytes)
        reader = try format.reader(over: UnsafeRawBufferPointer(rebasing: self.bytes[..<bytes.count]))
    }

    init(_ file: DropFile, _ bytes: [UInt8], digest: String, broken: FormatError) {
        self.file = file
        self.digest = digest
        skip = 0
        self.bytes = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        self.bytes.copyBytes(from: bytes)
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
                failure = error.description
                return (read(error.position, error, delivery), true)
            }
            return (read(error.position, error, delivery), false)
        }
    }

    func takeNotices() -> [FormatNotice] { reader?.takeNotices() ?? [] }

    private func read(_ position: RecordPosition, _ error: FormatError?, _ delivery: String?) -> ReadRecord {
        var record = ReadRecord(
            reference: "\(file.name)/\(digest)#\(position.record)", place: "\(file.name), line \(position.line)",
            content: error.map { .unreadable($0.description) } ?? .document)
        let end = error?.scope == .file ? bytes.count : position.bytes.upperBound
        record.raw = Array(bytes[min(position.bytes.lowerBound, bytes.count)..<min(end, bytes.count)])
        record.delivery = delivery
        return record
    }
}

/// File names with `*` for any text and `?` for one letter.
enum Pattern {
    /// Whether a name fits.
    static func matches(_ pattern: String, _ name: String) -> Bool { matches(Array(pattern)[...], Array(name)[...]) }

    private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matches(pattern.dropFirst(), name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
        }
        guard let letter = name.first, first == "?" || first == letter else { return false }
        return matches(pattern.dropFirst(), name.dropFirst())
    }
}
