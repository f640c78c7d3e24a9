import CLMDB

/// Eight bytes behind every value of the store, made of its key and of it: what the disk has changed, or has put under another
/// key, is noticed when it is read, and the store is rebuilt from the changelog.
///
/// Not against somebody who wants to deceive: a hash that costs little (two words a multiplication, as wyhash does it; about
/// 0.1 µs a kilobyte), of this machine's byte order, as the store never leaves it.
enum Seal {
    static let size = 8

    /// The seal of a value.
    static func of(_ value: UnsafeRawBufferPointer, under key: UnsafeRawBufferPointer) -> UInt64 {
        hash(value, hash(key, 0x2d35_8dcc_aa6c_78a5))
    }

    /// Writes a value and its seal.
    ///
    /// - Parameter room: ``size`` bytes more than the value has.
    static func write(
        _ value: UnsafeRawBufferPointer, under key: UnsafeRawBufferPointer, to room: UnsafeMutableRawPointer
    ) {
        if let start = value.baseAddress { room.copyMemory(from: start, byteCount: value.count) }
        room.storeBytes(of: of(value, under: key), toByteOffset: value.count, as: UInt64.self)
    }

    /// The value without its seal, which must be right.
    ///
    /// - Throws: ``StoreError`` that tells of corruption.
    static func open(
        _ sealed: UnsafeRawBufferPointer, under key: UnsafeRawBufferPointer
    ) throws(StoreError) -> UnsafeRawBufferPointer {
        let count = sealed.count - size
        guard count >= 0 else { throw broken }
        let value = UnsafeRawBufferPointer(rebasing: sealed[..<count])
        guard sealed.loadUnaligned(fromByteOffset: count, as: UInt64.self) == of(value, under: key) else {
            throw broken
        }
        return value
    }

    private static var broken: StoreError {
        StoreError(action: "read a value that isn't what was written", code: MDB_CORRUPTED)
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        var hash = seed
        var at = 0
        while at + 16 <= bytes.count {
            hash = mixed(
                bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ 0xa076_1d64_78bd_642f,
                bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self) ^ hash)
            at += 16
        }
        var (low, high): (UInt64, UInt64) = (0, 0)
        for place in at..<bytes.count {
            let byte = UInt64(bytes[place])
            if place - at < 8 {
                low |= byte << UInt64(8 * (place - at))
            } else {
                high |= byte << UInt64(8 * (place - at - 8))
            }
        }
        return mixed(low ^ 0xe703_7ed1_a0b4_28db ^ UInt64(bytes.count), mixed(high ^ 0x8ebc_6af0_9c88_c6e3, hash))
    }

    private static func mixed(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
