package import Kafka

/// What a transaction consumed of a partition.
package struct Consumed {
    /// Where its process began to read since what it last committed; nil when it had not been given the partition.
    package let from: Int64?
    /// The position that it committed.
    package let to: Int64
}

/// The brokers' group coordinator: members with static names, generations, cooperative hand-outs, committed offsets.
///
/// Cooperative: a partition that moves is first given back by who has it, and only then taken by who shall have it. A member
/// that is not heard of for a session's time is expelled; one that is replaced under its static name is fenced.
package final class GroupCoordinator {
    /// One member, as the coordinator and its own client know it.
    final class Member {
        let id: String
        let instance: String
        let process: SimulatedProcess
        /// The generation that its client knows.
        var generation: Int32
        /// What it has, and has not given back.
        var owned: [TopicPartition] = []
        /// What it shall have.
        var target: [TopicPartition] = []
        var isExpelled = false
        var isFenced = false
        var silentSince: Int64?

        init(_ id: String, instance: String, process: SimulatedProcess, generation: Int32) {
            self.id = id
            self.instance = instance
            self.process = process
            self.generation = generation
        }
    }

    package let name: String
    private let scheduler: Scheduler
    unowned(unsafe) var broker: SimulatedBroker!
    private var generation: Int32 = 0
    private var members: [Member] = []
    private var topics: [String] = []
    private var joins = 0
    /// Committed positions.
    package private(set) var committed: [TopicPartition: Int64] = [:]
    /// Positions of transactions that have not ended, by producer.
    private var pending: [(producer: Int64, places: [TopicPartition: Consumed])] = []

    private static let session: Int64 = 45_000

    init(_ name: String, _ scheduler: Scheduler) {
        self.name = name
        self.scheduler = scheduler
    }

    // MARK: Members

    func join(_ topics: [String], instance: String, _ process: SimulatedProcess) -> Member {
        let areOthers = topics != self.topics
        self.topics = topics
        joins += 1
        let member = Member("\(instance)-\(joins)", instance: instance, process: process, generation: generation)
        if let index = members.firstIndex(where: { $0.instance == instance }) {
            // It takes the other's place and targets: nobody else notices.
            members[index].isFenced = true
            scheduler.trace.count("member replaced", members[index].id)
            member.target = members[index].target
            members[index] = member
            if areOthers { rebalance() }
        } else {
            members.append(member)
            rebalance()
        }
        return member
    }

    func leave(_ member: Member) {
        // Static members stay until their session is over; but nobody polls for them any more.
        member.silentSince = member.silentSince ?? scheduler.clock.now
    }

    /// Looks who has not been heard of.
    func expel() {
        let now = scheduler.clock.now
        for member in members {
            let isSilent = member.process.isDead || member.process.isFrozen
            if !isSilent, member.silentSince != nil, !member.process.isDead { member.silentSince = nil }
            if isSilent, member.silentSince == nil { member.silentSince = now }
        }
        let gone = members.filter { $0.silentSince.map { now - $0 > Self.session } ?? false }
        guard !gone.isEmpty else { return }
        for member in gone {
            member.isExpelled = true
            scheduler.trace.count("expelled", member.id, "from \(name)")
        }
        members.removeAll { $0.isExpelled }
        rebalance()
    }

    /// A new generation: the partitions are dealt out anew, moving as few as an even share allows.
    private func rebalance() {
        generation += 1
        let all = topics.flatMap { broker.partitions(of: $0) }.sorted()
        guard !members.isEmpty else { return }
        let most = (all.count + members.count - 1) / members.count
        var free = Set(all)
        for member in members {
            member.target = Array(
                (member.owned + member.target.filter { !member.owned.contains($0) }).filter {
                    free.contains($0)
                }.prefix(most))
            free.subtract(member.target)
        }
        for place in free.sorted() {
            members.min { $0.target.count < $1.target.count }!.target.append(place)
        }
        scheduler.trace.note(
            "broker",
            "generation \(generation): \(members.map { "\($0.id) \($0.target.count)" }.joined(separator: ", "))")
    }

    /// What a member must give back now.
    func revoked(_ member: Member) -> [TopicPartition] { member.owned.filter { !member.target.contains($0) } }

    /// What a member may take now: what is its own and nobody has any more.
    func assigned(_ member: Member) -> [TopicPartition] {
        let taken = Set(members.filter { $0 !== member }.flatMap(\.owned))
        return member.target.filter { !member.owned.contains($0) && !taken.contains($0) }
    }

    /// A member has given something back: it rejoins, which is another generation.
    func gaveBack(_ member: Member, _ places: [TopicPartition]) {
        member.owned.removeAll { places.contains($0) }
        generation += 1
        member.generation = generation
    }

    /// Its client hears of the present generation.
    func hear(_ member: Member) { if !member.isExpelled, !member.isFenced { member.generation = generation } }

    // MARK: Offsets

    /// Why a member may not commit; nil when it may.
    func refusal(of membership: ConsumerGroupMetadata.Membership?) -> KafkaError.Code? {
        guard let membership, broker.flaw != .oldGenerations else { return nil }
        guard let member = members.first(where: { $0.id == membership.member }) else {
            let instance = membership.member.split(separator: "-").first.map(String.init)
            return members.contains { $0.instance == instance } ? .fencedInstanceID : .unknownMemberID
        }
        return member.id == membership.member && membership.generation == generation ? nil : .illegalGeneration
    }

    func commit(_ places: [TopicPartitionOffset]) {
        for place in places { committed[place.partition] = place.offset }
    }

    func add(_ places: [TopicPartitionOffset], of producer: Int64, since: [TopicPartition: Int64]) {
        if broker.flaw == .offsetsOutside { commit(places) }
        let index = pending.firstIndex { $0.producer == producer }
        if index == nil { pending.append((producer, [:])) }
        for place in places {
            pending[index ?? pending.count - 1].places[place.partition] = Consumed(
                from: since[place.partition], to: place.offset)
        }
    }

    func pending(of producer: Int64) -> [TopicPartition: Consumed] {
        pending.first { $0.producer == producer }?.places ?? [:]
    }

    /// A transaction's end has come to the group's partition of the offsets topic.
    func mark(_ producer: Int64, committed isCommitted: Bool) {
        guard let index = pending.firstIndex(where: { $0.producer == producer }) else { return }
        let places = pending.remove(at: index).places
        if isCommitted { commit(places.map { $0.key.at($0.value.to) }) }
    }

    /// Whether a transaction that has not ended holds positions of these.
    func isUnstable(_ places: [TopicPartition]) -> Bool {
        broker.flaw != .unstableOffsets && pending.contains { held in places.contains { held.places[$0] != nil } }
    }
}
