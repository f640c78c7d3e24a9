/// Writes a state. One writer is used again and again; it keeps its memory.
struct StateWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 4096
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    mutating func begin(_ magic: (UInt8, UInt8, UInt8)) {
        count = 0
        byte(magic.0)
        byte(magic.1)
        byte(magic.2)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    private mutating func room(_ wanted: Int) {
        guard count + wanted > capacity else { return }
        let larger = max(capacity * 2, count + wanted)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        grown.update(from: start, count: count)
        start.deallocate()
        start = grown
        capacity = larger
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        room(1)
        start[count] = value
        count += 1
    }

    @inline(__always)
    mutating func varint(_ value: Int) {
        room(10)
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            start[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            count += 1
            rest >>= 7
        }
        start[count] = UInt8(truncatingIfNeeded: rest)
        count += 1
    }

    @inline(__always)
    mutating func int64(_ value: Int64) {
        room(8)
        UnsafeMutableRawPointer(start + count).storeBytes(of: value.littleEndian, as: Int64.self)
        count += 8
    }

    mutating func string(_ string: String) {
        var string = string
        string.withUTF8 { utf8 in
            varint(utf8.count)
            room(utf8.count)
            if let base = utf8.baseAddress { (start + count).update(from: base, count: utf8.count) }
            count += utf8.count
        }
    }

    // MARK: Without checks

    /// Writes what follows into room that was made for all of it; give it back with ``end(_:)``.
    mutating func cursor(_ bound: Int) -> Cursor {
        room(bound)
        return Cursor(at: start + count, end: start + capacity)
    }

    mutating func end(_ cursor: Cursor) {
        precondition(cursor.at <= cursor.end, "a state is larger than its bound")
        count = cursor.at - start
    }

    struct Cursor {
        fileprivate(set) var at: UnsafeMutablePointer<UInt8>
        fileprivate let end: UnsafeMutablePointer<UInt8>

        @inline(__always)
        mutating func byte(_ value: UInt8) {
            assert(at < end)
            at.pointee = value
            at += 1
        }

        @inline(__always)
        mutating func varint(_ value: Int) {
            var rest = UInt64(bitPattern: Int64(value))
            while rest >= 0x80 {
                byte(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            byte(UInt8(truncatingIfNeeded: rest))
        }

        @inline(__always)
        mutating func int64(_ value: Int64) {
            UnsafeMutableRawPointer(at).storeBytes(of: value.littleEndian, as: Int64.self)
            at += 8
        }

        @inline(__always)
        mutating func text(_ text: UnsafeBufferPointer<UInt8>) {
            varint(text.count)
            raw(text)
        }

        /// Bytes as they are.
        @inline(__always)
        mutating func raw(_ bytes: UnsafeBufferPointer<UInt8>) {
            if let base = bytes.baseAddress { at.update(from: base, count: bytes.count) }
            at += bytes.count
        }
    }
}
