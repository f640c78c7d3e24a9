import Canonical

/// What a source holds back: records that wait for a reference, and behind them, in their order, the later records of
/// the same entities (I7).
///
/// A *lane* is such a queue. A record that touches two lanes joins them. Pure: what must be written to
/// `omni.parked.<connector>` is returned.
struct Lanes {
    /// A record that waits.
    struct Waiting: Sendable, Equatable {
        /// When it came, among all records of the source.
        var number: UInt64
        /// The record as it was read.
        var record: StoredRecord
        /// The entities it touches: `<kind>/<key>`, keys as far as they are known.
        var entities: [String]
        /// The references that were unknown: `<entity>/<system>:<id>`.
        var missing: [String]
    }

    /// A queue of records.
    struct Lane: Sendable, Equatable {
        /// The key in the topic, behind the source's name.
        var name: String
        var waiting: [Waiting]
    }

    /// What is to be written: the lane's new content, or nil when it is gone.
    struct Change: Equatable {
        var name: String
        var lane: Lane?
    }

    private(set) var lanes: [String: Lane] = [:]
    private var laneOf: [String: String] = [:]
    private var waitingFor: [String: Int] = [:]
    private var next: UInt64 = 0

    /// Whether nothing waits.
    var isEmpty: Bool { lanes.isEmpty }

    /// How many records wait.
    var count: Int { lanes.values.reduce(0) { $0 + $1.waiting.count } }

    /// The number of the record that is parked last.
    var last: UInt64 { next - 1 }

    /// No record gets a number below this one any more.
    mutating func count(from number: UInt64) { next = max(next, number) }

    /// Goes back to what waited before; numbers are not given twice.
    func reverted(to before: Lanes) -> Lanes {
        var lanes = before
        lanes.count(from: next)
        return lanes
    }

    /// Takes up a lane that was read from the topic.
    mutating func restore(_ lane: Lane) {
        drop(lane.name)
        put(lane)
        next = max(next, (lane.waiting.map(\.number).max() ?? 0) + 1)
    }

    /// The entities of which something waits.
    var entities: Set<String> { Set(laneOf.keys) }

    /// Whether a record that touches these entities, or needs that reference, must queue.
    func holds(entities: [String]) -> Bool { entities.contains { laneOf[$0] != nil } }

    /// Whether a parked record waits for this reference: whoever came later must not overtake it.
    func waits(for reference: String) -> Bool { waitingFor[reference] != nil }

    /// Parks a record. Returns what is to be written: nothing, when it was read again and has not changed since.
    ///
    /// - Parameter isNews: whether it says something new though it may not have changed.
    mutating func park(
        _ record: StoredRecord, entities: [String], missing: [String], isNews: Bool = false
    ) -> [Change] {
        if !isNews, waitsAlready(record, entities) { return [] }
        let waiting = Waiting(number: next, record: record, entities: entities, missing: missing)
        next += 1
        let touched = Set(entities.compactMap { laneOf[$0] }).sorted()
        guard let first = touched.first else {
            let lane = Lane(name: entities.first ?? "record/\(record.reference)", waiting: [waiting])
            put(lane)
            return [Change(name: lane.name, lane: lane)]
        }
        var joined = touched.flatMap { lanes[$0]!.waiting } + [waiting]
        joined.sort { $0.number < $1.number }
        touched.forEach { drop($0) }
        let lane = Lane(name: first, waiting: joined)
        put(lane)
        return [Change(name: first, lane: lane)] + touched.dropFirst().map { Change(name: $0, lane: nil) }
    }

    /// What a lane is without its first record, when that has been dealt with. Nothing changes yet.
    func shifted(_ name: String) -> Change {
        guard var lane = lanes[name] else { return Change(name: name, lane: nil) }
        lane.waiting.removeFirst()
        return Change(name: name, lane: lane.waiting.isEmpty ? nil : lane)
    }

    /// What a lane is when its first record waits for these references; nil when it does so already.
    func wait(_ name: String, entities: [String], missing: [String]) -> Change? {
        guard var lane = lanes[name], lane.waiting[0].missing != missing || lane.waiting[0].entities != entities else {
            return nil
        }
        lane.waiting[0].missing = missing
        lane.waiting[0].entities = entities
        return Change(name: name, lane: lane)
    }

    /// Makes a change that was written.
    mutating func apply(_ change: Change) {
        drop(change.name)
        if let lane = change.lane { put(lane) }
    }

    /// Whether the newest that waits of these entities is this very record: a comparison, or a page that is repeated, reads
    /// it again and again.
    private func waitsAlready(_ record: StoredRecord, _ entities: [String]) -> Bool {
        let own = Set(entities)
        let newest = Set(entities.compactMap { laneOf[$0] }).flatMap { lanes[$0]?.waiting ?? [] }
            .filter { !own.isDisjoint(with: $0.entities) }.max { $0.number < $1.number }
        guard let newest, newest.entities == entities else { return false }
        return newest.record.isRepeated(by: record)
    }

    private mutating func put(_ lane: Lane) {
        lanes[lane.name] = lane
        for waiting in lane.waiting {
            for entity in waiting.entities { laneOf[entity] = lane.name }
            for reference in waiting.missing { waitingFor[reference, default: 0] += 1 }
        }
    }

    private mutating func drop(_ name: String) {
        guard let lane = lanes.removeValue(forKey: name) else { return }
        for waiting in lane.waiting {
            for entity in waiting.entities where laneOf[entity] == name { laneOf[entity] = nil }
            for reference in waiting.missing {
                waitingFor[reference, default: 1] -= 1
                if waitingFor[reference] == 0 { waitingFor[reference] = nil }
            }
        }
    }
}
