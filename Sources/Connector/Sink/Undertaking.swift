import Canonical
import Document
import Installation
import Kafka
import Transports

/// What a sink is about to write into a system that is read before it is written (`if-match`), and what the system held at
/// each try: noted, and acknowledged, before it is written.
///
/// A process that ends between a write and its report leaves behind a value that the system shows as its own. The next one
/// can tell it from somebody's edit only by writing the very same revision again: what the system held before and holds
/// after is then the same. A newer revision that waits by then must not take its place. What the system held before the
/// *first* try is nowhere else by then: somebody's edit that no source has read would be lost (I6, I9; docs/contracts.md,
/// Turns; docs/decisions/0009).
struct Undertaking {
    /// Its key among the connector's positions. No source is called so: a source's name has no slash.
    static let key = "sinks/writing"

    /// A write, by its golden record's place and the system's own number.
    private struct Name: Hashable {
        let place: String
        let own: String?
    }

    /// The most records that are written at once, by this process or the one before.
    var batch: Int
    /// What the process before noted and nobody has repeated yet.
    private var owed: Set<String>
    /// The golden records of which something may have been created that has no number here yet, by their places: newer ones
    /// can't find it, nor can these be read again when Kafka has compacted them away.
    private var created: [String: Golden] = [:]
    /// What the system held at the present try.
    private var seen: [Name: [JSON]] = [:]
    /// The same of the tries before, also of the process before, oldest first: it may have been published, and the write
    /// reported.
    private var noted: [Name: [JSON]] = [:]

    /// What a system held before a write.
    struct Before {
        let record: JSON
        /// A try before saw it, which may have published it and reported the write.
        let isNoted: Bool
    }

    /// Smaller batches need no note: a start repeats this much anyway.
    static let usual = 500

    /// - Parameter noted: what the process before noted.
    init(noted: JSON?) {
        batch = max(noted?["batch"]?.integer ?? 0, Self.usual)
        owed = Set((noted?["writing"]?.array ?? []).compactMap(\.string))
        for golden in (noted?["created"]?.array ?? []).compactMap(Golden.init) {
            created[golden.place.description] = golden
        }
        for entry in noted?["held"]?.array ?? [] {
            guard let place = entry["place"]?.string, let records = entry["records"]?.array else { continue }
            self.noted[Name(place: place, own: entry["self"]?.string)] = records
        }
    }

    /// Whether a golden record may have been written by the process before.
    func includes(_ golden: Golden) -> Bool { !owed.isEmpty && owed.contains(golden.place.description) }

    /// What the process before may have created for entities of a kind, and didn't report.
    func created(of entity: String) -> [Golden] {
        created.values.filter { $0.entity == entity && owed.contains($0.place.description) }
            .sorted { ($0.key, $0.revision) < ($1.key, $1.revision) }
    }

    /// Takes up that something is about to be created of a golden record.
    mutating func create(_ golden: Golden) { created[golden.place.description] = golden }

    /// The last offset of a partition that the process before noted; nil: it noted none there.
    func last(in partition: TopicPartition) -> Int64? {
        let name = "\(partition)@"
        return owed.lazy.compactMap { $0.hasPrefix(name) ? Int64($0.dropFirst(name.utf8.count)) : nil }.max()
    }

    /// Takes up what the system holds before a try; nil: nothing.
    mutating func see(_ record: JSON?, before golden: Golden, own: String?) {
        guard record != nil || !seen.isEmpty else { return }
        let name = Name(place: golden.place.description, own: own)
        for earlier in seen[name] ?? [] where noted[name]?.contains(earlier) != true {
            noted[name, default: []].append(earlier)
        }
        seen[name] = record.map { [$0] }
    }

    /// What the system held before a write, at each of its tries.
    func held(before golden: Golden, own: String?) -> [Before] {
        guard !seen.isEmpty || !noted.isEmpty else { return [] }
        let name = Name(place: golden.place.description, own: own)
        let own = seen[name] ?? []
        return (noted[name] ?? []).filter { !own.contains($0) }.map { Before(record: $0, isNoted: true) }
            + own.map { Before(record: $0, isNoted: false) }
    }

    /// The note on a batch that is about to be written, with what is still owed.
    func note(_ records: [Golden]) -> JSON {
        let places = Set(records.map(\.place.description)).union(owed)
        let both = noted.merging(seen) { noted, seen in noted + seen.filter { !noted.contains($0) } }
        let held = both.sorted { ($0.key.place, $0.key.own ?? "") < ($1.key.place, $1.key.own ?? "") }.map {
            name, records in
            var entry: JSON = ["place": .string(name.place), "records": .array(records)]
            if let own = name.own { entry["self"] = .string(own) }
            return entry
        }
        var note: JSON = ["writing": .array(places.sorted().map { .string($0) }), "held": .array(held)]
        let created = self.created.filter { places.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value.json)
        if !created.isEmpty { note["created"] = .array(created) }
        if batch > Self.usual { note["batch"] = .number(Number(batch)) }
        return note
    }

    /// What the system held of these, and what they create, is too large to be noted.
    mutating func overlook(_ records: [Golden]) {
        for golden in records {
            let place = golden.place.description
            created[place] = nil
            seen = seen.filter { $0.key.place != place }
            noted = noted.filter { $0.key.place != place }
        }
    }

    /// A batch is written and its reports are acknowledged.
    mutating func finish(_ records: [Golden]) {
        guard !owed.isEmpty || !seen.isEmpty || !noted.isEmpty || !created.isEmpty else { return }
        let places = Set(records.map(\.place.description))
        for place in places where !owed.contains(place) { created[place] = nil }
        seen = seen.filter { !places.contains($0.key.place) }
        noted = noted.filter { !places.contains($0.key.place) }
    }

    /// All that was owed is repeated, or gone from its topic.
    mutating func forget(_ places: [Golden]) {
        for golden in places {
            owed.remove(golden.place.description)
            created[golden.place.description] = nil
        }
    }

    /// Nothing more is owed by the process before.
    ///
    /// - Parameter batch: the most records that this process writes at once.
    /// - Returns: whether its batches are smaller than those that are noted.
    mutating func settle(batch most: Int) -> Bool {
        defer { batch = max(most, Self.usual) }
        seen = seen.filter { !owed.contains($0.key.place) }
        noted = noted.filter { !owed.contains($0.key.place) }
        created = created.filter { !owed.contains($0.key) }
        owed = []
        return batch > max(most, Self.usual)
    }
}

extension Sink {
    /// Whether the system is read before it is written, and what it held is published.
    var readsBefore: Bool {
        guard case .resource(let writing) = settings.to.transport else { return false }
        return writing.ifMatch
    }
}
