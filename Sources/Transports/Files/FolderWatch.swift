import CLinux
import Glibc

/// What happened in a folder since the last look.
struct FolderChanges {
    /// Names that were renamed into the folder: whoever does that has finished writing.
    var movedIn: Set<String> = []
    /// Whether the watch can have missed something, or a name was written without a rename.
    var isOther = false

    var isEmpty: Bool { movedIn.isEmpty && !isOther }
}

/// Waits for changes in one folder by inotify(7); where that is not to be had (no watches left), by time alone.
struct FolderWatch: ~Copyable {
    private let folder: String
    private let inotify: Int32
    private var isWatching = false
    let wakeUp: WakeUp

    init(_ folder: String, isPollingOnly: Bool) throws(SystemError) {
        self.folder = folder
        wakeUp = try WakeUp()
        inotify = isPollingOnly ? -1 : inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        watch()
    }

    deinit { if inotify >= 0 { close(inotify) } }

    /// Whether changes are seen at once.
    var isLive: Bool { isWatching }

    private mutating func watch() {
        guard inotify >= 0 else { return }
        // A file that merely grows is left to the clock: its writer would wake us at each write.
        let events = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        isWatching = inotify_add_watch(inotify, folder, UInt32(bitPattern: events)) >= 0
    }

    /// Blocks until something may have changed, `wakeUp` was signalled, or the time is over.
    func wait(for timeout: Duration) {
        var wanted = [
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),  // poll(2) skips a negative descriptor.
        ]
        let milliseconds = (timeout / .milliseconds(1)).rounded(.up)
        poll(&wanted, nfds_t(wanted.count), Int32(min(max(milliseconds, 0), Double(Int32.max))))
        wakeUp.clear()
    }

    /// Takes the changes noted since the last call. Never blocks.
    mutating func changes() -> FolderChanges {
        var changes = FolderChanges()
        // A folder that was away and came back, or watches that have become free.
        if !isWatching {
            watch()
            changes.isOther = true
        }
        guard inotify >= 0 else { return changes }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(inotify, $0.baseAddress, $0.count) }
            guard count > 0 else { return changes }
            buffer.withUnsafeBytes { note(UnsafeRawBufferPointer(rebasing: $0[..<count]), in: &changes) }
        }
    }

    private mutating func note(_ events: UnsafeRawBufferPointer, in changes: inout FolderChanges) {
        var offset = 0
        let header = MemoryLayout<inotify_event>.size
        while offset + header <= events.count {
            let event = events.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = events[(offset + header)..<(offset + header + Int(event.len))].prefix { $0 != 0 }
            if event.mask & UInt32(IN_MOVED_TO) != 0 {
                changes.movedIn.insert(String(decoding: name, as: UTF8.self))
            } else {
                changes.isOther = true
            }
            // The folder itself is gone: a new one of the same name needs a new watch.
            if event.mask & UInt32(IN_IGNORED | IN_MOVE_SELF) != 0 { isWatching = false }
            offset += header + Int(event.len)
        }
    }
}
