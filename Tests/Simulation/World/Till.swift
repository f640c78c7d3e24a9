import Canonical
import Document
import Kafka

/// A till: counts and movements in a change log, and a connector that reads the log in order; after a crash a stretch of it
/// is read again.
package final class Till {
    /// A row of the log; its place in the list is its position.
    struct Row {
        let kind: String
        let key: String
        let data: JSON
        let stamp: Int64
    }

    static let name = "till"
    private(set) var log: [Row] = []
    /// How far the log is read: kept after acknowledgements, and not always.
    private var kept = 0
    private var read = 0
    private let broker: SimulatedBroker
    private let names: TopicNames
    private let machine: MachineClock
    private var scheduler: Scheduler { broker.scheduler }
    private var process: SimulatedProcess?
    private var starts = 0
    private var outlet: SimulatedOutlet!

    init(_ broker: SimulatedBroker, _ names: TopicNames) {
        self.broker = broker
        self.names = names
        machine = MachineClock(broker.scheduler.clock)
    }

    /// Somebody counts, sells or receives.
    func happen(_ gtin: String, _ place: String, reservation: String?) {
        let random = scheduler.random
        let isCount = random.one(in: 4) || log.isEmpty
        let quantity = isCount ? random.within(0...6) : random.pick([-1, -1, -2, 1, 3])
        var data: JSON = [
            "product": .string(gtin), "place": .string(place), "quantity": .number(Number(quantity)),
        ]
        if !isCount {
            data["kind"] = quantity < 0 ? "sale" : "receipt"
            if quantity < 0, let reservation { data["reservation"] = .string(reservation) }
        }
        let row = Row(
            kind: isCount ? "count" : "movement", key: "\(gtin)@\(place)", data: data, stamp: machine.wall)
        log.append(row)
        scheduler.trace.note("till", "\(row.kind) \(row.data.text) at \(log.count)")
    }

    var isAtRest: Bool { kept == log.count }

    func start() {
        guard process == nil else { return }
        starts += 1
        let process = SimulatedProcess("till-feed.\(starts)", machine: machine)
        self.process = process
        let outlet = SimulatedOutlet(broker, process)
        self.outlet = outlet
        read = kept
        process.ended = { [unowned self] in
            outlet.leaveInFlight()
            self.process = nil
            scheduler.after(scheduler.random.pick([1_000, 30_000])) { [unowned self] in start() }
        }
        scheduler.start(SimulatedThread(process.name, of: process) { [unowned self] in try step() })
    }

    private func step() throws(KafkaError) {
        guard read < log.count else {
            kept = read
            return scheduler.doze(.milliseconds(200))
        }
        let end = min(log.count, read + scheduler.random.within(1...5))
        do throws(KafkaError) {
            try publish(upTo: end)
        } catch {
            guard error.isRetriable else { throw error }
            return scheduler.doze(.milliseconds(300))
        }
        read = end
        if scheduler.isCalm || scheduler.random.one(in: 2) { kept = end }
    }

    private func publish(upTo end: Int) throws(KafkaError) {
        for position in read..<end {
            let row = log[position]
            try outlet.produce(
                SimulatedEvent.make(
                    .item(row.kind), key: row.key, from: Self.name, id: "till/\(position)", data: row.data,
                    topic: names.input(domain: "stock"), at: row.stamp, position: Int64(position)))
        }
        try outlet.flush()
    }
}
