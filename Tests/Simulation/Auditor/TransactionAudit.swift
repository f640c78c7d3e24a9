import Canonical
import Kafka

// I4: what a transaction consumed, wrote and noted belongs together, and follows on the one before.

extension Auditor {
    mutating func auditTransactions() {
        var last: [TopicPartition: Int64] = [:]
        for transaction in broker.transactions.decided {
            verdict.count("transactions")
            let consumed = transaction.consumed.first { $0.group == names.hubGroup }?.places ?? [:]
            for (place, range) in consumed.sorted(by: { $0.key < $1.key }) {
                follow(place, range, last[place], transaction.process)
                last[place] = range.to
            }
            for (log, offsets) in transaction.records { auditState(log, offsets, consumed, transaction.process) }
        }
    }

    /// What fails again and again is repeated with pauses, however often and whoever notices it: nobody spins.
    mutating func auditPatience() {
        for (process, times) in broker.rewinds.sorted(by: { $0.key < $1.key }) where process.hasPrefix("hub") {
            verdict.count("rewinds", times.count)
            for (first, last) in zip(times, times.dropFirst(Self.most)) where last - first < 5_000 {
                verdict.add("I4", "\(process) repeats \(Self.most) turns in \(last - first) ms")
                break
            }
        }
    }

    /// More repetitions than five seconds have room for: what fails all the time is repeated seven times in them, and what
    /// fails twice, and again after a second in which all went well, ten times.
    private static let most = 14

    /// What lies between where a transaction began to read and where the one before ended was read twice, or never.
    private mutating func follow(
        _ place: TopicPartition, _ range: Consumed, _ before: Int64?, _ process: String
    ) {
        guard let from = range.from else {
            return verdict.add("I4", "\(process) commits \(place)@\(range.to), which it was not given")
        }
        let before = before ?? 0
        verdict.check(
            "I4", range.to >= before,
            "\(process) commits \(place)@\(range.to), behind the \(before) of the transaction before")
        for offset in min(from, before)..<max(from, before) {
            guard let log = broker.log(place), log.history[Int(offset)].isCommitted else { continue }
            verdict.add(
                from < before ? "I4" : "I2",
                "\(place)@\(offset) is \(from < before ? "decided twice" : "passed over"): \(process) reads from \(from), committed was \(before)"
            )
        }
    }

    /// State is written with the offsets that it comes from; and the mirror says the same offset.
    private mutating func auditState(
        _ log: PartitionLog, _ offsets: [Int64], _ consumed: [TopicPartition: Consumed], _ process: String
    ) {
        guard let domain = world.plan.model.domains.first(where: { names.state(domain: $0) == log.place.topic }) else {
            return
        }
        let input = TopicPartition(names.input(domain: domain), log.place.partition)
        let records = offsets.compactMap { log.history[Int($0)].record }.filter { $0.keyText != "\u{1}clock" }
        guard !records.isEmpty else { return }
        guard let range = consumed[input] else {
            return verdict.add("I4", "\(process) writes state to \(log.place) without offsets of \(input)")
        }
        let mirrors = records.filter { $0.keyText == "\u{1}hub" }
        verdict.check("I4", mirrors.count == 1, "a transaction at \(log.place) has \(mirrors.count) mirrors")
        for mirror in mirrors {
            let offset = mirror.value.map { $0.loadUnaligned(fromByteOffset: 1, as: Int64.self) }
            verdict.check(
                "I4", offset == range.to, "the mirror at \(mirror.place) says \(offset ?? -1), committed is \(range.to)"
            )
        }
    }
}
