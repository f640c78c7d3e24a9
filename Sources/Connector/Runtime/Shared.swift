import Canonical
import Document
import Installation
import Logging
import Mapping
import Transports

/// What the threads of a connector have in common.
struct Shared: Sendable {
    let connector: String
    let knowledge: Knowledge
    let publisher: Publisher
    let deadLetters: DeadLetters
    let turns: Turns
    let doubts = Doubts()
    let stop: StopSignal
    let errors: ErrorSettings
    let writtenBack: WrittenBack
    let overwrites = Overwrites()
    /// By what pauses, waits and comparisons are timed.
    var clock = LoopClock.machine
    let log: Logger

    var system: String { knowledge.system }
    var names: TopicNames { knowledge.names }
    var kinds: KindCatalog { knowledge.kinds }
    var identities: IdentityTable { knowledge.identities }
}

/// What translating needs to know, and no more: no broker, no system.
struct Knowledge: Sendable {
    let system: String
    let names: TopicNames
    let kinds: KindCatalog
    let identities: IdentityTable
    let tables: LookupTables
    let decisions: DecisionTable
    /// What one record's mapping may cost.
    var limits = EvaluationLimits.standard

    /// Rises when what waits for a number or a decision may be tried again.
    var generation: UInt64 { identities.generation &+ decisions.generation }

    /// Where what is said of a kind goes.
    func inputTopic(_ kind: Kind) -> String { names.input(domain: kind.domain) }

    /// What a mapping may ask, beside its record.
    func context(at stamp: Tick, _ bindings: [(name: String, value: JSON)] = []) -> EvaluationContext {
        EvaluationContext(
            milliseconds: stamp.isKnown ? Int(stamp.milliseconds) : 0,
            bindings: [("system", .string(system))] + bindings,
            lookup: LocalLookup(system: system, identities: identities, tables: tables, decisions: decisions),
            hash: NameSHA1(), limits: limits)
    }
}

/// The local tables, as mappings ask them: numbers, and what lies beside the mapping.
struct LocalLookup: Lookup {
    let system: String
    let identities: IdentityTable
    let tables: LookupTables
    let decisions: DecisionTable

    func key(of entity: String, system: String, id: String) -> String? {
        identities.key(of: Reference(system: system, id: id), entity: entity)
    }

    func id(of entity: String, system: String, key: String) -> String? {
        identities.numbers(of: key, entity: entity, in: system).first
    }

    func decision(about reservation: String) -> [(column: String, value: String)]? {
        decisions[reservation].map { decision in
            [("state", decision.state)] + (decision.reason.map { [("reason", $0)] } ?? [])
        }
    }

    func row(of table: String, key: String) -> [(column: String, value: String)]? { tables.row(of: table, key: key) }
    func hasTable(_ name: String) -> Bool { tables.has(name) }
}

extension EvaluationLimits {
    /// The limits that a connector sets.
    init(_ settings: MappingSettings) {
        self.init()
        steps = settings.steps
        depth = settings.depth
        memory = settings.memory << 20
    }
}
