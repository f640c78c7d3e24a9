import CCrypto

/// HMAC with SHA-256 (RFC 2104, RFC 4231): proves that a message comes from one who knows the key.
public enum HMACSHA256 {
    /// The 32 bytes that authenticate `message` under `key`. The key may have any length.
    public static func code(for message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.count) { code, initialized in
            var written = 0
            let done = key.withUnsafeBytes { key in
                message.withUnsafeBytes { message in
                    EVP_Q_mac(
                        nil, "HMAC", nil, "SHA2-256", nil, key.baseAddress ?? empty, key.count,
                        message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count,
                        code.baseAddress, code.count, &written)
                }
            }
            guard done != nil else {
                fatalError("OpenSSL could not compute an HMAC: its default provider is not loaded.")
            }
            initialized = written
        }
    }

    /// The 32 bytes that authenticate `message` under `key`. The key may have any length.
    public static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] { code(for: message.span, key: key.span) }

    /// Whether `code` authenticates `message`, found out in a time that does not tell where they differ.
    public static func isValid(_ code: [UInt8], for message: [UInt8], key: [UInt8]) -> Bool {
        ConstantTime.areEqual(code, self.code(for: message, key: key))
    }

    // OpenSSL takes a missing key as "no key yet" and refuses; an empty one needs an address.
    private static var empty: UnsafeRawPointer { UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped }
}

/// Comparing secrets.
public enum ConstantTime {
    /// Whether both hold the same bytes. The time taken depends on the length alone, so an attacker who measures it
    /// learns nothing about the bytes.
    public static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }
}

/// Unpredictable bytes.
public enum SecureRandom {
    /// `count` bytes from OpenSSL's generator, seeded by the kernel. Ends the process when there is no randomness:
    /// going on with predictable secrets would be worse.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            guard RAND_bytes(bytes.baseAddress, Int32(count)) == 1 else {
                fatalError("OpenSSL has no randomness: the kernel's generator can't be read.")
            }
            initialized = count
        }
    }
}
