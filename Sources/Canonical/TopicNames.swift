/// The names of an installation's topics. All begin with its prefix (`docs/contracts.md`, Topics).
public struct TopicNames: Sendable, Hashable {
    /// What all names begin with.
    public let prefix: String

    /// The names behind a prefix, such as `omni`.
    public init(prefix: String) { self.prefix = prefix }

    /// Events for the hub.
    public func input(domain: String) -> String { "\(prefix).in.\(domain)" }
    /// Golden records.
    public func golden(entity: String) -> String { "\(prefix).\(entity)" }
    /// The hub's state.
    public func state(domain: String) -> String { "\(prefix).hub.\(domain)" }
    /// Whose number a system's number is.
    public func identity(entity: String) -> String { "\(prefix).id.\(entity)" }
    /// How far a connector has read its sources.
    public func position(connector: String) -> String { "\(prefix).position.\(connector)" }
    /// What a connector holds back.
    public func parked(connector: String) -> String { "\(prefix).parked.\(connector)" }
    /// What a connector (or `hub`) could not use.
    public func dead(of party: String) -> String { "\(prefix).dead.\(party)" }
}

/// The names of consumer groups.
extension TopicNames {
    /// The hub's: every hub process is a member.
    public var hubGroup: String { "\(prefix).hub" }
    /// A connector's, for its sinks.
    public func group(connector: String) -> String { "\(prefix).\(connector)" }
}
