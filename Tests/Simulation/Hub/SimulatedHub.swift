package import Canonical
import Consistency
package import Hub
import Kafka
import Logging

/// What all hub processes of an installation share.
package struct HubPlan {
    package let model: Model
    package let kinds: KindCatalog
    package let names: TopicNames
    package let subscribers: [String: [String]]
    package let partitions: Int
    package let largest: Int

    package init(
        model: Model, kinds: KindCatalog, names: TopicNames, subscribers: [String: [String]], partitions: Int,
        largest: Int
    ) {
        self.model = model
        self.kinds = kinds
        self.names = names
        self.subscribers = subscribers
        self.partitions = partitions
        self.largest = largest
    }
}

/// A place where hub processes of one name run, one after the other: a machine with its clock and its disk.
package final class SimulatedHub {
    package let instance: String
    package let machine: MachineClock
    package private(set) var disk = MemoryStore()
    private let broker: SimulatedBroker
    private let plan: HubPlan
    private var scheduler: Scheduler { broker.scheduler }
    /// The present process; nil between two.
    package private(set) var process: SimulatedProcess?
    /// What the present process owns.
    package private(set) var owned: Set<DomainPartition> = []
    /// Whether a supervisor starts it again.
    package private(set) var isWanted = false
    private var isStopping = false
    private var starts = 0
    /// Why processes ended by themselves.
    package private(set) var failures: [any Error] = []

    package init(_ instance: String, _ broker: SimulatedBroker, _ plan: HubPlan) {
        self.instance = instance
        self.broker = broker
        self.plan = plan
        machine = MachineClock(broker.scheduler.clock)
    }

    /// Starts a process, now and whenever one has ended.
    package func start() {
        isWanted = true
        guard process == nil else { return }
        starts += 1
        let process = SimulatedProcess("hub-\(instance).\(starts)", machine: machine)
        self.process = process
        isStopping = false
        scheduler.trace.count("hub starts", process.name)
        let producer = SimulatedProducer(broker, process, transactionalID: "\(plan.names.hubGroup).\(instance)")
        process.ended = { [unowned self, unowned process] in ended(process, producer) }
        let courier = scheduler.random.one(in: 4) ? nil : SimulatedCourier(scheduler, process)
        let loop = loop(process, producer, courier)
        var isStarted = false
        let thread = SimulatedThread(process.name, of: process) { [unowned self, unowned process] in
            if !isStarted {
                isStarted = true
                return try loop.start()
            }
            if isStopping {
                try loop.end()
                return process.kill()
            }
            try loop.step { process.isDead }
        }
        if let courier { thread.isFree = { !courier.isInterrupted } }
        scheduler.start(thread)
    }

    private func loop(
        _ process: SimulatedProcess, _ producer: SimulatedProducer, _ courier: SimulatedCourier?
    ) -> TransactionLoop<SimulatedConsumer, SimulatedProducer, SimulatedReader, SimulatedStore> {
        let consumer = SimulatedConsumer(broker, process, group: plan.names.hubGroup, instance: instance)
        producer.consumer = consumer
        let (machine, scheduler) = (machine, scheduler)
        let clocks = LoopClocks(
            now: { HubClock.Reading(wall: machine.wall, monotonic: machine.monotonic) },
            rest: { [unowned process] duration in
                let (seconds, attoseconds) = duration.components
                scheduler.rest(process, Int(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) + 1)
            })
        var counts: [String: Int32] = [:]
        for domain in plan.model.domains {
            let topic = plan.names.input(domain: domain)
            counts[topic] = Int32(broker.logs(of: topic).count)
        }
        return TransactionLoop(
            consumer: consumer, producer: producer, changelog: SimulatedReader(broker, process),
            store: SimulatedStore(disk, scheduler, process, flaw: broker.flaw), clocks: clocks, model: plan.model,
            kinds: plan.kinds, subscribers: plan.subscribers, bounds: HoldBounds(), names: plan.names,
            largest: plan.largest, quarantine: "/tmp/omni-simulated-quarantine",
            // Some turns leave early: what is true of turns is true of their parts.
            most: starts.isMultiple(of: 2) ? 1_000 : 32 << 20, partitionCounts: counts,
            ownership: { [unowned self, unowned process] in if self.process === process { owned = $0 } },
            waitingCount: { _ in }, courier: courier ?? ImmediateCourier(),
            log: Logger(label: process.name) { _ in SilentLog() })
    }

    private func ended(_ process: SimulatedProcess, _ producer: SimulatedProducer) {
        producer.leaveInFlight()
        if let failure = process.failure { failures.append(failure) }
        guard self.process === process else { return }
        self.process = nil
        owned = []
        guard isWanted else { return }
        // Some supervisors are quick; after a minute the group has expelled it.
        scheduler.after(scheduler.random.pick([10, 1_000, 5_000, 60_000])) { [unowned self] in
            if isWanted { start() }
        }
    }

    /// Ends it in order; nobody starts it again.
    package func stop() {
        isWanted = false
        isStopping = true
    }

    /// A supervisor believes it dead, and starts another one while it lives on: a zombie, on another machine's disk.
    package func forget() {
        guard let process else { return }
        scheduler.trace.count("zombie", process.name)
        self.process = nil
        owned = []
        disk = MemoryStore()
    }
}

/// Nobody reads it.
private struct SilentLog: LogHandler {
    var logLevel = Logger.Level.critical
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) {}
}
