/// Finds names that occur twice in one object: such members mean different things to different readers.
///
/// Each open object has a small filter of the names it has shown. Only when a name meets another one's bit, it is
/// compared with the object's others: one by one where these are few, else all of them at the end, in a hash table.
struct NameFilters {
    private let storage: UnsafeMutablePointer<TapeStorage>
    private var filters: UnsafeMutablePointer<UInt64>
    private var depthCapacity: Int

    /// A filter: a word that tells whether names met, then the bits.
    private static let bits = 2_048
    private static let words = 1 + bits / 64

    init(_ storage: UnsafeMutablePointer<TapeStorage>) {
        self.storage = storage
        filters = storage.pointee.filters
        depthCapacity = storage.pointee.filterCapacity / Self.words
    }

    /// Begins an object at this depth, from 1.
    @inline(__always)
    mutating func open(_ depth: Int) {
        if depth > depthCapacity { grow(depth) }
        (filters + (depth - 1) * Self.words).update(repeating: 0, count: Self.words)
    }

    @inline(never)
    private mutating func grow(_ depth: Int) {
        storage.pointee.reserve(filters: max(16, depth * 2) * Self.words)
        filters = storage.pointee.filters
        depthCapacity = storage.pointee.filterCapacity / Self.words
    }

    /// Notes a name of the object at this depth, whose word is at an index and which has some members already.
    @inline(__always)
    mutating func note(
        _ word: UInt64, _ depth: Int, _ bytes: UnsafeMutablePointer<UInt8>, object: Int, members: Int
    ) {
        let length = Int((word >> 32) & 0x3FF_FFFF)
        let start = UnsafeRawPointer(bytes + Int(UInt32(truncatingIfNeeded: word)))
        var text = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
        // Behind the text lie at least eight bytes, so short names are cut, and the empty one is all zero.
        if length < 8 { text &= (1 << UInt64(length * 8)) &- 1 }
        let last = UInt64(start.load(fromByteOffset: max(length - 1, 0), as: UInt8.self))
        // Names that begin alike differ in the last letter, mostly: it must not cancel against the text's.
        let hash = (text ^ UInt64(length)) &* 0x9E37_79B9_7F4A_7C15 &+ last &* 0xD6E8_FEB8_6659_FD93
        let bit = Int(hash >> 53)
        let filter = filters + (depth - 1) * Self.words
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if filter[1 + bit >> 6] & mask != 0 { meet(word, filter, object, members) }
        filter[1 + bit >> 6] |= mask
    }

    /// A name met another one's bit: where there are few, they are compared at once.
    @inline(never)
    private func meet(_ word: UInt64, _ filter: UnsafeMutablePointer<UInt64>, _ object: Int, _ members: Int) {
        guard members <= Self.few else {
            filter[0] = 1
            return
        }
        let words = storage.pointee.words
        var index = object + 1
        for _ in 0..<members {
            // Their lengths differ, mostly.
            if (words[index] ^ word) >> 32 & 0x3FF_FFFF == 0, isSame(words[index], word) { filter[0] = 1 }
            index = behind(index &+ 1, words)
        }
    }

    /// As many names as are rather compared one by one than in a table.
    private static let few = 128

    /// Whether two names of the object at this depth may be the same.
    @inline(__always)
    func isSuspect(_ depth: Int) -> Bool { filters[(depth - 1) * Self.words] != 0 }

    /// The offset of the first name that was there before, for the object whose word is at an index.
    @inline(never)
    func twin(_ object: Int, _ members: Int) -> Int? {
        var size = 16
        while size < members * 2 { size *= 2 }
        storage.pointee.reserve(table: size)
        let table = storage.pointee.table
        table.update(repeating: 0, count: size)
        let words = storage.pointee.words
        var index = object + 1
        for _ in 0..<members {
            let name = words[index]
            var at = Int(truncatingIfNeeded: hash(name)) & (size - 1)
            while table[at] != 0 {
                if isSame(words[Int(table[at])], name) { return Int(UInt32(truncatingIfNeeded: name)) }
                at = (at + 1) & (size - 1)
            }
            table[at] = UInt32(index)
            index = behind(index + 1, words)
        }
        return nil
    }

    /// The index behind a value.
    private func behind(_ index: Int, _ words: UnsafeMutablePointer<UInt64>) -> Int {
        let tag = words[index] >> 60
        let isContainer = tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue)
        return isContainer ? Int(UInt32(truncatingIfNeeded: words[index])) : index + 1
    }

    private func isSame(_ a: UInt64, _ b: UInt64) -> Bool {
        let bytes = storage.pointee.bytes
        let length = Int((a >> 32) & 0x3FF_FFFF)
        guard length == Int((b >> 32) & 0x3FF_FFFF) else { return false }
        return compareBytes(
            bytes + Int(UInt32(truncatingIfNeeded: a)), bytes + Int(UInt32(truncatingIfNeeded: b)), length)
    }

    /// Differs from process to process, so nobody can write names that all meet.
    private static let seed = UInt64.random(in: .min ... .max) | 1

    private func hash(_ word: UInt64) -> UInt64 {
        let length = Int((word >> 32) & 0x3FF_FFFF)
        let start = UnsafeRawPointer(storage.pointee.bytes + Int(UInt32(truncatingIfNeeded: word)))
        var state = Self.seed ^ UInt64(length)
        var at = 0
        while at < length {
            var text = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            if length - at < 8 { text &= (1 << UInt64((length - at) * 8)) &- 1 }
            let (high, low) = (state ^ text).multipliedFullWidth(by: 0xA076_1D64_78BD_642F ^ Self.seed)
            state = high ^ low ^ Self.seed
            at += 8
        }
        return state ^ state >> 32
    }
}
