import Demo
import Glibc
import Transports

/// What may go wrong in a run. Each is made by the seed's schedule, and mended by itself.
enum Trouble: String, CaseIterable, Sendable {
    case killHub = "hub killed"
    case killConnector = "connector killed"
    case killSupervisor = "supervisor killed"
    case stopHub = "hub stopped and continued"
    case stopConnector = "connector stopped and continued"
    case zombieHub = "hub stopped, replaced, continued"
    case zombieConnector = "connector stopped, replaced, continued"
    case hubJoins = "hub joins"
    case hubLeaves = "hub leaves"
    case hubDies = "joined hub killed"
    case lockTill = "till locked"
    case doorBefore = "500 before"
    case doorAfter = "500 after the commit"
    case doorSlow = "late answers"
    case killSystem = "web system killed"
    case killBroker = "broker killed"

    /// How often, in relation to the others; 0 where the broker can't bear it.
    func weight(isEmbedded: Bool, killsBroker: Bool) -> Int {
        switch self {
        case .killHub, .killConnector: 6
        case .killSupervisor, .zombieConnector: 1
        case .stopHub, .stopConnector, .lockTill, .doorBefore, .doorAfter: 3
        case .doorSlow, .killSystem: 2
        // The embedded broker expels nobody: whoever leaves would keep its partitions.
        case .hubJoins: isEmbedded ? 0 : 3
        case .hubLeaves, .hubDies, .zombieHub: isEmbedded ? 0 : 2
        case .killBroker: killsBroker ? 2 : 0
        }
    }
}

/// Makes trouble on a thread of its own, one thing at a time or several at once, until it is stopped; then everything that
/// was broken is whole again.
final class Troublemaker: Sendable {
    private let cast: Cast
    private let doors: [FaultyDoor]
    private let brokerKill: String?
    private let say: @Sendable (String) -> Void
    private let counts = Monitor<[Trouble: Int]>([:])
    private let isStopping = Monitor(false)
    private let threads = Monitor<[NamedThread]>([])
    private let apiPorts: [Int]

    /// - Parameters:
    ///   - brokerKill: a command that kills the broker and starts it again.
    ///   - say: tells people what is done.
    init(_ cast: Cast, doors: [FaultyDoor], brokerKill: String?, say: @escaping @Sendable (String) -> Void) throws {
        self.cast = cast
        self.doors = doors
        self.brokerKill = brokerKill
        self.say = say
        apiPorts = try (0..<4).map { _ in try Loopback.freePort() }
    }

    /// How often each was made.
    var made: [Trouble: Int] { counts.withLock { $0 } }

    /// Begins.
    ///
    /// - Parameter pause: between two troubles, in milliseconds.
    func start(seed: UInt64, pause: ClosedRange<Int>) throws {
        let weights = Trouble.allCases.flatMap { trouble in
            Array(
                repeating: trouble,
                count: trouble.weight(isEmbedded: cast.layout.isEmbedded, killsBroker: brokerKill != nil))
        }
        // Two at once: a hub may die while a connector stands still.
        for number in 1...2 {
            let thread = try NamedThread("trouble-\(number)") { [self] in
                var random = Seeded.stream(seed, "trouble-\(number)")
                while !wait(random.duration(pause)) {
                    let trouble = weights.randomElement(using: &random)!
                    var own = Seeded(random.next())
                    do {
                        if try make(trouble, &own) { counts.withLock { $0[trouble, default: 0] += 1 } }
                    } catch {
                        say("\(trouble.rawValue): \(error)")
                    }
                }
            }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Makes no more; waits until everything that was stopped, locked or broken is whole.
    func stop() throws {
        isStopping.withLock { $0 = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
        for door in doors { door.set(nil) }
        for name in ["hub-2", "hub-3"] { cast.child(name)?.terminate(grace: .seconds(10)) }
        for name in ["shop", "crm"] where cast.child(name) == nil { try cast.startSystem(name) }
        if cast.child("omni") == nil { try cast.startOmni() }
    }

    /// Waits; answers whether it is time to end.
    private func wait(_ time: Duration) -> Bool { isStopping.wait(for: time) { $0 ? true : nil } ?? false }

    // MARK: What it does

    /// Makes one; answers whether there was anything to make.
    private func make(_ trouble: Trouble, _ random: inout Seeded) throws -> Bool {
        let connector = ["retailer", "ecommerce", "crm", "importer", "wholesaler"].randomElement(using: &random)!
        switch trouble {
        case .killHub: return kill("hub", trouble)
        case .killConnector: return kill(connector, trouble)
        case .killSupervisor: return try killSupervisor()
        case .stopHub: return hold("hub", random.duration(500...14_000), trouble)
        case .stopConnector: return hold(connector, random.duration(500...8_000), trouble)
        case .zombieHub:
            return try replace("hub", by: "zombie", trouble, &random) {
                try cast.startHub("zombie", instance: "1", api: apiPorts[3])
            }
        case .zombieConnector:
            return try replace(connector, by: "zombie", trouble, &random) {
                try cast.startConnector("zombie", connector)
            }
        case .hubJoins: return try join(random.once(in: 2) ? "2" : "3")
        case .hubLeaves, .hubDies:
            let name = random.once(in: 2) ? "hub-2" : "hub-3"
            guard let child = cast.child(name) else { return false }
            say("\(trouble.rawValue): \(name)")
            if trouble == .hubDies { child.send(SIGKILL) } else { child.terminate(grace: .seconds(10)) }
            return true
        case .lockTill: return try lockTill(random.duration(500...8_000))
        case .doorBefore, .doorAfter, .doorSlow: return breakDoor(trouble, &random)
        case .killSystem: return try killSystem(random.once(in: 2) ? "shop" : "crm", random.duration(100...2_000))
        case .killBroker: return try killBroker()
        }
    }

    private func kill(_ name: String, _ trouble: Trouble) -> Bool {
        guard let pid = cast.pid(name) else { return false }
        say("\(trouble.rawValue): \(name)")
        return Glibc.kill(pid, SIGKILL) == 0
    }

    private func killSupervisor() throws -> Bool {
        guard let omni = cast.child("omni") else { return false }
        say("supervisor killed, and all that it ran")
        omni.send(SIGKILL)
        _ = omni.wait()
        try cast.startOmni()
        return true
    }

    /// Stops a process for a while, longer than its session may last sometimes: a zombie when it goes on.
    private func hold(_ name: String, _ time: Duration, _ trouble: Trouble) -> Bool {
        guard let pid = cast.pid(name), Glibc.kill(pid, SIGSTOP) == 0 else { return false }
        say("\(name) stopped for \(time)")
        _ = wait(time)
        // Unless it has been killed meanwhile, and its id is another's.
        if cast.pid(name) == pid { Glibc.kill(pid, SIGCONT) }
        return true
    }

    /// Stops a process, lets another one take its place, and wakes it up again beside its successor.
    private func replace(
        _ name: String, by successor: String, _ trouble: Trouble, _ random: inout Seeded, _ start: () throws -> Void
    ) throws -> Bool {
        guard cast.child(successor) == nil, let pid = cast.pid(name), Glibc.kill(pid, SIGSTOP) == 0 else {
            return false
        }
        say("\(name) stopped, and another one started in its place")
        defer { cast.child(successor)?.terminate(grace: .seconds(10)) }
        try start()
        _ = wait(random.duration(1_000...6_000))
        if cast.pid(name) == pid { Glibc.kill(pid, SIGCONT) }
        _ = wait(random.duration(1_000...4_000))
        return true
    }

    private func join(_ instance: String) throws -> Bool {
        guard cast.child("hub-\(instance)") == nil else { return false }
        say("hub joins: \(instance)")
        try cast.startHub("hub-\(instance)", instance: instance, api: apiPorts[Int(instance)! - 1])
        return true
    }

    private func lockTill(_ time: Duration) throws -> Bool {
        say("till locked for \(time)")
        let database = try SQLiteDatabase(cast.layout.tillDatabase, mode: .readWrite)
        try database.transaction { _ = wait(time) }
        return true
    }

    private func breakDoor(_ trouble: Trouble, _ random: inout Seeded) -> Bool {
        guard let fault = FaultyDoor.Fault(trouble), let door = doors.randomElement(using: &random) else {
            return false
        }
        say("\(trouble.rawValue) at a web system")
        door.set(fault)
        _ = wait(random.duration(500...5_000))
        door.set(nil)
        return true
    }

    private func killSystem(_ name: String, _ away: Duration) throws -> Bool {
        guard let child = cast.child(name) else { return false }
        say("\(name) killed, away for \(away)")
        child.send(SIGKILL)
        _ = child.wait()
        _ = wait(away)
        try cast.startSystem(name)
        return true
    }

    private func killBroker() throws -> Bool {
        guard let brokerKill else { return false }
        say("broker killed, and started again")
        let child = try ChildProcess("/bin/sh", ["-c", brokerKill], options: .init(output: .null, errors: .null))
        guard child.wait().isSuccess else { throw ChaosFailure("BROKER_KILL failed: \(brokerKill)") }
        return true
    }
}

extension FaultyDoor.Fault {
    fileprivate init?(_ trouble: Trouble) {
        switch trouble {
        case .doorBefore: self = .before
        case .doorAfter: self = .after
        case .doorSlow: self = .slow
        default: return nil
        }
    }
}
