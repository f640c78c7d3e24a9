import CCrypto

/// Makes many identifiers of version 5 in one namespace: as ``UUID/named(_:in:)-(Span<UInt8>,_)``, with memory that is used
/// again. For one thread at a time.
public final class NamedUUIDs {
    private let context: OpaquePointer
    /// The namespace, and room for a digest.
    private let space: [UInt8]

    /// Makes names in a namespace.
    public init(in namespace: UUID) {
        guard let context = EVP_MD_CTX_new() else { fatalError("OpenSSL could not start a digest: out of memory.") }
        self.context = context
        space = namespace.bytes
    }

    deinit { EVP_MD_CTX_free(context) }

    /// The identifier of a name.
    public func named(_ name: UnsafeRawBufferPointer) -> UUID {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 8) { digest in
            var written: UInt32 = 0
            let done =
                EVP_DigestInit_ex2(context, Algorithm.sha1.handle, nil) == 1
                && EVP_DigestUpdate(context, space, space.count) == 1
                && EVP_DigestUpdate(context, name.baseAddress, name.count) == 1
                && EVP_DigestFinal_ex(
                    context, digest.baseAddress!.assumingMemoryBound(to: UInt8.self), &written) == 1
            precondition(done, "OpenSSL could not make a digest.")
            return UUID(
                high: UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self)) & ~0xF000 | 0x5000,
                low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) & ~(0b11 << 62)
                    | 0b10 << 62)
        }
    }
}

extension UUID {
    /// Writes the 36 characters of ``description`` to memory that has room for them.
    public func write(to text: UnsafeMutablePointer<UInt8>) {
        var out = 0
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                text[out] = UInt8(ascii: "-")
                out += 1
            }
            let half = nibble < 16 ? high : low
            text[out] = Hex.digit(UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble % 16)) & 15))
            out += 1
        }
    }
}
