import CLinux
import Glibc
import Testing

@testable import Transports

@Suite(.timeLimit(.minutes(1))) struct ProcessTests {
    private func shell(_ script: String, _ options: ChildProcess.Options = .init()) throws -> ChildProcess {
        try ChildProcess("/bin/sh", ["-c", script], options: options)
    }

    @Test func `A child's code and its output come back`() throws {
        let child = try shell("echo out; echo err >&2; exit 3", .init(output: .pipe, errors: .pipe))
        #expect(try child.output?.readToEnd() == Array("out\n".utf8))
        #expect(try child.errors?.readToEnd() == Array("err\n".utf8))
        #expect(child.wait() == .exited(3))
        #expect(child.status == .exited(3))
        #expect(try shell("exit 0").wait().isSuccess)
    }

    @Test func `A child reads what it is given, up to the end`() throws {
        let child = try shell("cat", .init(input: .pipe, output: .pipe))
        let input = try #require(child.input)
        try input.write(Array("through ".utf8))
        try input.write(Array("the pipe".utf8))
        input.close()
        #expect(try child.output?.readToEnd() == Array("through the pipe".utf8))
        #expect(child.wait().isSuccess)
        let none = try shell("cat; echo end", .init(output: .pipe))
        #expect(try none.output?.readToEnd() == Array("end\n".utf8))
    }

    @Test func `Writing to a child that has gone fails, and does not end this process`() throws {
        let child = try shell("exec 0<&-; exit 0", .init(input: .pipe))
        _ = child.wait()
        let error = #expect(throws: SystemError.self) { try child.input?.write([1]) }
        #expect(error?.code == EPIPE)
    }

    @Test func `Output goes to the end of a file`() throws {
        let folder = try TemporaryFolder()
        for word in ["one", "two"] {
            let child = try shell("echo \(word)", .init(output: .file(folder["log"]), errors: .null))
            #expect(child.wait().isSuccess)
        }
        #expect(try folder.text("log") == "one\ntwo\n")
    }

    @Test func `Arguments, environment and folder arrive as they are`() throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(
            "sh", ["-c", #"printf '%s|%s|%s|%s' "$1" "$GREETING" "$PWD" "$(env | wc -l)""#, "name", "a 'b' $c"],
            options: .init(
                environment: ["GREETING": "päivää", "PATH": "/usr/bin:/bin"], folder: folder.path, output: .pipe))
        let text = String(decoding: try #require(try child.output?.readToEnd()), as: UTF8.self)
        let parts = text.split(separator: "|")
        #expect(parts.prefix(3) == ["a 'b' $c", "päivää", Substring(folder.path)])
        // PWD and the shell's own _ may be added to the two.
        #expect((2...4).contains(Int(parts[3].trimming(" ")) ?? 0))
    }

    @Test func `A child inherits no descriptor, no blocked and no ignored signal`() throws {
        // Open without O_CLOEXEC, as libraries do.
        let stray = open("/dev/null", O_RDONLY)
        #expect(stray > 2)
        let high = fcntl(stray, F_DUPFD, 200)
        defer {
            close(stray)
            close(high)
        }
        // Started by a thread that blocks and ignores what a server does.
        let output = Monitor("")
        let thread = try NamedThread("server-like") {
            BrokenPipes.ignore()
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, SIGTERM)
            sigaddset(&set, SIGINT)
            pthread_sigmask(SIG_BLOCK, &set, nil)
            let child = try? ChildProcess(
                "/bin/sh", ["-c", "ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status"],
                options: .init(output: .pipe))
            let bytes = (try? child?.output?.readToEnd()) ?? []
            output.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
        }
        thread.join()
        let lines = output.withLock { $0 }.split(separator: "\n")
        // 3 is ls's own, on the folder that it lists.
        #expect(lines.prefix(4) == ["0", "1", "2", "3"])
        // 32 and 33 are glibc's own signals, and its posix_spawn's doing.
        let masks = lines.dropFirst(4).map { UInt64($0.suffix(16), radix: 16).map { $0 & 0x7FFF_FFFF } }
        #expect(masks == [0, 0])
    }

    @Test func `A program that is not there is an error at once`() throws {
        let error = #expect(throws: SystemError.self) { _ = try ChildProcess("/no/such/program") }
        #expect(error?.code == ENOENT)
        #expect(error?.subject == "/no/such/program")
        let log = #expect(throws: SystemError.self) {
            _ = try ChildProcess("/bin/true", options: .init(output: .file("/no/such/folder/log")))
        }
        #expect(log?.subject == "/no/such/folder/log")
    }

    @Test func `A child that heeds SIGTERM ends by it`() throws {
        let child = try shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done", .init(output: .pipe))
        #expect(try child.output?.read() == Array("ready\n".utf8))
        #expect(child.wait(for: .milliseconds(1)) == nil)
        #expect(child.terminate(grace: .seconds(30)) == .exited(7))
        // No signal reaches whoever has the id by now.
        child.send(SIGKILL)
        #expect(child.terminate(grace: .zero) == .exited(7))
    }

    @Test func `A child that ignores SIGTERM is killed after its grace, and reaped`() throws {
        let child = try shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", .init(output: .pipe))
        #expect(try child.output?.read() == Array("ready\n".utf8))
        #expect(child.terminate(grace: .milliseconds(20)) == .signalled(SIGKILL))
        #expect("\(child.wait())" == "signal 9 (Killed)")
        // Not even a zombie is left.
        #expect(waitpid(child.pid, nil, WNOHANG) == -1 && errno == ECHILD)
    }

    @Test func `A child that was forgotten is reaped too`() throws {
        let pid = try shell("exit 0").pid
        #expect(eventually { !Processes.isRunning(pid) })
    }

    @Test func `A group is signalled as a whole`() throws {
        let child = try shell("sleep 1000 & echo $!; wait", .init(output: .pipe, leadsGroup: true))
        let line = String(decoding: try #require(try child.output?.read()), as: UTF8.self)
        let grandchild = try #require(Int32(line.trimming("\n")))
        #expect(Processes.isRunning(grandchild))
        child.terminate(grace: .seconds(10))
        // Its new parent reaps it; until then it may be a zombie, which holds no pipe open.
        #expect(try child.output?.readToEnd().isEmpty == true)
    }

    @Test func `A process that is known by its id alone is ended, gently first`() throws {
        let gentle = try shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", .init(output: .pipe))
        _ = try gentle.output?.read()
        #expect(try Processes.terminate(gentle.pid, grace: .seconds(10)))
        #expect(gentle.wait() == .exited(0))
        let stubborn = try shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", .init(output: .pipe))
        _ = try stubborn.output?.read()
        #expect(try Processes.terminate(stubborn.pid, grace: .milliseconds(20)))
        #expect(stubborn.wait() == .signalled(SIGKILL))
        // Gone already, and never a group.
        #expect(try Processes.terminate(stubborn.pid, grace: .zero))
        #expect(throws: SystemError.self) { try Processes.terminate(0, grace: .zero) }
        #expect(throws: SystemError.self) { try Processes.terminate(-1, grace: .zero) }
    }

    @Test func `A request to stop is told once, on a thread of its own`() throws {
        let told = Monitor<[Int32]>([])
        let starter = try NamedThread("main-like") {
            do {
                let signals = try Signals.onStop { signal in told.withLock { $0.append(signal) } }
                // To that thread alone: the process has others, which don't block it.
                pthread_kill(signals.thread.handle, SIGTERM)
                #expect(eventually { told.withLock { $0 == [SIGTERM] } })
                pthread_kill(signals.thread.handle, SIGTERM)
                // Blocked here as well.
                var blocked = sigset_t()
                pthread_sigmask(SIG_BLOCK, nil, &blocked)
                #expect(sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1)
                #expect(eventually { sigpendingOf(signals.thread) == 0 })
            } catch { Issue.record(error) }
        }
        starter.join()
        #expect(told.withLock { $0 } == [SIGTERM])
    }

    /// The signals that wait for a thread of this process, from /proc: 0 when it has taken all.
    private func sigpendingOf(_ thread: NamedThread) -> UInt64? {
        for (id, _) in (try? Path.names(in: "/proc/self/task")) ?? [] {
            let text = String(decoding: (try? AtomicFile.read("/proc/self/task/\(id)/status")) ?? [], as: UTF8.self)
            guard text.hasPrefix("Name:\t\(thread.name)\n") else { continue }
            let line = text.split(separator: "\n").first { $0.hasPrefix("SigPnd:") }
            return line.flatMap { UInt64($0.dropFirst(8), radix: 16) }
        }
        return nil
    }

    @Test func `A free port can be bound`() throws {
        let port = try Loopback.freePort()
        let server = HTTPServer(port: port) { _ in HTTPResponse(204) }
        #expect(try server.start() == port)
        server.stop()
    }
}

extension StringProtocol {
    func trimming(_ character: Character) -> String {
        String(drop { $0 == character }.reversed().drop { $0 == character }.reversed())
    }
}
