import CCrypto

/// Makes version 5 UUIDs (RFC 9562) one after the other: what a digest needs is set up once, so an identifier costs half of
/// what ``UUID/named(_:in:)-(Span<UInt8>,_)`` takes.
///
///     let ids = NamedUUIDs(in: namespace)
///     let id = ids.named("row 1".utf8.span)
public struct NamedUUIDs: ~Copyable {
    private let context: OpaquePointer
    private let algorithm = Algorithm.sha1
    // The network's order.
    private let namespace: (high: UInt64, low: UInt64)

    /// Identifiers of names in a namespace.
    public init(in namespace: UUID) {
        guard let context = EVP_MD_CTX_new() else { fatalError("OpenSSL could not start a digest: out of memory.") }
        self.context = context
        self.namespace = (namespace.high.bigEndian, namespace.low.bigEndian)
    }

    deinit { EVP_MD_CTX_free(context) }

    /// The identifier of a name, the same as ``UUID/named(_:in:)-(Span<UInt8>,_)`` gives.
    public func named(_ name: Span<UInt8>) -> UUID {
        var digest: (high: UInt64, low: UInt64, rest: UInt32) = (0, 0, 0)
        let isDone = withUnsafeMutableBytes(of: &digest) { digest in
            name.withUnsafeBytes { name in
                withUnsafeBytes(of: namespace) { namespace in
                    EVP_DigestInit_ex2(context, algorithm.handle, nil) == 1
                        && EVP_DigestUpdate(context, namespace.baseAddress, 16) == 1
                        && EVP_DigestUpdate(context, name.baseAddress, name.count) == 1
                        && EVP_DigestFinal_ex(context, digest.baseAddress, nil) == 1
                }
            }
        }
        precondition(isDone, "OpenSSL could not make a digest.")
        return UUID(version: 5, high: UInt64(bigEndian: digest.high), low: UInt64(bigEndian: digest.low))
    }
}
