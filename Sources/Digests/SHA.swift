/// SHA-256 (FIPS 180-4): 32 bytes.
///
///     let digest = SHA256.digest(bytes.span)
///
/// For what does not fit into memory, feed one piece after the other:
///
///     var sha = SHA256()
///     sha.update(piece)
///     let digest = sha.finish()
public struct SHA256: ~Copyable {
    /// The digest's length in bytes.
    public static let count = 32

    private var hasher: Hasher

    /// An empty digest, to be fed with `update`.
    public init() { hasher = Hasher(.sha256) }

    /// Adds bytes behind those before.
    public mutating func update(_ bytes: Span<UInt8>) { hasher.update(bytes) }

    /// The 32 bytes.
    public consuming func finish() -> [UInt8] { hasher.finish(count: Self.count) }

    /// The 32 bytes for one message.
    public static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        var sha = SHA256()
        sha.update(bytes)
        return sha.finish()
    }

    /// The 32 bytes for one message.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] { digest(bytes.span) }
}

/// SHA-1 (FIPS 180-4): 20 bytes. For identifiers (UUID version 5) and old webhooks; it proves nothing against forgery.
public enum SHA1 {
    /// The 20 bytes for one message.
    public static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        var hasher = Hasher(.sha1)
        hasher.update(bytes)
        return hasher.finish(count: 20)
    }

    /// The 20 bytes for one message.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] { digest(bytes.span) }
}
