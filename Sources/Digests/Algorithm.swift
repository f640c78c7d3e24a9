import CCrypto

/// One of OpenSSL's digests, fetched once: an implicit fetch at each call costs more than hashing a short message.
struct Algorithm: @unchecked Sendable {
    // Unchecked: an EVP_MD is immutable after its fetch, and OpenSSL lets all threads share it.
    let handle: OpaquePointer

    static let sha256 = Algorithm("SHA2-256")
    static let sha1 = Algorithm("SHA1")

    private init(_ name: String) {
        guard let handle = EVP_MD_fetch(nil, name, nil) else {
            fatalError("OpenSSL has no \(name): its default provider is not loaded; check openssl.cnf.")
        }
        self.handle = handle
    }

    /// The digest of the parts, one after the other.
    func digest(_ first: Span<UInt8>, _ second: Span<UInt8>, count: Int) -> [UInt8] {
        var hasher = Hasher(self)
        hasher.update(first)
        hasher.update(second)
        return hasher.finish(count: count)
    }
}

/// A running digest. Failures are those of memory alone, as the algorithm is already there: they end the process.
struct Hasher: ~Copyable {
    private let context: OpaquePointer

    init(_ algorithm: Algorithm) {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, algorithm.handle, nil) == 1 else {
            fatalError("OpenSSL could not start a digest: out of memory.")
        }
        self.context = context
    }

    mutating func update(_ bytes: Span<UInt8>) {
        let done = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(done == 1, "OpenSSL could not continue a digest.")
    }

    consuming func finish(count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { digest, initialized in
            var written: UInt32 = 0
            precondition(
                EVP_DigestFinal_ex(context, digest.baseAddress, &written) == 1, "OpenSSL could not end a digest.")
            initialized = Int(written)
        }
    }

    deinit { EVP_MD_CTX_free(context) }
}
