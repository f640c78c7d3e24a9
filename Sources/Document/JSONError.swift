/// A text that is not JSON (RFC 8259), or breaks a limit: where, and why.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what was expected.
    public let reason: String
    /// The place, in bytes from the start.
    public let offset: Int
    /// The line of the place, from 1.
    public let line: Int
    /// The column of the place in bytes, from 1.
    public let column: Int

    /// `line 3, column 7: reason`. The text itself is not quoted: it may hold personal data.
    public var description: String { "line \(line), column \(column): \(reason)" }

    init(_ reason: String, offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var start = 0
        for at in 0..<min(offset, bytes.count) where bytes[at] == UInt8(ascii: "\n") {
            line += 1
            start = at + 1
        }
        self.line = line
        self.column = offset - start + 1
    }
}

/// Bounds on what a parser accepts.
public struct JSONLimits: Sendable {
    /// How deep arrays and objects may nest. Reading and writing recur that deep: raise it for large stacks only.
    public var depth = 512
    /// The largest document in bytes; at most 64 MiB less one, for a word has 26 bits of length.
    public var bytes = (64 << 20) - 1

    /// The defaults, to be changed.
    public init() {}

    /// The defaults: 512 levels, 64 MiB.
    public static let standard = JSONLimits()

    /// What is read as a tree: 16 levels more. A note of ours about a document (a record that waits, a report) nests it in
    /// objects of its own; what was accepted once must be readable in it again (I2).
    public static let enclosing = {
        var limits = JSONLimits.standard
        limits.depth += 16
        return limits
    }()
}
