import Canonical
import Document
import Kafka

/// A system that has products, with people who edit them, and its connector: one thread that by turns publishes what has
/// changed, and writes and reports what the hub says.
///
/// The system outlives its connector's processes, as a database does.
package final class Contributor {
    /// One product as the system has it.
    struct Row {
        var fields: [String: JSON] = [:]
        /// When somebody edited it last, by this machine's clock.
        var stamp: Int64
        /// Rises with each edit.
        var version = 1
        /// The version that was published, and acknowledged.
        var published = 0
        /// What was written here last.
        var epoch: Int64 = -1
        var revision: Int64 = -1
        /// What was reported of it.
        var reported: Int64 = -1
    }

    package let name: String
    /// What it has a place for.
    package let fields: [String]
    /// Whether its rows say when they were edited.
    private let isDated: Bool
    /// How long a name may be here.
    private let nameLength: Int
    /// Whether the hub's records are written here.
    package let hasSink: Bool
    /// Whether what a sink wrote looks like any other change to whoever reads.
    private let showsWrites: Bool
    /// Whether its sink reads a record before it writes it, and publishes what somebody has changed there.
    private let readsFirst: Bool
    /// A connector that writes whatever comes, older or not.
    package var ignoresRevisions = false
    var rows: [String: Row] = [:]
    /// Rows that somebody has deleted, which is not published yet.
    private var deleted: [String] = []

    private let broker: SimulatedBroker
    private let names: TopicNames
    private let machine: MachineClock
    private var scheduler: Scheduler { broker.scheduler }
    private var process: SimulatedProcess?
    private var starts = 0
    private var consumer: SimulatedConsumer!
    private var outlet: SimulatedOutlet!
    private var isSubscribed = false
    /// Until the sink has come this far, writes may be repetitions, and nothing is read (docs/contracts.md, Turns).
    private var repeating: [TopicPartition: Int64] = [:]
    private var pending: [SimulatedGolden] = []
    /// The versions that are on their way.
    private var said: [(gtin: String, version: Int)] = []
    private var positions: [TopicPartitionOffset] = []
    private var committed: [TopicPartitionOffset] = []

    init(
        _ name: String, fields: [String], isDated: Bool, nameLength: Int, hasSink: Bool, _ broker: SimulatedBroker,
        _ names: TopicNames
    ) {
        self.name = name
        self.fields = fields
        self.isDated = isDated
        self.nameLength = nameLength
        self.hasSink = hasSink
        self.broker = broker
        self.names = names
        readsFirst = broker.scheduler.random.one(in: 2)
        showsWrites = broker.scheduler.random.one(in: 2)
        machine = MachineClock(broker.scheduler.clock, lead: Int64(broker.scheduler.random.within(-2_000...2_000)))
    }

    // MARK: The system

    /// Somebody edits a product.
    func edit(_ gtin: String) {
        let random = scheduler.random
        var row = rows[gtin] ?? Row(stamp: 0)
        let isNew = rows[gtin] == nil
        let edited = isNew ? random.shuffled(fields).prefix(random.within(1...fields.count)) : [random.pick(fields)]
        for field in edited { row.fields[field] = kept(field, Self.value(of: field, random)) }
        row.stamp = machine.wall
        row.version += 1
        rows[gtin] = row
        deleted.removeAll { $0 == gtin }
        scheduler.trace.note(
            name, "edits \(gtin): \(edited.map { "\($0) = \(row.fields[$0]!.text)" }.joined(separator: ", "))")
    }

    private static func value(of field: String, _ random: Randomness) -> JSON {
        if random.one(in: 6) { return .null }
        let number = random.below(5)
        switch field {
        case "price", "costPrice": return .number(Number(random.one(in: 2) ? "\(number).5" : "\(number).50")!)
        case "currency": return .string(["EUR", "SEK", "USD"][number % 3])
        case "labels":
            return .array(
                ["eco", "new", "old"].filter { _ in random.one(in: 2) }.map {
                    ["code": .string($0), "text": .string("\($0) \(random.below(2))")]
                })
        case "name": return .string(String(repeating: "x", count: number) + "name \(random.below(4))")
        default: return .string(number == 0 ? "" : String(repeating: "y", count: number))
        }
    }

    /// A value as this system can hold it.
    func kept(_ field: String, _ value: JSON) -> JSON {
        guard field == "name", let text = value.string else { return value }
        return .string(String(text.prefix(nameLength)))
    }

    /// Whether everything in it is published, and its connector has nothing left to do.
    var isAtRest: Bool {
        guard deleted.isEmpty, rows.values.allSatisfy({ $0.published == $0.version }), pending.isEmpty else {
            return false
        }
        guard hasSink else { return true }
        let group = broker.group(names.group(connector: name))
        return broker.logs(of: names.golden(entity: "product")).allSatisfy { log in
            log.read(from: group.committed[log.place] ?? 0, most: 1, before: log.end).records.isEmpty
        }
    }

    // MARK: The connector's process

    func start() {
        guard process == nil else { return }
        starts += 1
        let process = SimulatedProcess("\(name).\(starts)", machine: machine)
        self.process = process
        let outlet = SimulatedOutlet(broker, process)
        self.outlet = outlet
        let group = names.group(connector: name)
        consumer = SimulatedConsumer(broker, process, group: group, instance: group, startsAtBeginning: true)
        (isSubscribed, pending, positions, committed, said) = (false, [], [], [], [])
        repeating = [:]
        if hasSink {
            for log in broker.logs(of: names.golden(entity: "product")) { repeating[log.place] = log.stable }
        }
        process.ended = { [unowned self] in
            outlet.leaveInFlight()
            self.process = nil
            scheduler.after(scheduler.random.pick([1_000, 5_000, 50_000])) { [unowned self] in start() }
        }
        scheduler.start(SimulatedThread(process.name, of: process) { [unowned self] in try step() })
    }

    private func step() throws {
        do {
            if hasSink, !pending.isEmpty || scheduler.random.one(in: 2) || !repeating.isEmpty {
                try write()
            } else {
                try publish()
            }
        } catch let error as KafkaError where error.isRetriable || error.verdict == .abortable {
            scheduler.trace.note(name, "\(error)")
            scheduler.doze(.milliseconds(500))
        }
    }

    /// Reads what has changed, and publishes it.
    private func publish() throws(KafkaError) {
        let dirty = rows.keys.sorted().filter { rows[$0]!.published < rows[$0]!.version }
        guard !dirty.isEmpty || !deleted.isEmpty else { return scheduler.doze(.milliseconds(200)) }
        for gtin in dirty.prefix(scheduler.random.within(1...4)) { try say(gtin, rows[gtin]!) }
        try settle()
    }

    private func say(_ gtin: String, _ row: Row) throws(KafkaError) {
        said.append((gtin, row.version))
        try outlet.produce(
            SimulatedEvent.make(
                EventType("product", .stated), key: gtin, from: name, id: "\(name)/\(gtin)/\(row.version)",
                data: document(gtin, row), topic: names.input(domain: "product"), at: isDated ? row.stamp : nil))
    }

    private func lastSaid(_ gtin: String) -> Int {
        said.last { $0.gtin == gtin }?.version ?? rows[gtin]?.published ?? 0
    }

    /// Waits until all that was said is acknowledged.
    private func settle() throws(KafkaError) {
        defer { said = [] }
        try outlet.flush()
        for (gtin, version) in said { rows[gtin]?.published = version }
    }

    private func document(_ gtin: String, _ row: Row) -> JSON {
        var members: [JSON.Member] = [.init("gtin", .string(gtin))]
        for field in fields { if let value = row.fields[field] { members.append(.init(field, value)) } }
        return .object(members)
    }

    // MARK: The sink

    private func write() throws {
        if !isSubscribed {
            try consumer.subscribe(to: [names.golden(entity: "product")], hooks: RebalanceHooks())
            isSubscribed = true
        }
        if pending.isEmpty { try gather() }
        for golden in pending { try apply(golden) }
        if !pending.isEmpty { try settle() }
        for golden in pending {
            guard let revision = rows[golden.key]?.revision else { continue }
            rows[golden.key]?.reported = revision
        }
        pending = []
        if positions != committed { try consumer.commit(positions, wait: true) }
        committed = positions
        for place in positions {
            if let goal = repeating[place.partition], place.offset >= goal { repeating[place.partition] = nil }
        }
        for place in consumer.partitions where repeating[place].map({ (consumer.since[place] ?? 0) >= $0 }) ?? false {
            repeating[place] = nil
        }
    }

    private func gather() throws {
        try consumer.poll(max: 40, timeout: .milliseconds(100)) { batch in
            batch.forEach { record in
                guard let golden = SimulatedGolden(record) else { return }
                pending.removeAll { $0.key == golden.key }
                pending.append(golden)
            }
            positions = batch.positions()
        }
    }

    /// Writes one record, unless the system has a newer one; reads back, and reports.
    private func apply(_ golden: SimulatedGolden) throws(KafkaError) {
        try scheduler.point(process!, "write \(golden.key) revision \(golden.revision)")
        var row = rows[golden.key] ?? Row(stamp: machine.wall, version: 0)
        let isOlder = (golden.epoch, golden.revision) < (row.epoch, row.revision)
        if isOlder, !ignoresRevisions { return }
        // What was written and not reported is no news of the system's own.
        while readsFirst, row.revision == row.reported, lastSaid(golden.key) < row.version {
            try say(golden.key, row)
            row = rows[golden.key] ?? row
        }
        let before = row.fields
        for field in fields { if let value = golden.document[field] { row.fields[field] = kept(field, value) } }
        (row.epoch, row.revision) = (golden.epoch, golden.revision)
        // Some systems show their sinks' writes as changes: the echo.
        if before != row.fields, showsWrites {
            row.version += 1
            row.stamp = machine.wall
        }
        rows[golden.key] = row
        // Read in the write's own transaction: what somebody edits from now on is no part of it.
        let held = document(golden.key, row)
        try scheduler.point(process!, "wrote \(golden.key)")
        let report: JSON = [
            "revision": .number(Number(Int(golden.revision))),
            "status": before == row.fields ? "unchanged" : "written", "held": held,
        ]
        try outlet.produce(
            SimulatedEvent.make(
                EventType("product", .written), key: golden.key, from: name,
                id: "\(name)/\(golden.key)/written/\(golden.revision)", data: report,
                topic: names.input(domain: "product")))
    }
}

/// A golden record, as a sink reads it.
struct SimulatedGolden {
    let key: String
    let revision: Int64
    let epoch: Int64
    let document: JSON

    init?(_ record: borrowing Record) {
        guard let key = record.key?.withUnsafeBytes({ String(decoding: $0, as: UTF8.self) }),
            let value = record.value?.withUnsafeBytes({ Array($0) }), let document = try? JSON(parsing: value),
            let revision = record.headerText("ce_revision").flatMap({ Int64($0) })
        else { return nil }
        self.key = key
        self.revision = revision
        self.document = document
        epoch = record.headerText("ce_epoch").flatMap { Int64($0) } ?? 0
    }
}
