/// Why schemas can't be used: every problem found, not the first only.
public struct SchemaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One thing that is wrong in a schema.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// The file, as it was named when it was added.
        public let file: String
        /// The place in the file, as a JSON Pointer (RFC 6901); for text that isn't JSON empty.
        public let pointer: String
        /// What is wrong, and what to do.
        public let message: String

        /// `file#/pointer: message`
        public var description: String { "\(file)#\(pointer): \(message)" }
    }

    /// What is wrong, in the order it was found; never empty.
    public let problems: [Problem]

    init(_ problems: [Problem]) { self.problems = problems }

    /// One line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
