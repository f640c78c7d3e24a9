/// Which partition a key belongs to: `murmur2_random`, the default of Kafka's Java clients, which every producer here
/// uses, so that all writers of a topic agree.
public enum Partitioner {
    /// The partition of a key among `count` partitions: `(murmur2(key) & 0x7fffffff) % count`. An empty key has its
    /// place too; a record without a key goes anywhere.
    public static func partition(key: RawSpan, count: Int32) -> Int32 {
        Int32(bitPattern: murmur2(key) & 0x7fff_ffff) % count
    }

    /// MurmurHash2 (Austin Appleby), 32 bits, with Kafka's seed, as in `org.apache.kafka.common.utils.Utils.murmur2`.
    public static func murmur2(_ key: RawSpan) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        let count = key.byteCount
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: count)
        var index = 0
        while index + 4 <= count {
            var word = UInt32(littleEndian: key.unsafeLoadUnaligned(fromByteOffset: index, as: UInt32.self))
            word = word &* multiplier
            word ^= word >> 24
            hash = (hash &* multiplier) ^ (word &* multiplier)
            index += 4
        }
        if index < count {
            for (shift, offset) in (index..<count).enumerated() {
                let byte = key.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                hash ^= UInt32(byte) << UInt32(8 * shift)
            }
            hash = hash &* multiplier
        }
        hash ^= hash >> 13
        hash = hash &* multiplier
        return hash ^ (hash >> 15)
    }
}
