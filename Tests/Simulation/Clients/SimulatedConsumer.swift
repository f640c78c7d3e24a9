package import Kafka

/// A consumer of a simulated process: a member of a group on the simulated broker.
///
/// It behaves as ``Kafka/Consumer`` does: rebalances are answered inside of a poll, which then hands out nothing; positions move
/// behind what was handed out, sometimes behind a transaction's marker and sometimes not yet.
package final class SimulatedConsumer: GroupConsumer {
    private let broker: SimulatedBroker
    private let process: SimulatedProcess
    private let group: GroupCoordinator
    private let instance: String
    private let startsAtBeginning: Bool
    private var scheduler: Scheduler { broker.scheduler }
    private var member: GroupCoordinator.Member?
    private var hooks = RebalanceHooks()
    private var topics: [String] = []
    private var owned: [TopicPartition] = []
    /// Where the next fetch begins.
    private var next: [TopicPartition: Int64] = [:]
    /// Behind what was handed out.
    private var handed: [TopicPartition: Int64] = [:]
    /// Where reading began, by assignment, seek or the last commit: the auditor's.
    package private(set) var since: [TopicPartition: Int64] = [:]
    private var broken: (any Error)?
    private var isClosed = false

    package init(
        _ broker: SimulatedBroker, _ process: SimulatedProcess, group: String, instance: String,
        startsAtBeginning: Bool = false
    ) {
        self.broker = broker
        self.process = process
        self.group = broker.group(group)
        self.instance = instance
        self.startsAtBeginning = startsAtBeginning
    }

    package var partitions: [TopicPartition] { owned }

    package var hasSubscribed: Bool { member != nil }

    package func subscribe(to topics: [String], hooks: RebalanceHooks) throws(KafkaError) {
        try scheduler.point(process, "subscribe to \(topics.joined(separator: ", "))")
        // With other topics all is dealt out anew.
        let left = owned
        drop(left)
        if !left.isEmpty { do { try self.hooks.revoked(left) } catch { broken = error } }
        self.hooks = hooks
        self.topics = topics
        member = group.join(topics, instance: instance, process)
    }

    package func poll<Result>(
        max: Int, timeout: Duration, _ body: (borrowing Batch) throws -> Result
    ) throws -> Result {
        if let broken { throw broken }
        try scheduler.point(process, "")
        if isClosed { throw KafkaError(.state, operation: "poll") }
        if scheduler.fails(scheduler.profile.faults / 4) {
            throw KafkaError(scheduler.random.pick([.transport, .timedOut]), operation: "poll")
        }
        let (records, isRebalanced) = try fetch(max: max)
        if records.isEmpty, !isRebalanced { scheduler.doze(timeout) }
        try scheduler.point(
            process, records.isEmpty ? "" : "polled \(records.map(\.place.description).joined(separator: " "))")
        return try body(Batch(records, positions: positions()))
    }

    private func fetch(max most: Int) throws -> (records: [MadeRecord], isRebalanced: Bool) {
        do {
            if try answer() { return ([], true) }
        } catch {
            broken = error
            throw error
        }
        var records: [MadeRecord] = []
        for place in scheduler.random.shuffled(owned) where records.count < most {
            // Late, now and then.
            if !scheduler.isCalm, scheduler.random.one(in: 5) { continue }
            records += take(place, most: most - records.count)
        }
        return (records, false)
    }

    private func take(_ place: TopicPartition, most: Int) -> [MadeRecord] {
        guard let log = broker.log(place), let start = next[place] else { return [] }
        let count = min(most, scheduler.random.within(1...scheduler.profile.batch))
        let (records, end) = log.read(from: start, most: count, before: log.stable)
        var position = end
        // The marker behind the last record may not have come yet.
        if let last = records.last, !scheduler.isCalm, scheduler.random.one(in: 3) { position = last.place.offset + 1 }
        next[place] = position
        if position > start || handed[place] != nil { handed[place] = position }
        return records
    }

    // MARK: Rebalancing

    /// Answers the group, where it moves partitions; whether it did.
    private func answer() throws -> Bool {
        guard let member else { return false }
        group.expel()
        if member.isFenced {
            throw KafkaError(
                .fencedInstanceID, operation: "poll", message: "\(instance) was replaced", verdict: .fenced)
        }
        if member.isExpelled {
            let lost = owned
            drop(lost)
            self.member = group.join(topics, instance: instance, process)
            try hooks.lost(lost)
            return true
        }
        group.hear(member)
        let revoked = group.revoked(member)
        if !revoked.isEmpty {
            scheduler.trace.count("given back", process.name, " \(revoked.map(\.description).joined(separator: " "))")
            try hooks.revoked(revoked)
            drop(revoked)
            group.gaveBack(member, revoked)
            return true
        }
        let assigned = group.assigned(member)
        guard !assigned.isEmpty, scheduler.isCalm || scheduler.random.one(in: 2) else { return false }
        try take(assigned, member)
        return true
    }

    private func take(_ places: [TopicPartition], _ member: GroupCoordinator.Member) throws {
        scheduler.trace.count("given", process.name, " \(places.map(\.description).joined(separator: " "))")
        member.owned += places
        let starts = Dictionary(uniqueKeysWithValues: try hooks.assigned(places).map { ($0.partition, $0.offset) })
        for place in places {
            owned.append(place)
            let committed = try starts[place] ?? committed([place], timeout: .seconds(30))[place]
            let start = committed ?? (startsAtBeginning ? broker.log(place)?.low : broker.log(place)?.end) ?? 0
            next[place] = start
            since[place] = start
        }
        // What stays is read again from where it was handed out.
        for place in owned where !places.contains(place) { next[place] = handed[place] ?? next[place] }
        owned.sort()
    }

    private func drop(_ places: [TopicPartition]) {
        owned.removeAll { places.contains($0) }
        for place in places {
            next[place] = nil
            handed[place] = nil
            since[place] = nil
        }
    }

    // MARK: Positions

    package func positions() -> [TopicPartitionOffset] {
        owned.compactMap { place in handed[place].map { place.at($0) } }
    }

    package func commit(_ positions: [TopicPartitionOffset], wait: Bool) throws(KafkaError) {
        try scheduler.point(process, "commit \(positions.map(\.description).joined(separator: " "))")
        if scheduler.fails(scheduler.profile.faults) { throw KafkaError(.timedOut, operation: "commit offsets") }
        if let code = group.refusal(of: membership) { throw KafkaError(code, operation: "commit offsets") }
        group.commit(positions)
        if scheduler.fails(scheduler.profile.faults) { throw KafkaError(.timedOut, operation: "commit offsets") }
        try scheduler.point(process, "committed")
    }

    package func committed(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        try scheduler.point(process, "read committed offsets")
        var waited = 0
        while group.isUnstable(partitions) || scheduler.fails(scheduler.profile.faults) {
            guard waited < timeout.components.seconds * 1_000 else {
                throw KafkaError(.unstableOffsetCommit, operation: "read committed offsets", verdict: .retriable)
            }
            scheduler.rest(process, 100)
            waited += 100
            if process.isDead { throw SimulatedProcess.crash }
        }
        let committed = group.committed.filter { partitions.contains($0.key) }
        try scheduler.point(process, "committed offsets are read")
        return committed
    }

    package func seek(to places: [TopicPartitionOffset], timeout: Duration) throws(KafkaError) {
        try scheduler.point(process, "seek \(places.map(\.description).joined(separator: " "))")
        scheduler.trace.count("rewound", process.name)
        broker.rewinds[process.name, default: []].append(broker.now)
        guard broker.flaw != .noRewind else { return }
        for place in places where owned.contains(place.partition) {
            next[place.partition] = place.offset
            since[place.partition] = place.offset
            handed[place.partition] = nil
        }
    }

    /// A transaction with these positions has been committed.
    func moved(to places: [TopicPartitionOffset]) {
        for place in places where since[place.partition] != nil { since[place.partition] = place.offset }
    }

    // MARK: Membership

    private var membership: ConsumerGroupMetadata.Membership {
        ConsumerGroupMetadata.Membership(
            group: group.name, generation: member?.generation ?? -1, member: member?.id ?? "")
    }

    package func groupMetadata() -> ConsumerGroupMetadata {
        // The client's own thread may have heard of a new generation already.
        if let member, scheduler.random.one(in: 2) { group.hear(member) }
        return ConsumerGroupMetadata(membership)
    }

    package func close() throws {
        try scheduler.point(process, "close the consumer")
        guard !isClosed else { return }
        isClosed = true
        let left = owned
        drop(left)
        if let member {
            if !member.isExpelled, !member.isFenced, !left.isEmpty { try hooks.revoked(left) }
            group.leave(member)
        }
        hooks = RebalanceHooks()
        if let broken { throw broken }
    }
}
