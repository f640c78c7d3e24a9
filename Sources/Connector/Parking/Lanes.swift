/// What a source holds back: records that wait for a reference, and behind them, in their order, the later records of
/// the same entities (I7).
///
/// A *lane* is such a queue. A record that touches two lanes joins them. In `omni.parked.<connector>` each record stands under a name of its
/// own, whatever its lane: so of two processes that believe to be the only one, or one of which has ended, neither takes away what
/// the other has parked (I2). Pure: what must be written there is returned.
struct Lanes {
    /// A record that waits.
    struct Waiting: Sendable, Equatable {
        /// What it is called in the topic: the same for everybody who reads the same.
        let name: String
        /// When it came, among all records of the source.
        let number: UInt64
        /// The record as it was read.
        let record: StoredRecord
        /// The entities it touches: `<kind>/<key>`, keys as far as they are known.
        var entities: [String]
        /// The references that were unknown: `<entity>/<system>:<id>`.
        var missing: [String]
    }

    /// A queue of records.
    struct Lane: Sendable, Equatable {
        /// Lanes have no names; this one is given once.
        let id: UInt64
        var waiting: [Waiting]
    }

    /// What becomes of a lane's first record.
    struct Change: Equatable {
        let lane: UInt64
        /// The record as it waits from now on; nil: it has been dealt with.
        let first: Waiting?
        /// What the topic holds under its name from now on.
        let stored: Stored
    }

    /// What the topic holds under a name.
    struct Stored: Equatable {
        let name: String
        /// Nil: nothing.
        let waiting: Waiting?
    }

    private(set) var lanes: [UInt64: Lane] = [:]
    private var laneOf: [String: UInt64] = [:]
    private var waitingFor: [String: Int] = [:]
    private var next: UInt64 = 0
    private var nextLane: UInt64 = 0

    /// Whether nothing waits.
    var isEmpty: Bool { lanes.isEmpty }

    /// How many records wait.
    var count: Int { lanes.values.reduce(0) { $0 + $1.waiting.count } }

    /// All that waits, in no order.
    var all: [Waiting] { lanes.values.flatMap(\.waiting) }

    /// The entities of which something waits.
    var entities: Set<String> { Set(laneOf.keys) }

    /// The lane of an entity; nil: nothing of it waits.
    func lane(of entity: String) -> Lane? { laneOf[entity].flatMap { lanes[$0] } }

    /// Whether something of one of these entities waits: whatever else is said of it must queue.
    func holds(entities: [String]) -> Bool { entities.contains { laneOf[$0] != nil } }

    /// Whether a parked record waits for this reference: whoever came later must not overtake it.
    func waits(for reference: String) -> Bool { waitingFor[reference] != nil }

    /// What the topic should hold under a name.
    func stored(_ name: String) -> Stored {
        Stored(name: name, waiting: all.filter { $0.name == name }.max { $0.number < $1.number })
    }

    // MARK: Parking

    /// Takes up what was read from the topic.
    mutating func restore(_ all: [Waiting]) {
        for waiting in all.sorted(by: { ($0.number, $0.name) < ($1.number, $1.name) }) {
            add(waiting)
            next = max(next, waiting.number + 1)
        }
    }

    /// No record gets a number below this one any more.
    mutating func count(from number: UInt64) { next = max(next, number) }

    /// Goes back to what waited before; numbers are not given twice.
    func reverted(to before: Lanes) -> Lanes {
        var lanes = before
        (lanes.next, lanes.nextLane) = (next, nextLane)
        return lanes
    }

    /// A record as it would wait; nil: it was read again, has not changed since, and waits already. Nothing changes yet.
    ///
    /// - Parameter isNews: whether it says something new though it may not have changed.
    func waiting(
        _ record: StoredRecord, entities: [String], missing: [String], isNews: Bool = false
    ) -> Waiting? {
        if !isNews, waitsAlready(record, entities) { return nil }
        return Waiting(name: record.name, number: next, record: record, entities: entities, missing: missing)
    }

    /// Parks a record, as ``waiting(_:entities:missing:isNews:)`` gave it last.
    mutating func park(_ waiting: Waiting) {
        next = waiting.number + 1
        add(waiting)
    }

    /// Puts the latest of all records behind those of the same entities.
    private mutating func add(_ waiting: Waiting) {
        let touched = Set(waiting.entities.compactMap { laneOf[$0] }).sorted()
        if touched.count == 1 {
            lanes[touched[0]]!.waiting.append(waiting)
            return index(waiting, touched[0])
        }
        var joined = touched.flatMap { lanes[$0]!.waiting }
        joined.sort { $0.number < $1.number }
        touched.forEach { drop($0) }
        put(Lane(id: nextLane, waiting: joined + [waiting]))
        nextLane += 1
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

    // MARK: What becomes of a lane's first

    /// The first record of a lane has been dealt with. Nothing changes yet.
    func shifted(_ id: UInt64) -> Change? {
        guard let lane = lanes[id] else { return nil }
        let name = lane.waiting[0].name
        // The same may have been said once more, of something that had changed meanwhile, and changed back.
        let again = lane.waiting.dropFirst().last { $0.name == name }
        return Change(lane: id, first: nil, stored: Stored(name: name, waiting: again))
    }

    /// The first record of a lane waits for these references; nil when it does so already. Nothing changes yet.
    func wait(_ id: UInt64, entities: [String], missing: [String]) -> Change? {
        guard var first = lanes[id]?.waiting.first, first.missing != missing || first.entities != entities else {
            return nil
        }
        (first.entities, first.missing) = (entities, missing)
        return Change(lane: id, first: first, stored: Stored(name: first.name, waiting: first))
    }

    /// Makes a change that was written.
    mutating func apply(_ change: Change) {
        guard var lane = lanes[change.lane] else { return }
        drop(lane.id)
        lane.waiting.removeFirst()
        if let first = change.first { lane.waiting.insert(first, at: 0) }
        if !lane.waiting.isEmpty { put(lane) }
    }

    // MARK: Indexes

    private mutating func put(_ lane: Lane) {
        lanes[lane.id] = lane
        for waiting in lane.waiting { index(waiting, lane.id) }
    }

    private mutating func index(_ waiting: Waiting, _ lane: UInt64) {
        for entity in waiting.entities { laneOf[entity] = lane }
        for reference in waiting.missing { waitingFor[reference, default: 0] += 1 }
    }

    private mutating func drop(_ id: UInt64) {
        guard let lane = lanes.removeValue(forKey: id) else { return }
        for waiting in lane.waiting {
            for entity in waiting.entities where laneOf[entity] == id { laneOf[entity] = nil }
            for reference in waiting.missing {
                waitingFor[reference, default: 1] -= 1
                if waitingFor[reference] == 0 { waitingFor[reference] = nil }
            }
        }
    }
}
