public import Document

/// What one record's mapping is given besides its input: the record's time, variables, tables, limits.
///
/// A mapping is a pure function of its input and of this (I11).
public struct EvaluationContext: Sendable {
    /// The time that `$now()` and `$millis()` give: the record's, in milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int
    /// What `$random` and `$shuffle` draw from, where they are allowed.
    public var seed: UInt64 = 0
    /// Variables, without their `$`.
    public var bindings: [(name: String, value: JSON)]
    /// The tables that `$omni_ref`, `$omni_idOf` and `$omni_table` look things up in.
    public var lookup: (any Lookup)?
    /// The hash that `$omni_uuid` needs.
    public var hash: (any NameHash)?
    /// Bounds on a record's work.
    public var limits: EvaluationLimits

    /// The context of one record or of many.
    public init(
        milliseconds: Int, bindings: [(name: String, value: JSON)] = [], lookup: (any Lookup)? = nil,
        hash: (any NameHash)? = nil, limits: EvaluationLimits = .standard
    ) {
        self.milliseconds = milliseconds
        self.bindings = bindings
        self.lookup = lookup
        self.hash = hash
        self.limits = limits
    }
}

/// Bounds on a record's work. Exceeding one is an error of the record (`U2001`, `D1011`, `U2003`).
public struct EvaluationLimits: Sendable {
    /// How many steps of work: operations, elements, comparisons.
    public var steps = 50_000_000
    /// How deep functions may call each other. Calls in tail position don't count.
    public var depth = 1_000
    /// How much memory the mapping may write, in bytes; at most 4 GiB.
    public var memory = 256 << 20
    /// How much of its thread's stack evaluation may use, in bytes. A thread needs that much and some more.
    public var stack = 4 << 20

    /// The defaults.
    public init() {}

    /// 50 million steps, 1,000 calls deep, 256 MiB, 4 MiB of stack.
    public static let standard = EvaluationLimits()
}

/// Tables that mappings look things up in: ids by system, and whatever the installation lists. They are local: a look-up
/// must not wait for anything.
public protocol Lookup: Sendable {
    /// The canonical key under which an entity is known that a system calls `id`; nil when it isn't known (yet).
    func key(of entity: String, system: String, id: String) -> String?

    /// The id a system has for the entity of a canonical key; nil when it isn't known (yet).
    func id(of entity: String, system: String, key: String) -> String?

    /// The system that the mapping's connector speaks for.
    var system: String { get }

    /// A row of a named table, as columns and values; nil when there is none. The first column is the key.
    func row(of table: String, key: String) -> [(column: String, value: String)]?

    /// What the hub decided about a reservation: `state`, and `reason` where there is one; nil when it isn't known (yet).
    func decision(about reservation: String) -> [(column: String, value: String)]?

    /// Whether there is a table of that name: one that is missing is an error of the installation.
    func hasTable(_ name: String) -> Bool
}

/// The hash behind name-based UUIDs (RFC 9562, version 5).
public protocol NameHash: Sendable {
    /// The SHA-1 digest of some bytes: 20 bytes.
    func sha1(_ bytes: [UInt8]) -> [UInt8]
}
