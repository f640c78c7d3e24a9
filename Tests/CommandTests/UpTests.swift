import TestHub
import Testing
import Transports

#if canImport(Glibc)
    import Glibc
#endif

@testable import omni

/// `omni up`: what it keeps running, and how it ends.
@Suite(.serialized) struct UpTests {
    private func plant(omni: String = "api: { listen: \"127.0.0.1:0\" }") throws -> Plant {
        try Plant(partitions: 1, omni: omni)
    }

    @Test func itEndsInTimeWhileABrokerThatTakesConnectionsAnswersNothing() throws {
        let plant = try plant()
        let silent = try SilentBroker()
        try Plant.write(
            "\(plant.folder)/omni.yaml",
            "prefix: silent\ndata: \"${env:DATA}\"\nbroker: { bootstrap.servers: \"127.0.0.1:\(silent.port)\" }\n")
        try Program(plant: plant).running("up") { up in
            try eventually("it asks the broker") { silent.isAsked }
            up.child.send(SIGTERM)
            #expect(up.child.wait(for: .seconds(5)) == .exited(0), "within the five seconds that are promised")
        }
    }

    @Test func aSecondOneIsRefusedAndLeavesTheFirstAlone() throws {
        let program = Program(plant: try plant())
        try program.running("up") { up in
            let hub = try up.process("hub")
            let second = try program.run("up")
            #expect(!second.status.isSuccess)
            #expect(second.errors.contains("process \(up.child.pid) runs this installation's hub"), "\(second.errors)")
            #expect(up.pid(of: "hub") == hub && Processes.isRunning(hub))
        }
    }

    @Test func whatAKilledOneLeftBehindDoesntCount() throws {
        let program = Program(plant: try plant())
        try program.running("up") { up in
            let hub = try up.process("hub")
            up.child.send(SIGKILL)
            _ = up.child.wait()
            #expect(up.pid(of: "hub") == hub, "nobody was there to take it away")
            let answer = try program.run("restart", "hub")
            #expect(answer.errors.contains("no 'omni up' runs 'hub' here"), "\(answer.errors)")
            // Whoever adopts it may let it lie about as a zombie.
            try eventually("the hub ends with it") { Plant.read("/proc/\(hub)/cmdline")?.isEmpty ?? true }
        }
        try program.running("up") { up in
            _ = try up.process("hub")
        }
    }

    /// As on a disk that is full: without a pid nothing could be restarted by its name.
    @Test func aPidThatCouldNotBeWrittenIsWrittenLater() throws {
        let plant = try plant()
        let program = Program(plant: plant)
        let file = "\(plant.folder)/var/run/hub.pid"
        try makeFolder(file)
        try program.running("up") { up in
            try eventually("it says so") { !up.lines("a pid file can't be written").isEmpty }
            rmdir(file)
            let hub = try up.process("hub")
            #expect(Processes.parent(of: hub) == up.child.pid)
        }
    }

    @Test func aProcessIsRestartedByItsNameAtOnceHoweverOften() throws {
        let program = Program(plant: try plant())
        try program.running("up") { up in
            var hub = try up.process("hub")
            for round in 1...3 {
                try eventually("the hub listens") { up.lines("the API listens").count == round }
                let answer = try program.run("restart", "hub")
                #expect(answer.status.isSuccess, "\(answer.errors)")
                let next = try up.process("hub", after: hub)
                #expect(answer.output.contains("\(next), was \(hub)"), "\(answer.output)")
                hub = next
            }
            #expect(up.lines("a process ended", "it was asked to end", "0.1 seconds").count >= 1, "\(up.log)")
            #expect(up.lines("a process ended", "\"warning\"").isEmpty, "\(up.log)")
            let unknown = try program.run("restart", "hup")
            #expect(unknown.errors.contains("there are: hub"), "\(unknown.errors)")
        }
    }

    @Test func restsGrowWithCrashesAndNotWithDeliberateEnds() {
        var delay = RestartDelay()
        func crash(_ seconds: Int) -> Duration { delay.after(run: .seconds(seconds), isDeliberate: false) }
        #expect(crash(2) == .milliseconds(100))
        #expect(crash(2) == .milliseconds(200))
        #expect(crash(2) == .milliseconds(400))
        #expect(delay.after(run: .seconds(2), isDeliberate: true) == .milliseconds(100))
        #expect(delay.after(run: .seconds(2), isDeliberate: true) == .milliseconds(100))
        #expect(delay.after(run: .milliseconds(5), isDeliberate: true) == .milliseconds(200), "no spinning")
        for _ in 0..<20 { _ = crash(2) }
        #expect(crash(2) == .seconds(10))
        #expect(crash(30) == .milliseconds(100), "it was well for a while")
    }
}

/// A broker's port where connections are taken, and nothing is answered.
final class SilentBroker: Sendable {
    let port: Int
    private let listener: Int32

    init() throws {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(file, address, length) == 0 && listen(file, 64) == 0 && getsockname(file, address, &length) == 0
            }
        }
        guard bound else { throw SystemError.last("bind", "a silent broker") }
        listener = file
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    /// Whether somebody has connected.
    var isAsked: Bool {
        var poll = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }
}
