/// What whoever starts the demonstration may choose.
public struct StageSettings: Sendable {
    /// The program `omni`, for the processes of the demonstration.
    public var executable: String
    /// The installation's folder: omni.yaml, Connectors, Schemas, and the embedded broker in `.tools/broker`.
    public var installation: String
    /// Further arguments for `omni up`, such as `--log-level debug`.
    public var arguments: [String]
    /// This process's environment, which the processes get too.
    public var environment: [String: String]
    /// `host:port` of a Kafka that runs already; nil starts the embedded broker.
    public var broker: String?
    /// The folder that stays; nil takes a temporary one, which goes at the end.
    public var keep: String?

    /// A demonstration of an installation; the rest has usual values.
    public init(executable: String, installation: String, environment: [String: String]) {
        self.executable = executable
        self.installation = installation
        self.environment = environment
        arguments = []
    }
}

/// Why the stage can't be set, or fell.
public struct StageFailure: Error, Sendable, CustomStringConvertible {
    /// What happened, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
