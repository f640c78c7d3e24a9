/// The engine's memory: one domain's state, by key, as bytes.
///
/// The hub's is an overlay over its store; a test's is a dictionary. The engine reads what it wrote within the same
/// decision, so writes must be seen at once.
public protocol StateAccess {
    /// Puts the state of a key into the buffer, replacing its content; answers whether there is any.
    mutating func get(_ key: String, into buffer: inout [UInt8]) -> Bool
    /// Lends the state of a key where it lies, if there is any; answers whether there is.
    mutating func read(_ key: String, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool
    /// Keeps these bytes as the state of a key; nil removes it. They are valid during the call only.
    mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?)
    /// The same where it may be known that the state is found by the same names as before (``StateName``).
    mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?, keepsNames: Bool)
}

extension StateAccess {
    /// Lends a copy.
    public mutating func read(_ key: String, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        var buffer: [UInt8] = []
        guard get(key, into: &buffer) else { return false }
        buffer.withUnsafeBytes { body($0) }
        return true
    }

    /// Keeps a state; what is known of its names is of no use here.
    public mutating func put(_ key: String, _ bytes: UnsafeRawBufferPointer?, keepsNames: Bool) { put(key, bytes) }
}

extension StateAccess {
    mutating func put(_ key: String, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { put(key, $0) }
    }
}
