import Document
import Transports

/// What sinks have written of entities of which sources hold back what they read before.
///
/// A record that waits in a lane is published behind the report of that write. Its system keeps no log that would tell its place, so it
/// would count as an edit that was made after the write. So it is noted, with the report, which write such records precede, and
/// they are published as what stood there before it (I3, I6; docs/contracts.md, Turns).
///
/// Sinks and sources speak of it within turns. The notes stand in `omni.parked.<connector>` until nothing of the entity waits any more.
final class Overwrites: Sendable {
    /// Records below that number were read before the write of that revision.
    struct Write: Sendable, Equatable {
        let revision: Int64
        let below: UInt64
    }

    private struct Entity: Sendable {
        /// Behind the number of the latest record that waits; nil: none does, as far as this process knows.
        var below: UInt64?
        var writes: [Write] = []
    }

    /// By source, then by the entity's name in its lanes.
    private let sources = Monitor<[String: [String: Entity]]>([:])

    /// Takes up what the process before has left in the topic.
    func restore(_ parked: [String: JSON]) {
        sources.withLock { sources in
            for (key, value) in parked {
                guard let (source, name) = Self.name(key: key) else { continue }
                let writes = (value["before"]?.array ?? []).compactMap(Write.init)
                sources[source, default: [:]][name] = Entity(writes: writes)
            }
        }
    }

    // MARK: Sources

    /// Numbers from here on are of records that no note speaks of.
    func end(of source: String) -> UInt64 {
        sources.withLock { $0[source]?.values.flatMap(\.writes).map(\.below).max() ?? 0 }
    }

    /// A record waits, and its place among the system's changes isn't known.
    func wait(_ number: UInt64, _ entities: [String], in source: String) {
        sources.withLock { sources in
            for name in entities {
                let below = sources[source]?[name]?.below ?? 0
                sources[source, default: [:]][name, default: Entity()].below = max(below, number + 1)
            }
        }
    }

    /// The first write behind the reading of a record; nil: there was none, or the system's log tells.
    func first(behind number: UInt64, of entity: String, in source: String) -> Int64? {
        sources.withLock { $0[source]?[entity]?.writes.first { number < $0.below }?.revision }
    }

    /// Whether a sink has written the entity since the latest record of it was parked: read again, it says something new.
    func isOvertaken(_ entity: String, in source: String) -> Bool {
        sources.withLock { sources in
            guard let known = sources[source]?[entity], let below = known.below else { return false }
            return known.writes.last?.below == below
        }
    }

    /// Nothing waits of these any more.
    ///
    /// - Parameter forget: takes the note of an entity out of the topic. Nobody notes anything meanwhile.
    func release(_ entities: [String], in source: String, _ forget: (_ key: String) throws -> Void) rethrows {
        try sources.withLock { sources in
            for name in entities {
                guard let entity = sources[source]?.removeValue(forKey: name) else { continue }
                if !entity.writes.isEmpty { try forget(Self.key(source, name)) }
            }
        }
    }

    /// The entities of a source of which there are notes.
    func noted(in source: String) -> [String] {
        sources.withLock { ($0[source] ?? [:]).filter { !$0.value.writes.isEmpty }.keys.sorted() }
    }

    // MARK: Sinks

    /// Whether anything waits at all.
    var areAwaited: Bool { sources.withLock { sources in sources.values.contains { !$0.isEmpty } } }

    /// Notes that a revision is written, for all that waits of the entity now.
    ///
    /// - Parameter note: what the topic holds from now on. Said again at each try: the one before may not have reached it.
    func note(_ revision: Int64, of entity: String, _ note: (_ key: String, _ value: JSON) throws -> Void) rethrows {
        try sources.withLock { sources in
            for source in sources.keys {
                guard var known = sources[source]?[entity], let below = known.below else { continue }
                if known.writes.last?.below ?? 0 < below {
                    known.writes.append(Write(revision: revision, below: below))
                    sources[source]?[entity] = known
                }
                try note(Self.key(source, entity), ["before": .array(known.writes.map(\.json))])
            }
        }
    }

    // MARK: The topic

    /// Neither a source nor a sink is called so: names have no colon.
    private static let prefix = "before:"

    private static func key(_ source: String, _ entity: String) -> String { "\(prefix)\(source)/\(entity)" }

    private static func name(key: String) -> (source: String, entity: String)? {
        guard key.hasPrefix(prefix), let slash = key.firstIndex(of: "/") else { return nil }
        return (
            String(key[key.index(key.startIndex, offsetBy: prefix.count)..<slash]),
            String(key[key.index(after: slash)...])
        )
    }
}

extension Overwrites.Write {
    fileprivate var json: JSON {
        ["revision": .number(Number(Int(revision))), "below": .number(Number(Int(below)))]
    }

    fileprivate init?(_ json: JSON) {
        guard let revision = json["revision"]?.integer, let below = json["below"]?.integer, below >= 0 else {
            return nil
        }
        self.init(revision: Int64(revision), below: UInt64(below))
    }
}
