import Canonical
import Kafka
import Logging

// Topics are deleted and made anew under a running hub. Kafka tells such topics apart by an id, which librdkafka 2.0.2 doesn't
// show: for it a name is a name, and a position goes on in the other topic. So each topic is looked at, every few seconds and
// where something is odd: does anything stand at or before a record of ours that is younger than it?

extension TransactionLoop {
    /// Looks at one topic, when it is time.
    func look() throws {
        guard let topic = looks.next(at: clocks.now().monotonic) else { return }
        try checkSpread(of: topic)
        if domains[topic] != nil { try lookAtInput(topic) } else { try lookAtOutput(topic) }
    }

    /// Those of these records that can't be where they were. Nil: the broker doesn't say now.
    private func gone(_ witnesses: [Witness]) -> [Witness]? {
        guard !witnesses.isEmpty, let overgrown = overgrown(witnesses), let cut = cut(witnesses) else { return nil }
        return overgrown + cut.filter { !overgrown.contains($0) }
    }

    /// Those of these records at or before which something younger stands.
    private func overgrown(_ witnesses: [Witness]) -> [Witness]? {
        asking { () throws(KafkaError) in
            var left = witnesses.filter { $0.mark.appended < .max }
            var overgrown: [Witness] = []
            // A request names a partition once.
            while !left.isEmpty {
                let round = Dictionary(left.map { ($0.place, $0) }) { first, _ in first }
                left.removeAll { round[$0.place] == $0 }
                let younger = try producer.offsets(
                    from: round.mapValues { $0.mark.appended + 1 }, timeout: Patience.look)
                overgrown += round.values.filter { witness in
                    younger[witness.place].map { $0 <= witness.mark.offset } ?? false
                }
            }
            return overgrown
        }
    }

    /// Those of these records before which their partition ends, as far as it is committed.
    private func cut(_ witnesses: [Witness]) -> [Witness]? {
        asking { () throws(KafkaError) in
            let ends = try producer.ends(of: Array(Set(witnesses.map(\.place))), timeout: Patience.look)
            return witnesses.filter { witness in ends[witness.place].map { $0 <= witness.mark.offset } ?? false }
        }
    }

    /// The broker may be away, or the topic: there are others to say so.
    private func asking(_ question: () throws(KafkaError) -> [Witness]) -> [Witness]? {
        do throws(KafkaError) { return try question() } catch {
            log.debug("a topic can't be looked at", metadata: ["error": "\(error)"])
            return nil
        }
    }

    // MARK: Inputs

    private func lookAtInput(_ topic: String) throws {
        let owned = committed.keys.filter { $0.topic == topic }
        let witnesses = owned.compactMap { place in
            let partition = DomainPartition(domains[topic]!, place.partition)
            return inputMarks[partition].map { Witness(owner: partition, place: place, mark: $0) }
        }
        guard let gone = gone(witnesses) else { return }
        for witness in witnesses where !gone.contains(witness) { inputMarks.prove(witness.owner) }
        for witness in gone { _ = try readAnew(witness.place) }
    }

    /// Reads an input partition from its beginning where its topic was made anew, or from where it has lost its end; answers whether
    /// that is so. What is decided for a second time is known by its id (I2).
    private func readAnew(_ place: TopicPartition) throws -> Bool {
        guard let domain = domains[place.topic], let start = reached[place], start > 0 else { return false }
        let partition = DomainPartition(domain, place.partition)
        guard let begin = try beginningAnew(place, start, inputMarks[partition]) else { return false }
        // What is on its way commits where it stood.
        looks.hurry(place.topic)
        try settled()
        committed[place] = begin
        reached[place] = begin
        inputMarks.drop(partition)
        try consumer.seek(to: [place.at(begin)], timeout: .seconds(30))
        return true
    }

    /// A position isn't there. Answers whether it is mended: an input that was made anew is read from its beginning, and what
    /// was fetched ahead of where this stands is fetched again, also when the error is still that of the topic before.
    func mend(_ error: KafkaError) throws -> Bool {
        guard let topic = error.topic else { return false }
        // Positions are set back to behind what was handed over.
        try settled()
        var isMended = false
        for place in committed.keys.sorted() where place.topic == topic {
            if try readAnew(place) {
                isMended = true
            } else if place.partition == error.partition, let offset = error.offset, let stand = reached[place],
                stand != offset
            {
                try consumer.seek(to: [place.at(stand)], timeout: .seconds(30))
                isMended = true
            }
        }
        return isMended
    }

    // MARK: Outputs

    private func lookAtOutput(_ topic: String) throws {
        let witnesses = outputMarks.witnesses(of: topic)
        if !witnesses.isEmpty {
            guard let lost = lost(witnesses, of: topic) else { return }
            if !lost.isEmpty { return lose(topic, lost) }
        }
        // It is the same topic still: what was delivered since stands in it.
        if let dated = dated(outputMarks.candidates(of: topic)) { for witness in dated { outputMarks.accept(witness) } }
    }

    private func lose(_ topic: String, _ lost: [Witness]) {
        let partitions = lost.map(\.owner.description).sorted().joined(separator: " ")
        log.error(
            "a topic of golden records or numbers was deleted and made anew: all that the hub knows of it is told again",
            metadata: ["topic": "\(topic)", "of": "\(partitions)"])
        for witness in lost { outputMarks.lose(topic, of: witness.owner) }
    }

    /// Records that were delivered, with a time that nothing at or before them is younger than. Where the broker's clock was set
    /// back, or it tells another time than it keeps, that is later than theirs; at last it says nothing.
    private func dated(_ candidates: [Witness]) -> [Witness]? {
        var (dated, left) = ([Witness](), candidates)
        for slack in [0, 1_000, 60_000] as [Int64] where !left.isEmpty {
            left = left.map { $0.dated($0.mark.appended + slack) }
            guard let overgrown = overgrown(left) else { return nil }
            dated += left.filter { !overgrown.contains($0) }
            left = overgrown
        }
        return dated + left.map { $0.dated(.max) }
    }

    /// Those of these records that are gone for good. Nil: that isn't known yet.
    private func lost(_ witnesses: [Witness], of topic: String) -> [Witness]? {
        guard let overgrown = overgrown(witnesses), let cut = cut(witnesses) else { return nil }
        // Others' open transactions hide what stands behind them; the changelog's reader sees it all the same.
        guard !cut.isEmpty,
            let empty = asking({ () throws(KafkaError) in
                let ends = try restore.changelog.watermarks(of: Array(Set(cut.map(\.place))), timeout: Patience.broker)
                return cut.filter { (ends[$0.place]?.high ?? .max) <= $0.mark.offset }
            }), !empty.isEmpty
        else {
            outputMarks.isFilled(topic)
            return overgrown
        }
        // One look later it is known.
        guard outputMarks.isLongEmpty(topic, at: clocks.now().monotonic) else { return overgrown }
        outputMarks.isFilled(topic)
        return overgrown + empty.filter { !overgrown.contains($0) }
    }

    /// Takes what a committed turn has delivered.
    func note(_ deliveries: [Delivered]) {
        for delivered in deliveries {
            guard let domain = outputDomains[delivered.partition.topic] else { continue }
            if outputMarks.delivered(delivered, of: domain) { looks.hurry(delivered.partition.topic) }
        }
    }
}
