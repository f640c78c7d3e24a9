import Glibc
import Testing

@testable import Transports

@Suite struct DropFolderTests {
    let folder: TemporaryFolder
    let start = ContinuousClock.now

    init() throws { folder = try TemporaryFolder() }

    private func isLive(_ drop: borrowing DropFolder) -> Bool { drop.isLive }

    private func names(_ scan: DropFolder.Scan) -> [String] { scan.ready.map(\.name) }

    @Test func `A file that was written in place is ready when it has stayed the same for long enough`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .milliseconds(500))
        try folder.write("prices.csv", "a;b")
        let first = try drop.scan(now: start)
        #expect(names(first) == [] && first.growing == ["prices.csv"])
        #expect(first.recheck == .milliseconds(500))
        let second = try drop.scan(now: start + .milliseconds(499))
        #expect(names(second) == [])
        #expect(second.recheck == .milliseconds(1))
        let third = try drop.scan(now: start + .milliseconds(500))
        #expect(names(third) == ["prices.csv"])
        #expect(third.recheck == nil && third.growing == [])
    }

    @Test func `A file that grows starts anew each time`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .milliseconds(500))
        try folder.write("prices.csv", "a")
        _ = try drop.scan(now: start)
        try folder.write("prices.csv", "ab")
        #expect(names(try drop.scan(now: start + .milliseconds(600))) == [])
        #expect(names(try drop.scan(now: start + .milliseconds(1099))) == [])
        #expect(names(try drop.scan(now: start + .milliseconds(1100))) == ["prices.csv"])
        // Written to after it was ready, before it was taken up.
        try folder.write("prices.csv", "abc")
        #expect(names(try drop.scan(now: start + .milliseconds(1200))) == [])
    }

    @Test func `A file that was renamed into place is ready at once, and stays so`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .seconds(3600))
        try folder.write("prices.csv.part", "whole")
        #expect(names(try drop.scan(now: start)) == [])
        rename(folder["prices.csv.part"], folder["prices.csv"])
        #expect(names(try drop.scan(now: start)) == ["prices.csv"])
        #expect(names(try drop.scan(now: start)) == ["prices.csv"])
        #expect(isLive(drop) == true)
    }

    @Test func `Without inotify, renamed files wait like the others`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .milliseconds(500), isPollingOnly: true)
        try folder.write("prices.csv.tmp", "whole")
        rename(folder["prices.csv.tmp"], folder["prices.csv"])
        #expect(isLive(drop) == false)
        #expect(names(try drop.scan(now: start)) == [])
        drop.wait(for: .milliseconds(1))
        #expect(names(try drop.scan(now: start + .milliseconds(500))) == ["prices.csv"])
    }

    @Test func `Files come in the order of their names, without hidden and unfinished ones, links and folders`() throws
    {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        for name in ["b.csv", "a.csv", "Z.csv", "ä.csv", ".hidden", "c.tmp", "d.part", "e.csv"] {
            try folder.write(name, name)
        }
        mkdir(folder["done"], 0o755)
        symlink("/etc/passwd", folder["link.csv"])
        #expect(names(try drop.scan(now: start)) == ["Z.csv", "a.csv", "b.csv", "e.csv", "ä.csv"])
    }

    @Test func `A name that is not UTF-8 is reported`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        var name = Array(folder["x.csv"].utf8CString)
        name[name.count - 6] = CChar(bitPattern: 0xE4)
        let descriptor = creat(name, 0o644)
        #expect(descriptor >= 0)
        close(descriptor)
        let scan = try drop.scan(now: start)
        #expect(scan.ready.isEmpty)
        #expect(scan.unreadableNames == ["\u{FFFD}.csv"])
        unlink(name)
    }

    @Test func `A finished file moves to done, and a second of its name beside it`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        for text in ["monday", "tuesday", "wednesday"] {
            try folder.write("prices.csv", text)
            let file = try #require(try drop.scan(now: start).ready.first)
            try drop.finish(file)
        }
        #expect(try drop.scan(now: start).ready.isEmpty)
        #expect(try folder.names("done") == ["prices.csv", "prices.csv.1", "prices.csv.2"])
        #expect(try folder.text("done/prices.csv") == "monday")
        #expect(try folder.text("done/prices.csv.2") == "wednesday")
    }

    @Test func `A refused file moves to failed, with its reason beside it`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        for reason in ["Line 3: the EAN fails its check digit.", "Line 1: no header."] {
            try folder.write("prices.csv", "x")
            let file = try #require(try drop.scan(now: start).ready.first)
            try drop.refuse(file, reason: reason)
        }
        #expect(
            try folder.names("failed")
                == ["prices.csv", "prices.csv.1", "prices.csv.1.reason.txt", "prices.csv.reason.txt"])
        #expect(try folder.text("failed/prices.csv.reason.txt") == "Line 3: the EAN fails its check digit.\n")
        #expect(try folder.text("failed/prices.csv.1.reason.txt") == "Line 1: no header.\n")
        #expect(try drop.scan(now: start).ready.isEmpty)
    }

    @Test func `A file that was replaced after it was found stays for the next scan`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        for replace in [
            { try folder.write("prices.csv", "tuesday") },
            { try AtomicFile.replace(folder["prices.csv"], with: Array("tuesday".utf8)) },
        ] {
            try folder.write("prices.csv", "monday")
            let file = try #require(try drop.scan(now: start).ready.first)
            try replace()
            #expect(throws: SystemError("rename", file.path, code: ESTALE)) { try drop.finish(file) }
            #expect(throws: SystemError("rename", file.path, code: ESTALE)) { try drop.refuse(file, reason: "x") }
            #expect(try folder.text("prices.csv") == "tuesday")
            #expect(try drop.scan(now: start).ready.map(\.name) == ["prices.csv"])
            #expect((try? folder.names("done")) == nil && (try? folder.names("failed")) == nil)
        }
        let file = try #require(try drop.scan(now: start).ready.first)
        unlink(file.path)
        #expect(throws: SystemError("rename", file.path, code: ENOENT)) { try drop.finish(file) }
    }

    @Test func `Where no call renames without replacing, a file is moved all the same, and replaces none`() throws {
        let refusing: Path.Rename = { _, _ in
            errno = EINVAL
            return -1
        }
        try folder.write("a", "monday")
        #expect(try Path.rename(folder["a"], to: folder["b"], unlessThere: refusing))
        #expect(try folder.names() == ["b"])
        try folder.write("a", "tuesday")
        #expect(try !Path.rename(folder["a"], to: folder["b"], unlessThere: refusing))
        #expect(try folder.text("b") == "monday")
        #expect(throws: SystemError("rename", folder["c"], code: ENOENT)) {
            try Path.rename(folder["c"], to: folder["d"], unlessThere: refusing)
        }
    }

    @Test func `A file has an identity of name and digest, however it is read`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        try folder.write("abc.csv", "abc")
        let file = try #require(try drop.scan(now: start).ready.first)
        #expect(file.size == 3)
        let (bytes, identity) = try file.read()
        #expect(bytes == Array("abc".utf8))
        #expect(identity.name == "abc.csv")
        #expect(identity.digest.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        #expect(try file.identity() == identity)
        // The same bytes delivered once more are the same; other bytes under the same name are not.
        try drop.finish(file)
        try folder.write("abc.csv", "abc")
        #expect(try drop.scan(now: start).ready.first?.identity() == identity)
        try folder.write("abc.csv", "abd")
        #expect(try drop.scan(now: start).ready.first?.identity() != identity)
    }

    @Test func `A file that is written to after the scan can't be read as if it were whole`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .zero)
        try folder.write("prices.csv", "half")
        let file = try #require(try drop.scan(now: start).ready.first)
        try folder.write("prices.csv", "half and half")
        #expect(throws: DropFileError.changed(folder["prices.csv"])) { try file.read() }
        #expect(throws: DropFileError.changed(folder["prices.csv"])) { try file.identity() }
    }

    @Test(.timeLimit(.minutes(1))) func `A file that arrives ends the wait`() throws {
        var drop = try DropFolder(folder.path, stableAfter: .seconds(3600))
        #expect(try drop.scan(now: start).ready.isEmpty)
        let folder = folder
        let writer = try NamedThread("writer") {
            do {
                try folder.write(".prices.csv", "whole")
                rename(folder[".prices.csv"], folder["prices.csv"])
            } catch { Issue.record(error) }
        }
        // Each wait would last for an hour; the time limit fails the test.
        var ready: [DropFile] = []
        while ready.isEmpty {
            drop.wait(for: .seconds(3600))
            ready = try drop.scan(now: start).ready
        }
        writer.join()
        #expect(ready.map(\.name) == ["prices.csv"])
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func `A wake-up ends the wait, before it or during it`(isPollingOnly: Bool) throws {
        let drop = try DropFolder(folder.path, stableAfter: .zero, isPollingOnly: isPollingOnly)
        let wakeUp = drop.wakeUp
        wakeUp.signal()
        wakeUp.signal()
        drop.wait(for: .seconds(3600))
        let waker = try NamedThread("waker") { wakeUp.signal() }
        drop.wait(for: .seconds(3600))
        waker.join()
    }

    @Test func `A folder that was replaced by another is watched again`() throws {
        mkdir(folder["in"], 0o755)
        var drop = try DropFolder(folder["in"], stableAfter: .seconds(3600))
        #expect(try drop.scan(now: start).ready.isEmpty)
        rename(folder["in"], folder["old"])
        #expect(throws: SystemError.self) { try drop.scan(now: start) }
        #expect(isLive(drop) == false)
        mkdir(folder["in"], 0o755)
        #expect(try drop.scan(now: start).ready.isEmpty)
        #expect(isLive(drop) == true)
        try folder.write("in/.a", "a")
        rename(folder["in/.a"], folder["in/a"])
        #expect(names(try drop.scan(now: start)) == ["a"])
    }

    @Test func `A folder that is missing, or is a file, is refused`() throws {
        let missing = #expect(throws: SystemError.self) { _ = try DropFolder(folder["none"], stableAfter: .zero) }
        #expect(missing?.code == ENOENT)
        try folder.write("file", "")
        let file = #expect(throws: SystemError.self) { _ = try DropFolder(folder["file"], stableAfter: .zero) }
        #expect(file?.code == ENOTDIR)
    }
}
