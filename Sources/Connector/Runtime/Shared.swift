import Canonical
import Digests
import Document
import Installation
import Logging
import Mapping
import Transports

/// What the threads of a connector have in common.
struct Shared: Sendable {
    let connector: String
    let knowledge: Knowledge
    let names: TopicNames
    let publisher: Publisher
    let deadLetters: DeadLetters
    let turns: Turns
    let stop: StopSignal
    let errors: ErrorSettings
    let log: Logger

    var system: String { knowledge.system }
    var kinds: Kinds { knowledge.kinds }
    var identities: IdentityTable { knowledge.identities }
}

/// What translating needs to know, and no more: no broker, no system.
struct Knowledge: Sendable {
    let system: String
    let kinds: Kinds
    let identities: IdentityTable

    /// What a mapping may ask, beside its record.
    func context(at stamp: Tick, _ bindings: [(name: String, value: JSON)] = []) -> EvaluationContext {
        EvaluationContext(
            milliseconds: stamp.isKnown ? Int(stamp.milliseconds) : 0,
            bindings: [("system", .string(system))] + bindings,
            lookup: IdentityLookup(system: system, identities: identities), hash: NameSHA1())
    }
}

/// The local tables of numbers, as mappings ask them.
struct IdentityLookup: Lookup {
    let system: String
    let identities: IdentityTable

    func key(of entity: String, system: String, id: String) -> String? {
        identities.key(of: Reference(system: system, id: id), entity: entity)
    }

    func id(of entity: String, system: String, key: String) -> String? {
        identities.numbers(of: key, entity: entity, in: system).first
    }

    // Connectors have no tables beside the numbers.
    func row(of table: String, key: String) -> [(column: String, value: String)]? { nil }
    func hasTable(_ name: String) -> Bool { false }
}

/// SHA-1, for UUIDs from names (RFC 9562, version 5).
struct NameSHA1: NameHash {
    func sha1(_ bytes: [UInt8]) -> [UInt8] { SHA1.digest(bytes) }
}
