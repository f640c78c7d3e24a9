/// What one of the demonstration's systems refused, in its own words.
public struct DemoError: Error, Sendable, CustomStringConvertible {
    /// The system, what was asked for, and why not.
    public let description: String

    init(_ description: String) { self.description = description }
}
