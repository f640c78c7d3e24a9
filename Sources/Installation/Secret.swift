/// A value that is never shown: a password, a token, a signing key (I12).
///
/// Printing, interpolating and reflecting it give `•••`. The one way to the value is ``reveal()``, so a reader of the
/// code finds every use.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a value.
    public init(_ value: String) { self.value = value }

    /// The value itself, for the call that needs it. Never log it or put it into an error.
    public func reveal() -> String { value }

    /// `•••`
    public var description: String { "•••" }
    /// `•••`
    public var debugDescription: String { "•••" }
    /// Nothing inside.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
