import Document
import Kafka

/// Golden records that a system refused, or that wait for a number: by `<sink>/<entity>/<key>`. A newer one of the same
/// entity takes the place of the older (I7: nothing overtakes).
struct ParkedWrites {
    /// One record held back.
    struct Entry: Sendable, Equatable {
        var golden: Golden
        /// Why. No data.
        var reason: String
        /// How often it was tried.
        var tries: Int
        /// Whether it only waits for another entity's number.
        var isWaiting: Bool
        /// When it is tried again, on a clock that only goes forward.
        var due: ContinuousClock.Instant
        /// Where its record stands, when it was read ahead of the sinks' own position (``Corrections``).
        var ahead: TopicPartitionOffset?
    }

    private(set) var entries: [String: Entry] = [:]

    var count: Int { entries.count }

    /// How many don't merely wait for a number.
    var refused: Int { entries.values.count { !$0.isWaiting } }

    static func name(sink: String, _ golden: Golden) -> String { "\(sink)/\(golden.entity)/\(golden.key)" }

    /// The key in the topic. A source may be called like the sink, and parks in the same topic.
    static func key(_ name: String) -> String { "sink:" + name }

    /// The name that a key of the topic stands for; nil: it is a source's.
    static func name(key: String) -> String? { key.hasPrefix("sink:") ? String(key.dropFirst(5)) : nil }

    /// Parks or parks again. Returns what is to be written.
    mutating func park(
        _ golden: Golden, sink: String, reason: String, isWaiting: Bool, now: ContinuousClock.Instant, pause: Duration
    ) -> JSON {
        let name = Self.name(sink: sink, golden)
        let before = entries[name]
        let entry = Entry(
            golden: golden, reason: reason, tries: (before?.tries ?? 0) + 1, isWaiting: isWaiting, due: now + pause,
            ahead: before?.golden.place == golden.place ? before?.ahead : nil)
        entries[name] = entry
        return entry.json
    }

    /// Parks a newer record that was read ahead in the place of one that is parked: it is due at once. Returns what is to be
    /// written; nil: nothing is parked, or what is parked is newer still.
    mutating func replace(_ name: String, with golden: Golden, now: ContinuousClock.Instant) -> JSON? {
        guard var entry = entries[name], !holdsNewer(than: golden, name) else { return nil }
        (entry.golden, entry.tries, entry.due, entry.ahead) = (golden, 0, now, golden.place.offset)
        entries[name] = entry
        return entry.json
    }

    /// Whether a newer record of the same entity is parked. What is gone has no revision.
    func holdsNewer(than golden: Golden, _ name: String) -> Bool {
        guard let entry = entries[name], entry.golden.verb != .gone, golden.verb != .gone else { return false }
        return entry.golden.isNewer(than: golden)
    }

    /// How often it was tried already.
    func tries(_ name: String) -> Int { entries[name]?.tries ?? 0 }

    /// Lets it go. True when it was parked.
    mutating func release(_ name: String) -> Bool { entries.removeValue(forKey: name) != nil }

    /// Takes up what was read from the topic; it is due at once.
    mutating func restore(_ name: String, _ json: JSON, now: ContinuousClock.Instant) -> Bool {
        guard let golden = json["record"].flatMap(Golden.init) else { return false }
        entries[name] = Entry(
            golden: golden, reason: json["reason"]?.string ?? "", tries: json["tries"]?.integer ?? 0,
            isWaiting: json["waiting"]?.bool ?? false, due: now, ahead: json["ahead"].flatMap(TopicPartitionOffset.init)
        )
        return true
    }

    /// Those of a sink that are due, oldest first; when numbers have become known, those that wait for one too.
    func due(sink: String, now: ContinuousClock.Instant, isNewIdentity: Bool) -> [Golden] {
        entries.filter { $0.key.hasPrefix(sink + "/") }.values
            .filter { $0.due <= now || ($0.isWaiting && isNewIdentity) }
            .sorted { ($0.due, $0.golden.key) < ($1.due, $1.golden.key) }.map(\.golden)
    }
}

extension ParkedWrites.Entry {
    fileprivate var json: JSON {
        var json: JSON = [
            "record": golden.json, "reason": .string(reason), "tries": .number(Number(tries)),
            "waiting": .bool(isWaiting),
        ]
        if let ahead { json["ahead"] = ahead.json }
        return json
    }
}
