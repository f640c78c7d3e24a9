import Canonical
import Consistency
import Document
import Testing

/// A simulated system with its connector: it holds products as it can hold them, and people edit them.
struct SimulatedSystem {
    enum Reading: CaseIterable {
        /// The whole row as it is when it is read.
        case poll
        /// Rows of a change log, older than the moment they are read; positions say where they belong.
        case outbox
    }

    let name: String
    let reading: Reading
    /// The longest name it can hold.
    let longest: Int
    /// Whether prices lose their cents.
    let rounds: Bool
    /// What it holds; nil: no such product.
    var row: [String: JSON]?
    var changedAt: Int64 = 0
    /// Whether the last reading found it.
    var wasThere = false
    /// The change log: what the row was after each change.
    var log: [(position: Int64, row: [String: JSON]?, changedAt: Int64)] = []
    var readUpTo = 0
    /// The golden topic; no document: erased.
    var golden: [(revision: Int64, document: JSON?)] = []
    var consumed = 0
    /// Where the connector would begin again after a crash.
    var committed = 0

    /// The golden record as this system can hold it.
    func projection(_ document: JSON) -> [String: JSON] {
        var row: [String: JSON] = [:]
        for member in document.object ?? [] {
            switch member.value {
            case .string(let text) where member.key == "name": row["name"] = .string(String(text.prefix(longest)))
            case .number(let number) where rounds: row[member.key] = .number(Number(Int(number.double)))
            default: row[member.key] = member.value
            }
        }
        return row
    }

    mutating func change(_ fields: [String: JSON], now: Int64) {
        guard row == nil || fields.contains(where: { row?[$0.key] != $0.value }) else { return }
        row = (row ?? ["name": .null, "price": .null, "colour": .null]).merging(fields) { $1 }
        changedAt = now
        log.append((Int64(log.count + 1), row, now))
    }

    mutating func delete(now: Int64) {
        guard row != nil else { return }
        row = nil
        changedAt = now
        log.append((Int64(log.count + 1), nil, now))
    }
}

/// I6 and I9: people edit everywhere at once, systems cut and round, connectors lag, repeat and crash; in the end every
/// copy is the golden record as that system can hold it, and nothing that a sink wrote ever came back as a change.
@Suite struct EchoSimulation {
    static let fields = ["name", "price", "colour"]

    @Test(arguments: 0..<120) func copiesAgreeWhenItIsQuiet(run: Int) throws {
        var simulation = try Simulation(UInt64(run))
        try simulation.play(steps: 60)
        try simulation.settle()
        try simulation.judge(run)
    }

    struct Simulation: ~Copyable {
        var seed: Seeded
        var world: World
        var systems: [SimulatedSystem]
        /// The partition: what the connectors have handed over and the hub hasn't read.
        var partition: [(type: String, system: Int, data: JSON, time: Int64?, position: Int64?)] = []
        var now: Int64 = 1_000_000
        /// Everything that people ever typed, by field.
        var typed: [String: [JSON]] = [:]
        var edits = 0
        /// Deletions by who doesn't own them: a few are put right, more would be reported instead.
        var deletions = 0
        var ownerDeleted = false

        init(_ seed: UInt64) throws {
            var random = Seeded(seed &+ 50_000)
            systems = [
                SimulatedSystem(
                    name: "shop", reading: .allCases.randomElement(using: &random)!, longest: 99, rounds: false),
                SimulatedSystem(
                    name: "till", reading: .allCases.randomElement(using: &random)!, longest: 5, rounds: true),
                SimulatedSystem(
                    name: "crm", reading: .allCases.randomElement(using: &random)!, longest: 9, rounds: false),
            ]
            self.seed = random
            let rules: JSON = [
                "key": "gtin", "fields": ["name": ["priority": ["shop", "crm"]]], "delete": ["owner": "shop"],
            ]
            world = World(
                try testModel(["product": rules]), subscribers: ["product": ["shop", "till", "crm"]])
        }

        mutating func play(steps: Int) throws {
            for _ in 0..<steps {
                now += Int64.random(in: 1...50, using: &seed)
                let system = systems.indices.randomElement(using: &seed)!
                switch Int.random(in: 0...9, using: &seed) {
                case 0, 1: Int.random(in: 0...9, using: &seed) == 0 ? delete(system) : edit(system)
                case 2, 3: read(system)
                case 4, 5: write(system)
                case 6: if Int.random(in: 0...2, using: &seed) == 0 { crash(system) }
                default: try decide()
                }
            }
        }

        /// A person types something that nobody typed before, and that no system makes of another's text.
        private mutating func edit(_ system: Int) {
            // What the shop took away only the shop brings back.
            guard systems[system].row != nil || system == 0 || !ownerDeleted else { return }
            if system == 0, systems[0].row == nil { ownerDeleted = false }
            edits += 1
            let field = EchoSimulation.fields.randomElement(using: &seed)!
            let value: JSON
            switch field {
            case "price":
                // Only systems that keep cents are typed cents into: a rounded price is nobody's.
                value = .number(Number(systems[system].rounds ? "\(edits * 1000)" : "\(edits).25")!)
            case "name":
                // What is typed fits, and no text's beginning is another's.
                let letters = String("abcdefghijklmnopqrstuvwxyz"[edits % 26]) + "\(edits)"
                let length = systems[system].longest == 99 ? 14 : systems[system].longest
                value = .string(String((letters + "-" + systems[system].name + "-----------").prefix(length)))
            default: value = Int.random(in: 0...5, using: &seed) == 0 ? .null : .string("c\(edits)")
            }
            typed[field, default: []].append(value)
            systems[system].change([field: value], now: now)
        }

        private mutating func delete(_ system: Int) {
            guard systems[system].row != nil, system == 0 || deletions < 2 else { return }
            if system == 0 { ownerDeleted = true } else { deletions += 1 }
            systems[system].delete(now: now)
        }

        /// The source's turn: read, and hand over.
        private mutating func read(_ system: Int) {
            switch systems[system].reading {
            case .poll:
                let isThere = systems[system].row != nil
                if isThere || systems[system].wasThere {
                    hand(system, systems[system].row, systems[system].changedAt, nil)
                }
                systems[system].wasThere = isThere
            case .outbox:
                let end = min(systems[system].log.count, systems[system].readUpTo + Int.random(in: 1...3, using: &seed))
                for entry in systems[system].log[systems[system].readUpTo..<end] {
                    hand(system, entry.row, entry.changedAt, entry.position)
                }
                systems[system].readUpTo = end
            }
        }

        private mutating func hand(_ system: Int, _ row: [String: JSON]?, _ time: Int64, _ position: Int64?) {
            guard let row else {
                partition.append(("product.deleted", system, [:], time, position))
                return
            }
            let data = JSON.object(row.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
            partition.append(("product.stated", system, data, time, position))
        }

        /// The sink's turn: write, read back, and hand the report over.
        private mutating func write(_ system: Int) {
            guard systems[system].consumed < systems[system].golden.count else { return }
            let (revision, document) = systems[system].golden[systems[system].consumed]
            systems[system].consumed += 1
            var report: JSON = ["revision": .number(Number(Int(revision))), "status": "absent"]
            if let document {
                let projection = systems[system].projection(document)
                let row = systems[system].row
                let isSame = row != nil && projection.allSatisfy { row![$0.key] == $0.value }
                systems[system].change(projection, now: now)
                // What it wrote itself, it misses when it is gone.
                systems[system].wasThere = true
                var held: JSON = [:]
                for (field, value) in systems[system].row ?? [:] { held[field] = value }
                report["status"] = isSame ? "unchanged" : "written"
                report["held"] = held
            } else {
                systems[system].delete(now: now)
            }
            let position = systems[system].reading == .outbox ? Int64(systems[system].log.count) : nil
            partition.append(("product.written", system, report, nil, position))
            if Int.random(in: 0...2, using: &seed) == 0 { systems[system].committed = systems[system].consumed }
        }

        /// The connector dies and begins again: it repeats the writes since its committed position, then reads again from
        /// before. What it handed over before stays handed over.
        private mutating func crash(_ system: Int) {
            systems[system].consumed = systems[system].committed
            while systems[system].consumed < systems[system].golden.count,
                systems[system].consumed < systems[system].committed + 3
            { write(system) }
            systems[system].committed = systems[system].consumed
            let back = Int.random(in: 0...3, using: &seed)
            systems[system].readUpTo = max(0, systems[system].readUpTo - back)
        }

        /// The hub reads one event.
        private mutating func decide() throws {
            guard !partition.isEmpty else { return }
            let event = partition.removeFirst()
            world.now = Tick(now)
            let before = world.revision["product/\(sofa)"] ?? 0
            try world.send(
                event.type, sofa, from: systems[event.system].name, event.data, at: event.time, position: event.position
            )
            let revision = world.revision["product/\(sofa)"] ?? 0
            guard revision > before else { return }
            let document = world["product", sofa].flatMap { $0.isNull ? Optional<JSON>.none : $0 }
            for system in systems.indices { systems[system].golden.append((revision, document)) }
        }

        /// Input stops: everything that is on its way arrives.
        mutating func settle() throws {
            for _ in 0..<200 {
                now += 10
                for system in systems.indices {
                    read(system)
                    while systems[system].consumed < systems[system].golden.count { write(system) }
                    read(system)
                }
                let isQuiet = partition.allSatisfy { $0.type != "product.written" }
                let revision = world.revision["product/\(sofa)"]
                while !partition.isEmpty { try decide() }
                let allRead = systems.allSatisfy { $0.reading == .poll || $0.readUpTo == $0.log.count }
                if isQuiet, allRead, world.revision["product/\(sofa)"] == revision { return }
            }
            Issue.record("it never gets quiet: something comes back as a change")
        }

        func judge(_ run: Int) throws {
            guard let golden = world["product", sofa], !golden.isNull else {
                for system in systems { #expect(system.row == nil, "run \(run): \(system.name) still has it") }
                return
            }
            // A row that is written again before anybody polled was never seen to be gone; a change log tells.
            #expect(!ownerDeleted || systems[0].reading == .poll, "run \(run): the owner deleted it")
            for field in EchoSimulation.fields {
                guard let value = golden[field] else { continue }
                let isTyped = typed[field]?.contains(value) ?? false
                #expect(isTyped || value.isNull, "run \(run): '\(field)' is \(value.text), which nobody typed")
            }
            for system in systems {
                let projection = system.projection(golden)
                for field in EchoSimulation.fields {
                    guard let value = projection[field] else { continue }
                    let held = system.row?[field]
                    #expect(held == value, "run \(run): \(system.name) (\(system.reading)) \(field)")
                }
            }
            let drift = try world.engine.drift(
                of: "product", state: world.state.bytes[sofa]!, now: Tick(now + 1_000_000), grace: 1000)
            for copy in drift {
                #expect(copy.condition == .inSync, "run \(run): \(copy.system) \(copy.condition.rawValue)")
            }
        }
    }
}

extension String {
    fileprivate subscript(_ place: Int) -> Character { self[index(startIndex, offsetBy: place)] }
}
