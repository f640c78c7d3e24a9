import Digests
import Document
import Formats
import Glibc
import Installation
import Logging
import Transports

/// Files that a system drops into a folder, one after the other in the order of their names.
struct FileSource: SourceTransport {
    private let settings: SourceSettings
    private let reading: FileReading
    private let format: any Formats.Format
    private let log: Logger
    private let clock: LoopClock
    private let folder: Folder
    private var current: OpenFile?
    /// Files to be moved once everything is acknowledged.
    private var finished: (file: DropFile, failure: String?)?
    private let content: Content
    private var strangers: Strangers
    /// Whether the end wakes this source up.
    private var isHeard = false
    /// The growing file that others wait for.
    private var awaited: String?

    /// How a file is opened.
    typealias Content = (DropFile) throws -> DropFileContent

    /// The watched folder: its waits take it as a reference.
    private final class Folder {
        var drop: DropFolder
        init(_ drop: consuming DropFolder) { self.drop = drop }
    }

    init(
        _ settings: SourceSettings, _ reading: FileReading, folder: String, log: Logger,
        clock: LoopClock = .machine,
        content: @escaping Content = { try $0.open() }
    ) throws {
        self.content = content
        self.clock = clock
        strangers = Strangers(folder: folder, pattern: reading.pattern)
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
        if current == nil, let end = try next(position, take) { return end }
        guard let file = current else { return PageEnd(isIdle: true) }
        return try page(file, take)
    }

    mutating func rewind() {
        (current, finished) = (nil, nil)
        strangers.forget()
    }

    mutating func acknowledge() throws {
        strangers.confirm()
        guard let (file, failure) = finished else { return }
        do throws(SystemError) {
            if let failure {
                _ = try folder.drop.refuse(file, reason: failure)
            } else {
                _ = try folder.drop.finish(file)
            }
        } catch {
            guard error.code == ESTALE || error.code == ENOENT else { throw SystemFailure("\(error)") }
            // What lies there now, nobody has read (I1).
            log.notice(
                "a file was replaced after it was read; what lies there is read next",
                metadata: ["file": "\(file.name)"])
        }
        finished = nil
    }

    mutating func wait(_ stop: StopSignal) throws {
        // Ends by itself too: network folders tell nothing.
        if !isHeard {
            let wakeUp = folder.drop.wakeUp
            stop.whenSet { wakeUp.signal() }
            isHeard = true
        }
        folder.drop.wait(for: min(settings.every, .seconds(1)))
    }

    // MARK: One file

    /// Opens the next file; or tells of what has a file's name and can't be opened, which is a page of its own.
    private mutating func next(
        _ position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd? {
        let scan: DropFolder.Scan
        do throws(SystemError) { scan = try folder.drop.scan(now: clock.now()) } catch {
            throw SystemFailure("\(error)")
        }
        let found = strangers.look(besides: scan)
        for stranger in found { try tell(stranger, take) }
        if !found.isEmpty { return PageEnd(records: found.count) }
        guard let file = scan.ready.first(where: { Pattern.matches(reading.pattern, $0.name) }),
            !mustWait(file, scan.growing)
        else { return nil }
        do {
            open(file, try content(file), position)
            return nil
        } catch let error as SystemError where error.code == ENOENT {
            return nil
        } catch let error as SystemError where Unread.isLasting(error.code) {
            return try setAside(file, error, position, take)
        } catch {
            throw SystemFailure("\(error)")
        }
    }

    /// Whether an earlier file may be growing still: files are read in the order of their names, as what they say of one record
    /// follows each other (I2).
    private mutating func mustWait(_ file: DropFile, _ growing: [String]) -> Bool {
        let earlier = growing.first { name in
            name.utf8.lexicographicallyPrecedes(file.name.utf8) && Pattern.matches(reading.pattern, name)
        }
        if let earlier, earlier != awaited {
            log.notice(
                "a file waits for one before it that may be growing still",
                metadata: ["file": "\(file.name)", "for": "\(earlier)", "settled": "\(reading.settled)"])
        }
        awaited = earlier
        return earlier != nil
    }

    private func tell(_ unread: Unread, _ take: (ReadRecord, inout Tape) throws -> Void) throws {
        log.error("what has a file's name can't be read", metadata: ["file": "\(unread.name)", "why": "\(unread.why)"])
        var tape = Tape()
        try unread.withRecord { try take($0, &tape) }
    }

    /// A file that may not be read: nothing is known of it but its name and size. It goes to `failed`, and the rest goes on.
    private mutating func setAside(
        _ file: DropFile, _ error: SystemError, _ position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        let unread = Unread(name: file.name, size: file.size, why: "can't be read: \(error.reason)")
        finished = (file, unread.reason)
        var end = PageEnd(position: ["file": .string(file.name), "digest": .string(unread.mark), "done": true])
        if position != end.position {
            end.records = 1
            try tell(unread, take)
        }
        return end
    }

    private mutating func open(
        _ file: DropFile, _ content: DropFileContent, _ position: JSON?
    ) {
        let digest = Hex.encode(Array(content.identity.digest.prefix(16)))
        var skip = 0
        if position?["file"]?.string == file.name, position?["digest"]?.string == digest {
            // It was read, in part or to its end, before the process ended.
            skip = position?["done"] == true ? .max : position?["record"]?.integer ?? 0
        }
        log.info("reading a file", metadata: ["file": "\(file.name)", "bytes": "\(content.count)"])
        current = OpenFile(file, content, digest: digest, skip: skip, format)
    }

    private mutating func page(_ file: OpenFile, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        var end = PageEnd(delivery: settings.delivers == .everything ? "\(file.file.name)/\(file.digest)" : nil)
        let isDone = file.skip == .max
        while !isDone, end.records < settings.page || settings.delivers == .everything {
            let next: (read: ReadRecord, isFile: Bool)?
            do { next = try file.next(delivery: end.delivery) } catch { throw SystemFailure("\(error)") }
            guard let record = next else { break }
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
        if let failure = file.failure {
            log.error(
                "a file can't be read to its end: what is left is a dead letter", metadata: ["why": "\(failure)"])
        }
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
