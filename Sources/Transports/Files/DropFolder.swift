import Digests
import Glibc

/// A folder into which a system drops files, to be taken up one by one.
///
///     var drop = try DropFolder("/var/importer", stableAfter: .seconds(2))
///     while running {
///         let scan = try drop.scan(now: .now)
///         for file in scan.ready { try read(file); try drop.finish(file) }
///         if scan.ready.isEmpty { drop.wait(for: min(scan.recheck ?? poll, poll)) }
///     }
///
/// A file is ready when it was seen being renamed into place, or when its size and its times have stayed the same for
/// `stableAfter`. Hidden files, folders, links, and names that end in `.tmp` or `.part` are never ready. One owner, one thread.
public struct DropFolder: ~Copyable {
    /// The folder's path.
    public let path: String
    private let stableAfter: Duration
    private var watch: FolderWatch
    private var sightings: [String: Sighting] = [:]

    /// Watches the folder at `path`, which must exist.
    /// - Parameters:
    ///   - path: The folder. `done` and `failed` are made in it when they are needed.
    ///   - stableAfter: How long a file that was not renamed into place must stay unchanged: longer than any pause of
    ///     the slowest writer.
    ///   - isPollingOnly: For network file systems, whose changes inotify does not show.
    public init(_ path: String, stableAfter: Duration, isPollingOnly: Bool = false) throws(SystemError) {
        watch = try FolderWatch(try Path.checkedFolder(path), isPollingOnly: isPollingOnly)
        self.path = path
        self.stableAfter = stableAfter
    }

    /// Ends this folder's wait from another thread.
    public var wakeUp: WakeUp { watch.wakeUp }

    /// Whether changes are noticed at once (inotify), not just by polling.
    public var isLive: Bool { watch.isLive }

    /// What one look at the folder found.
    public struct Scan: Sendable {
        /// The files to be read, in the order of their names' bytes.
        public let ready: [DropFile]
        /// The names of those that may be growing still, in the same order.
        public let growing: [String]
        /// After how long the first of those still growing can be ready, if none changes; nil when there are none.
        public let recheck: Duration?
        /// The names that are not UTF-8, repaired for a report: nobody takes these files up until they are renamed.
        public let unreadableNames: [String]
    }

    /// Looks at the folder.
    /// - Parameter now: The time of this look, on a clock that only goes forward.
    public mutating func scan(now: ContinuousClock.Instant) throws(SystemError) -> Scan {
        // Taken before the listing: a rename after it shows in the next scan.
        let changes = watch.changes()
        var seen: [String: Sighting] = [:]
        var ready: [DropFile] = []
        var growing: [String] = []
        var recheck: Duration?
        let names = try Path.names(in: path).filter { Self.isCandidate($0.name) }
        for (name, isValid) in names where isValid {
            guard let file = try DropFile(name: name, in: path) else { continue }
            let sighting = sighting(of: file, wasMovedIn: changes.movedIn.contains(name), now: now)
            seen[name] = sighting
            let missing = sighting.isWhole ? .zero : stableAfter - (now - sighting.since)
            if missing <= .zero {
                ready.append(file)
            } else {
                growing.append(name)
                recheck = min(recheck ?? missing, missing)
            }
        }
        sightings = seen
        return Scan(
            ready: ready, growing: growing, recheck: recheck,
            unreadableNames: names.filter { !$0.isValid }.map(\.name))
    }

    /// Blocks this thread until the folder may have changed, `wakeUp` is signalled, or the time is over. It may return
    /// for no reason; without inotify it always takes the whole time, so poll at a bearable interval.
    public func wait(for timeout: Duration) { watch.wait(for: timeout) }

    static func isCandidate(_ name: String) -> Bool {
        name.utf8.first != UInt8(ascii: ".") && !name.hasSuffix(".tmp") && !name.hasSuffix(".part")
    }

    private struct Sighting {
        let file: DropFile
        let since: ContinuousClock.Instant
        let isWhole: Bool
    }

    private func sighting(of file: DropFile, wasMovedIn: Bool, now: ContinuousClock.Instant) -> Sighting {
        if wasMovedIn { return Sighting(file: file, since: now, isWhole: true) }
        if let known = sightings[file.name], known.file == file { return known }
        return Sighting(file: file, since: now, isWhole: false)
    }
}

// What becomes of a file.
extension DropFolder {
    /// Moves a file that was taken up to `done`. A name that is there already gets a number.
    /// - Returns: The file's new path.
    /// - Throws: `ESTALE` when another file lies there by now, or the file was written to, and `ENOENT` when it is gone:
    ///   what lies there stays, and the next scan judges it.
    @discardableResult
    public func finish(_ file: DropFile) throws(SystemError) -> String {
        try move(file, to: "done", reason: nil)
    }

    /// Moves a file that can't be taken up to `failed`, and writes why into a `.reason.txt` beside it.
    /// - Returns: The file's new path.
    /// - Throws: As `finish`.
    @discardableResult
    public func refuse(_ file: DropFile, reason: String) throws(SystemError) -> String {
        try move(file, to: "failed", reason: reason)
    }

    private func move(_ file: DropFile, to folder: String, reason: String?) throws(SystemError) -> String {
        // Systems drop their next file under the same name, and nobody has read that one.
        guard let present = try DropFile(name: file.name, in: path) else {
            throw SystemError("rename", file.path, code: ENOENT)
        }
        guard present == file else { throw SystemError("rename", file.path, code: ESTALE) }
        let target = "\(path)/\(folder)"
        try Path.createFolder(target)
        var number = 0
        while true {
            let name = number == 0 ? file.name : "\(file.name).\(number)"
            let moved = "\(target)/\(name)"
            number += 1
            if access(moved, F_OK) == 0 { continue }
            // First the reason, so that no file is ever found refused without one.
            if let reason { try AtomicFile.replace("\(moved).reason.txt", with: Array("\(reason)\n".utf8)) }
            guard try Path.rename(file.path, to: moved) else { continue }
            guard try DropFile(name: name, in: target)?.hasContent(of: file) ?? true else {
                // It was exchanged between the look and the move.
                _ = try Path.rename(moved, to: file.path)
                if reason != nil { unlink("\(moved).reason.txt") }
                throw SystemError("rename", file.path, code: ESTALE)
            }
            try Path.syncFolder(target)
            try Path.syncFolder(path)
            return moved
        }
    }
}
