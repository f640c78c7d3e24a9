import Canonical
import Kafka

/// A record by which a topic is known to be the one that it was: nothing that is younger may stand in its place or before it.
struct Witness: Equatable {
    /// Whose it is.
    let owner: DomainPartition
    let place: TopicPartition
    let mark: LogMark

    /// The same record, of another time.
    func dated(_ time: Int64) -> Witness {
        Witness(owner: owner, place: place, mark: LogMark(offset: mark.offset, appended: time))
    }
}

/// By which records the topics of golden records, decisions and numbers are known to be those that a partition has told all
/// into; and what is told again, where they aren't.
///
/// The changelog has a note of them (``Note/outputs``), so that a later process sees it, too. One record of a topic is enough:
/// a topic is deleted as a whole. A lost topic's old one stays noted until all is told again.
struct OutputMarks {
    /// In which partition of a topic, and there where and when.
    struct Mark: Equatable {
        let partition: Int32
        let log: LogMark

        /// Whether a later record says much more: of the first few of a new topic nothing may be left, where compaction or an
        /// abort has taken them away.
        func isFar(from partition: Int32, _ offset: Int64) -> Bool {
            partition == self.partition && offset >= 2 * log.offset + 8
        }
    }

    private struct Held {
        /// As the changelog has it, by topic.
        var noted: [String: Mark] = [:]
        var known: [String: Mark] = [:]
        /// Not looked at yet.
        var fresh: [String: Mark] = [:]
        /// The topics into which all is told again, and the last state that was.
        var lost: [String: [UInt8]?] = [:]
    }

    private var held: [DomainPartition: Held] = [:]
    /// Where what was delivered last stands.
    private var ends: [TopicPartition: Int64] = [:]
    private var emptySince: [String: Int64] = [:]

    // MARK: Partitions

    /// A partition comes, or was read from the store again after an abort: with its note.
    mutating func take(_ partition: DomainPartition, note: [UInt8]?) {
        let noted = note.map { Self.marks(of: $0) } ?? [:]
        var own = held[partition] ?? Held()
        own.noted = noted
        // What is noted counts: what was told again since may have been dropped.
        own.known.merge(noted) { $1 }
        own.lost = [:]
        held[partition] = own
    }

    mutating func drop(_ partition: DomainPartition) { held[partition] = nil }

    // MARK: Marks

    /// Takes what was delivered to a topic of a domain.
    ///
    /// - Returns: whether the topic should be looked at: something of it isn't known yet, or it is shorter than it was.
    mutating func delivered(_ delivered: Delivered, of domain: String) -> Bool {
        guard delivered.isExact, let offset = delivered.highestOffset else { return false }
        let isShorter = ends[delivered.partition].map { offset <= $0 } ?? false
        ends[delivered.partition] = offset
        guard let time = delivered.appended else { return isShorter }
        let topic = delivered.partition.topic
        var isNew = false
        for (partition, own) in held where partition.domain == domain {
            guard own.fresh[topic] == nil, own.known[topic]?.isFar(from: delivered.partition.partition, offset) ?? true
            else { continue }
            held[partition]?.fresh[topic] = Mark(
                partition: delivered.partition.partition, log: LogMark(offset: offset, appended: time))
            isNew = true
        }
        return isNew || isShorter
    }

    /// What is known of a topic.
    func witnesses(of topic: String) -> [Witness] { witnesses(topic, \.known) }

    /// What isn't looked at yet.
    func candidates(of topic: String) -> [Witness] { witnesses(topic, \.fresh) }

    private func witnesses(_ topic: String, _ marks: KeyPath<Held, [String: Mark]>) -> [Witness] {
        held.compactMap { owner, own in
            own[keyPath: marks][topic].map {
                Witness(owner: owner, place: TopicPartition(topic, $0.partition), mark: $0.log)
            }
        }
    }

    /// A record that was delivered is one to know its topic by.
    mutating func accept(_ witness: Witness) {
        held[witness.owner]?.fresh[witness.place.topic] = nil
        held[witness.owner]?.known[witness.place.topic] = Mark(partition: witness.place.partition, log: witness.mark)
    }

    /// A topic that is empty may be one whose broker doesn't know its end for a moment.
    ///
    /// - Parameter now: by the monotonic clock, in milliseconds.
    /// - Returns: whether that has been so for long.
    mutating func isLongEmpty(_ topic: String, at now: Int64) -> Bool {
        let since = emptySince[topic] ?? now
        emptySince[topic] = since
        return now - since >= Self.patience
    }

    /// It holds what it held.
    mutating func isFilled(_ topic: String) { emptySince[topic] = nil }

    private static let patience: Int64 = 3_000

    // MARK: Noting

    /// The partitions whose note says less than is known.
    var unnoted: [DomainPartition] {
        held.filter { $0.value.lost.isEmpty && $0.value.known != $0.value.noted }.map(\.key)
            .sorted { $0.precedes($1) }
    }

    /// The present note of a partition, which is written now.
    mutating func note(_ partition: DomainPartition) -> [UInt8] {
        guard let known = held[partition]?.known else { return [] }
        held[partition]?.noted = known
        return Self.bytes(of: known)
    }

    /// A line a topic: its name, the partition, the offset, the time.
    static func bytes(of marks: [String: Mark]) -> [UInt8] {
        Array(
            marks.map { "\($0) \($1.partition) \($1.log.offset) \($1.log.appended)\n" }.sorted().joined().utf8)
    }

    static func marks(of bytes: [UInt8]) -> [String: Mark] {
        var marks: [String: Mark] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let partition = Int32(words[1]), let offset = Int64(words[2]),
                let time = Int64(words[3])
            else { continue }
            marks[String(words[0])] = Mark(partition: partition, log: LogMark(offset: offset, appended: time))
        }
        return marks
    }

    // MARK: Telling again

    /// A topic was made anew: all that a partition knows is told again, from the beginning.
    mutating func lose(_ topic: String, of partition: DomainPartition) {
        held[partition]?.known[topic] = nil
        held[partition]?.fresh[topic] = nil
        held[partition]?.lost[topic] = .some(nil)
    }

    /// The next partition that is told again, into which topic, and behind which state.
    var next: (partition: DomainPartition, topic: String, after: [UInt8]?)? {
        guard let (partition, own) = held.filter({ !$0.value.lost.isEmpty }).min(by: { $0.key.precedes($1.key) }),
            let (topic, after) = own.lost.min(by: { $0.key < $1.key })
        else { return nil }
        return (partition, topic, after)
    }

    var hasWork: Bool { held.values.contains { !$0.lost.isEmpty || $0.known != $0.noted } }

    /// States up to this one are told; nil: all of them are.
    mutating func told(_ partition: DomainPartition, into topic: String, upTo key: [UInt8]?) {
        held[partition]?.lost[topic] = key.map { .some($0) }
    }
}

extension DomainPartition {
    fileprivate func precedes(_ other: DomainPartition) -> Bool { description < other.description }
}
