import Canonical
import Kafka
import Logging

// The broker's time is the witness of the machine's. It comes with every commit: the changelog's records are stamped when
// they are appended (`LogAppendTime`). Records that are read tell less: they may have lain there for long.

extension TransactionLoop {
    /// Hears the broker's time when it is wanted: appends to a changelog partition that this process owns. The store
    /// doesn't know of that yet, so a restore of the partition has to follow. Answers whether it has asked.
    func hearBroker(_ partition: DomainPartition) throws -> Bool {
        let from = clocks.now()
        guard clock.wantsWitness(from) else { return false }
        try collected()
        var pause = Duration.milliseconds(200)
        while true {
            do {
                try producer.begin()
                try producer.produce(
                    to: names.state(domain: partition.domain), partition: partition.partition,
                    key: Note.clock.utf8.span.bytes, value: nil)
                try insist("a commit") { timeout throws(KafkaError) in try producer.commit(timeout: timeout) }
                hear(producer.takeDelivered(), from: from)
                return true
            } catch let error as KafkaError where error.verdict == .abortable {
                // Nothing depends on it yet: it is asked again.
                log.warning("the broker doesn't say its time", metadata: ["error": "\(error)"])
                try abort()
                rest(pause)
                pause = min(pause * 2, Patience.longest)
                if isStopping() { throw Interrupted() }
            }
        }
    }

    /// Asks again, between transactions, when the clocks disagree: it may be the broker that was set right.
    func hearBrokerAgain(now: Tick) throws {
        guard let place = committed.keys.min(), let domain = domains[place.topic] else { return }
        let partition = DomainPartition(domain, place.partition)
        if try hearBroker(partition) { try restore.run([partition], now: now, until: isStopping) }
    }

    func hear(_ delivered: [Delivered], from: HubClock.Reading) {
        if let time = delivered.compactMap(\.appended).max() { clock.hear(time, from: from, to: clocks.now()) }
    }

    /// Takes over a partition's saved time, unless a wrong clock has saved it.
    func goOn(from mirror: Mirror, _ partition: DomainPartition) {
        guard !clock.advance(to: mirror.tick, clocks.now()) else { return }
        log.warning(
            "the partition's time was saved under a wrong clock; it goes on from the broker's time",
            metadata: ["partition": "\(partition)", "saved": "\(mirror.tick.rfc3339)"])
    }

    func tellJump(_ time: HubClock.Time) {
        // Without partitions nothing is decided, and nobody is asked.
        guard hasJumped == time.mayExpire, !committed.isEmpty else { return }
        hasJumped.toggle()
        if !hasJumped { return log.notice("the machine's clock and the broker's agree again") }
        guard let lead = clock.lead(clocks.now()) else {
            return log.error(
                "the broker doesn't say its time: time stands still and no hold expires; compare the topics' settings with 'omni topics' (message.timestamp.type)"
            )
        }
        log.error(
            "the machine's clock and the broker's disagree: time stands still and no hold expires; set the wrong one right, no restart is needed",
            metadata: ["machine ahead by": "\(lead) ms"])
    }
}
