import Digests
public import Mapping

/// SHA-1, for UUIDs from names in mappings (RFC 9562, version 5).
public struct NameSHA1: NameHash {
    /// Ready for use.
    public init() {}

    /// The digest of some bytes.
    public func sha1(_ bytes: [UInt8]) -> [UInt8] { SHA1.digest(bytes) }
}
