package import Canonical
package import Connector
package import Installation
import Kafka
import Logging

/// What all processes of one connector share: read and compiled once.
package struct ConnectorPlan: Sendable {
    package let settings: ConnectorSettings
    let mappings: Mappings
    let model: Model
    let names: TopicNames

    package init(_ settings: ConnectorSettings, _ model: Model, _ kinds: KindCatalog, _ names: TopicNames) throws {
        self.settings = settings
        self.model = model
        self.names = names
        mappings = try Mappings(settings, kinds)
    }
}

/// A place where processes of one connector run, one after the other, and their supervisor.
package final class SimulatedConnector {
    package let plan: ConnectorPlan
    private let broker: SimulatedBroker
    private let flaw: HouseFlaw?
    /// The systems, as one process of the connector sees them.
    private let systems: (SimulatedProcess) -> any Systems
    private var scheduler: Scheduler { broker.scheduler }
    private let machine: MachineClock
    /// The present process; nil between two.
    package private(set) var process: SimulatedProcess?
    private var starts = 0
    private var brokers: SimulatedBrokers?
    private var zombies: [SimulatedProcess] = []
    /// Why processes ended by themselves.
    package private(set) var failures: [any Error] = []

    package init(
        _ plan: ConnectorPlan, _ broker: SimulatedBroker, flaw: HouseFlaw? = nil,
        _ systems: @escaping (SimulatedProcess) -> any Systems
    ) {
        self.flaw = flaw
        self.plan = plan
        self.broker = broker
        self.systems = systems
        machine = MachineClock(broker.scheduler.clock)
    }

    package var name: String { plan.settings.name }

    /// Whether it was started more than once.
    package var hasRestarted: Bool { starts > 1 }

    /// Whether the present process' sinks have joined their group.
    package var hasBegun: Bool { brokers?.hasSubscribed == true || plan.settings.sinks.isEmpty }

    /// Starts a process, now and whenever one has ended.
    package func start() {
        starts += 1
        let process = SimulatedProcess("\(name).\(starts)", machine: machine)
        self.process = process
        scheduler.trace.note(process.name, "starts")
        let brokers = SimulatedBrokers(broker, process, group: "\(plan.names.prefix).\(name)", flaw: flaw)
        self.brokers = brokers
        process.ended = { [unowned self, unowned process] in ended(process, brokers.outlet) }
        var crew: Crew?
        var isAboard = false
        run(process, brokers, "main") { [unowned self, unowned process] () throws -> Next? in
            guard let crew else {
                let made = try self.crew(brokers)
                crew = made
                run(process, brokers, made.follower())
                return .gate(made.tables)
            }
            guard crew.tables.isOpen else { return .gate(crew.tables) }
            guard !isAboard else { return nil }
            for loop in try crew.loops(systems(process)) { run(process, brokers, loop) }
            isAboard = true
            return nil
        }
    }

    private func crew(_ brokers: SimulatedBrokers) throws -> Crew {
        let clock = SimulatedTime(scheduler.clock)
        return try Crew(
            plan.settings, plan.model, plan.mappings, plan.names, brokers,
            quarantine: "/tmp/omni-simulated-quarantine", clock: LoopClock { clock.now }, areThreads: false,
            log: scheduler.trace.isOn
                ? Logger(label: name) { [trace = scheduler.trace, name] _ in TracingLog(trace, name) }
                : Logger(label: name) { _ in SwiftLogNoOpLogHandler() })
    }

    private func run(_ process: SimulatedProcess, _ brokers: SimulatedBrokers, _ loop: any Loop) {
        run(process, brokers, loop.name) { try loop.step() }
    }

    /// A thread that steps until there is nothing more to do.
    private func run(
        _ process: SimulatedProcess, _ brokers: SimulatedBrokers, _ name: String, _ step: @escaping () throws -> Next?
    ) {
        weak var thread: SimulatedThread?
        let made = SimulatedThread("\(process.name) \(name)", of: process) { [unowned self] in
            brokers.outlet?.poll(timeout: .zero)
            guard let thread else { return }
            wait(thread, brokers, for: try step())
        }
        thread = made
        scheduler.start(made)
    }

    /// When a thread is to be stepped again.
    private func wait(_ thread: SimulatedThread, _ brokers: SimulatedBrokers, for next: Next?) {
        let now = scheduler.clock.now
        switch next {
        case nil: thread.wakes = .max
        case .again?: break
        case .records?: thread.wakes = now + Int64(scheduler.random.within(20...(scheduler.isCalm ? 4_000 : 600)))
        case .turn?: thread.wakes = now + 2
        case .gate?: thread.wakes = now + 50
        case .certainty?: thread.wakes = now + 200
        case .acknowledgements?: brokers.outlet?.await(thread)
        case .system?: thread.wakes = now + Int64(scheduler.random.within(100...3_000))
        case .time(let time)?:
            let (seconds, attoseconds) = time.components
            // Whoever looks again at once, and again, would use up all rounds before anybody else gets to anything.
            thread.wakes = now + max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
        }
    }

    private func ended(_ process: SimulatedProcess, _ outlet: ConnectorOutlet?) {
        outlet?.leaveInFlight()
        // Whoever was replaced has to end.
        guard self.process === process else { return }
        if let failure = process.failure { failures.append(failure) }
        self.process = nil
        scheduler.after(scheduler.random.pick([10, 500, 3_000, 20_000])) { [unowned self] in start() }
    }

    /// Somebody starts another one while this one lives on, frozen or cut off: a zombie.
    package func replace() {
        guard let process else { return }
        scheduler.trace.count("connector replaced", process.name)
        zombies.append(process)
        self.process = nil
        start()
    }

    /// Whether a process that was replaced still lives.
    package var hasZombies: Bool {
        zombies.removeAll { $0.isDead }
        return !zombies.isEmpty
    }
}

/// The simulation's time as the loops take it.
private final class SimulatedTime: @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    private let clock: VirtualClock
    private let start: ContinuousClock.Instant
    private let zero: Int64

    init(_ clock: VirtualClock) {
        self.clock = clock
        start = .now
        zero = clock.microseconds
    }

    var now: ContinuousClock.Instant { start + .microseconds(clock.microseconds - zero) }
}

/// Shows what a connector logs in the trace of a replayed seed.
private struct TracingLog: LogHandler, @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    private let trace: Trace
    private let name: String
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(_ trace: Trace, _ name: String) {
        self.trace = trace
        self.name = name
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // In an order of their own: a seed is told in the same words each time.
        let more = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        trace.note(name, "\(event.message) \(more.joined(separator: ", "))")
    }
}
