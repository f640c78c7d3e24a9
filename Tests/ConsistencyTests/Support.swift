import Canonical
import Consistency
import Document
import Testing

/// A state in memory.
struct MemoryState: StateAccess {
    /// By key, as its bytes have it.
    struct States: Equatable {
        private var states: [ExactText: [UInt8]] = [:]

        var keys: [String] { states.keys.map(\.text) }
        var isEmpty: Bool { states.isEmpty }

        subscript(key: String) -> [UInt8]? {
            get { states[ExactText(key)] }
            set { states[ExactText(key)] = newValue }
        }
    }

    var bytes = States()
    var reads = 0
    var writes = 0

    mutating func get(_ key: String, into buffer: inout [UInt8]) -> Bool {
        reads += 1
        guard let found = bytes[key] else { return false }
        buffer = found
        return true
    }

    mutating func put(_ key: String, _ new: UnsafeRawBufferPointer?) {
        writes += 1
        bytes[key] = new.map { Array($0) }
    }
}

/// An engine with its state and its clock: what a test says happens, and what came of it.
struct World: ~Copyable {
    var engine: Engine
    var state = MemoryState()
    var effects = Effects()
    var now = Tick(1_000_000)
    private var offset: Int64 = 0
    /// The golden records as a consumer of the topics has them; nil after a tombstone.
    var golden: [String: JSON] = [:]
    var revision: [String: Int64] = [:]
    /// Whose number a system's number is, as a consumer of `omni.id.<entity>` has it.
    var identity: [String: String] = [:]
    var reservations: [String: JSON] = [:]
    var due: [String: Tick] = [:]
    /// All effects, by name.
    var log: [String] = []

    init(_ model: Model, subscribers: [String: [String]] = [:]) {
        engine = Engine(model: model, subscribers: subscribers)
    }

    /// Decides one event; answers what it led to.
    @discardableResult
    mutating func send(
        _ type: String, _ key: String, from system: String, _ data: JSON = [:], at time: Int64? = nil,
        position: Int64? = nil, selfID: String? = nil, arrival: Int64? = nil, notAfter: Int64? = nil, id: String? = nil,
        before revision: Int64? = nil, isDormant: Bool = false
    ) throws -> [Effect] {
        offset += 1
        var envelope = Envelope(
            id: id ?? "event-\(offset)", source: EventSource(system: system, name: "test"),
            type: try #require(EventType("omni.\(type)")), subject: key)
        envelope.time = time.map { Tick($0) } ?? .never
        envelope.position = position
        envelope.selfID = selfID
        envelope.revision = revision
        envelope.isDormant = isDormant
        envelope.notAfter = notAfter.map { Tick($0) }
        var tape = Tape()
        try tape.parse(data.utf8)
        effects.reset()
        let event = Event(
            envelope, arrival: arrival.map { Tick($0) } ?? now, origin: Origin(partition: 3, offset: offset),
            data: tape.root)
        try engine.decide(event, state: &state, now: now, effects: &effects)
        try withExtendedLifetime(tape) { try take() }
        return effects.list
    }

    /// Applies the effects as a consumer of the topics would.
    mutating func take() throws {
        for effect in effects.list {
            switch effect {
            case .golden(let entity, let key, let revision, let document):
                #expect(revision > self.revision["\(entity)/\(key)"] ?? 0, "revisions rise")
                self.revision["\(entity)/\(key)"] = revision
                golden["\(entity)/\(key)"] = try JSON(parsing: effects.text(document))
                log.append("golden \(key) \(revision)")
            case .erased(let entity, let key, let revision):
                #expect(revision > self.revision["\(entity)/\(key)"] ?? 0, "revisions rise")
                self.revision["\(entity)/\(key)"] = revision
                golden["\(entity)/\(key)"] = .null
                log.append("erased \(key) \(revision)")
            case .merged(let entity, let key, let into, let revision):
                #expect(revision > self.revision["\(entity)/\(key)"] ?? 0, "revisions rise")
                self.revision["\(entity)/\(key)"] = revision
                golden["\(entity)/\(key)"] = ["into": .string(into)]
                log.append("merged \(key) into \(into)")
            case .tombstone(let entity, let key):
                golden["\(entity)/\(key)"] = nil
                if entity == "reservation" { reservations[key] = nil }
                log.append("tombstone \(key)")
            case .reference(let entity, let reference, let key):
                identity["\(entity)/\(reference)"] = key
                log.append("reference \(reference) \(key ?? "-")")
            case .decided(let reservation, _, let document):
                reservations[reservation] = try JSON(parsing: effects.text(document))
                log.append("decided \(reservation) \(reservations[reservation]!["state"]!.string!)")
            case .due(let key, let at): due[key] = at
            case .rejected(let rejection): log.append("rejected \(rejection.code.rawValue)")
            }
        }
    }

    /// A sink's report.
    @discardableResult
    mutating func report(
        _ entity: String, _ key: String, from system: String, revision: Int64? = nil, status: String = "written",
        held: JSON? = nil, selfID: String? = nil, position: Int64? = nil
    ) throws -> [Effect] {
        var data: JSON = ["status": .string(status)]
        data["revision"] = .number(Number(Int(revision ?? self.revision["\(entity)/\(key)"] ?? 0)))
        data["held"] = held
        data["self"] = selfID.map { .string($0) }
        return try send("\(entity).written", key, from: system, data, position: position)
    }

    subscript(_ entity: String, _ key: String) -> JSON? { golden["\(entity)/\(key)"] }
}

/// Entities for tests: schemas of nothing but names, with the rules given as JSON.
func testModel(_ entities: [String: JSON]) throws -> Model {
    try Model(
        entities.map { name, rules in
            Model.Source(entity: name, schema: try testSchema(name, rules), rules: rules)
        })
}

private func testSchema(_ name: String, _ rules: JSON) throws -> JSON {
    if ["customer", "stock", "reservation"].contains(name) {
        return try JSON(parsing: Files.bytes("Schemas/\(name).schema.json"))
    }
    let key = rules["key"]!
    return [
        "$id": .string("urn:omni:\(name):1"), "type": "object", "required": .array([key]),
        "properties": .object([.init(key.string!, ["type": "string"])]),
    ]
}

/// A generator of numbers that gives the same ones for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        // Mixed once: of neighbouring seeds one sequence would be the other's, moved by one.
        state = seed
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
