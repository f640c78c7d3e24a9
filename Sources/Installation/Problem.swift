/// One thing that is wrong with an installation: where, what, and what to do.
public struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// Where it was written; nil when it concerns no line.
    public var place: Place?
    /// What is wrong, and what to do. Never holds a value that may be a secret.
    public var message: String

    /// A problem.
    public init(place: Place?, message: String) {
        self.place = place
        self.message = message
    }

    /// `omni.yaml:12: unknown key "prefixx"; did you mean "prefix"?`
    public var description: String { place.map { "\($0): \(message)" } ?? message }
}

/// Everything that is wrong with an installation's files, in the order found.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The problems; never empty.
    public let problems: [Problem]

    /// An error of those problems.
    public init(_ problems: [Problem]) {
        precondition(!problems.isEmpty)
        self.problems = problems
    }

    /// An error of one problem.
    public init(_ message: String, at place: Place? = nil) {
        problems = [Problem(place: place, message: message)]
    }

    /// One problem a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
