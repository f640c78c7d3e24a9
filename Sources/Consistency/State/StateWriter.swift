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

    @inline(__always)
    mutating func text(_ text: TextRange, in arena: UnsafePointer<UInt8>) {
        let length = Int(text.count)
        varint(length)
        room(length)
        (start + count).update(from: arena + Int(text.start), count: length)
        count += length
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
}
