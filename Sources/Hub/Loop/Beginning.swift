import Canonical
import Consistency
import Kafka
import Logging

/// Where a partition's input is read on by the hub that takes it.
///
/// One transaction writes the group's position and the changelog's mirror of it (I4). So a mirror that is behind the group
/// stands in a changelog that came back from a backup: its states know nothing of the inputs since then, which are decided
/// again. Their revisions were given out before, for other documents maybe; so they are counted from another epoch.
struct Beginning: Equatable {
    /// Where the input is read on.
    let offset: Int64
    /// Where the states stand, when the changelog came back from a backup.
    let restored: Int64?

    /// - Parameters:
    ///   - committed: the group's position; nil: it has none, or it has expired.
    ///   - mirrored: what the changelog says of it; nil: it says nothing that this hub can read.
    ///   - isEmpty: whether the changelog has no mirror at all: nothing was ever decided on its states.
    ///   - low: asked where the input begins, which retention may have moved.
    init(committed: Int64?, mirrored: Int64?, isEmpty: Bool, low: () throws -> Int64) rethrows {
        guard let committed else {
            (offset, restored) = (try mirrored ?? low(), nil)
            return
        }
        let known = isEmpty ? try low() : mirrored ?? committed
        (offset, restored) = known < committed ? (max(known, try low()), known) : (committed, nil)
    }
}

extension TransactionLoop {
    /// Where a partition that has come is read on. Its changelog must have been read to the end.
    ///
    /// - Parameter committed: the group's position.
    func beginning(_ place: TopicPartition, _ partition: DomainPartition, committed: Int64?) throws -> Int64 {
        let bytes = try store.stateBytes(partition, Array(Mirror.key.utf8))
        let mirror = Mirror(bytes)
        if let mirror { goOn(from: mirror, partition) }
        let beginning = try Beginning(committed: committed, mirrored: mirror?.inputOffset, isEmpty: bytes == nil) {
            try low(of: place)
        }
        if let restored = beginning.restored { try goBack(to: restored, beginning.offset, place, partition) }
        if try store.stateBytes(partition, Array(Note.epoch.utf8)) == nil {
            if bytes != nil {
                log.warning(
                    "the changelog was made anew while a hub ran: revisions are counted in another epoch",
                    metadata: ["partition": "\(partition)"])
            }
            try renewEpoch(of: partition)
        }
        if beginning.offset > 0, let anew = try beginningAnew(place, beginning.offset, mirror?.mark) { return anew }
        inputMarks.take(partition, mirror?.mark)
        return beginning.offset
    }

    /// The states came back from a backup: says so, and counts their revisions anew.
    private func goBack(
        to restored: Int64, _ start: Int64, _ place: TopicPartition, _ partition: DomainPartition
    ) throws {
        log.error(
            "a changelog came back from a backup: the inputs since then are decided again",
            metadata: ["partition": "\(place)", "the backup knows": "\(restored)", "from": "\(start)"])
        if restored < start {
            log.error(
                "inputs since the backup are gone already; have their sources tell again (compare, or deliver again)",
                metadata: ["partition": "\(place)", "from": "\(restored)", "to": "\(start)"])
        }
        try renewEpoch(of: partition)
    }

    /// Where an input begins.
    private func low(of place: TopicPartition) throws -> Int64 {
        let marks = try insist("the beginnings") { timeout throws(KafkaError) in
            try producer.watermarks(of: [place], timeout: timeout)
        }
        return marks[place]?.low ?? 0
    }

    /// Where a partition begins whose topic somebody has deleted and made anew since it was read to `start`, or that has lost its
    /// end. Nil: nothing of that.
    ///
    /// - Parameter mark: of the last record that was read; nil: that isn't known.
    func beginningAnew(_ place: TopicPartition, _ start: Int64, _ mark: LogMark?) throws -> Int64? {
        guard let marks = try endsBefore(start, place) ?? isYounger(place, start, mark) else { return nil }
        if let mark, try stands(mark, in: place, marks) {
            log.error(
                "an input has lost its end: what came after the last record that is known is read as new",
                metadata: [
                    "partition": "\(place)", "read to": "\(start)", "ends at": "\(marks.high)",
                    "from": "\(mark.offset + 1)",
                ])
            return mark.offset + 1
        }
        log.error(
            "an input topic was deleted and made anew: what was in it and not decided is gone; have its sources tell again (compare, or deliver again)",
            metadata: ["partition": "\(place)", "read to": "\(start)", "ends at": "\(marks.high)"])
        return marks.low
    }

    /// What a partition holds that ends before the place that it was read to; nil when it doesn't. A broker that has just
    /// started may not know its end for a moment.
    private func endsBefore(_ start: Int64, _ place: TopicPartition) throws -> Watermarks? {
        var found: Watermarks?
        for _ in 0..<10 {
            found = try ends(of: place)
            guard let found, found.high < start else { return nil }
            rest(.milliseconds(300))
            if isStopping() { throw Interrupted() }
        }
        return found
    }

    /// Whether a record that was read is still where it was: then it is the same topic, and what precedes it isn't read for a
    /// second time.
    private func stands(_ mark: LogMark, in place: TopicPartition, _ marks: Watermarks) throws -> Bool {
        func first(_ time: Int64) throws -> Int64 {
            try insist("the input's times") { timeout throws(KafkaError) in
                try producer.offsets(from: [place: time], timeout: timeout)
            }[place] ?? marks.high
        }
        return try mark.stands(before: marks.high, asYoung: first(mark.appended), younger: first(mark.appended + 1))
    }

    /// What a partition holds where something that was read before is younger now than all that was read: it is another topic
    /// of the same name, which has grown past the place already. Nil when it isn't so.
    private func isYounger(_ place: TopicPartition, _ start: Int64, _ mark: LogMark?) throws -> Watermarks? {
        guard let mark else { return nil }
        let younger = try insist("the input's times") { timeout throws(KafkaError) in
            try producer.offsets(from: [place: mark.appended + 1], timeout: timeout)
        }[place]
        guard let younger, younger <= min(mark.offset, start - 1) else { return nil }
        return try ends(of: place)
    }

    private func ends(of place: TopicPartition) throws -> Watermarks? {
        try insist("the inputs' ends") { timeout throws(KafkaError) in
            try producer.watermarks(of: [place], timeout: timeout)
        }[place]
    }
}
