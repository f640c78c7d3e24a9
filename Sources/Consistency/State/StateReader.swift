/// State bytes that can't be read. States are rebuilt from the topics, so this is no place to guess.
public struct StateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was found.
    public let reason: String

    /// The reason and the remedy.
    public var description: String { "\(reason); remove the local store, and if it stays so rebuild the hub's state" }

    init(_ reason: String) { self.reason = reason }
}

/// What a state's first bytes are: two letters for its kind, one for the format's version.
enum Magic {
    static let record: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: "R"), 1)
    static let redirect: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: ">"), 1)
    static let member: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: "M"), 1)
    static let match: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: "="), 2)
    static let sharer: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: "-"), 1)
    static let stock: (UInt8, UInt8, UInt8) = (UInt8(ascii: "O"), UInt8(ascii: "S"), 2)
}

/// Reads a state from its first byte to its last. Reading beyond the end gives zeros and sets ``failed``, so that
/// damage is found once, at the end, and not at every number.
struct StateReader {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    var at = 0
    var failed = false
    /// The last name of a system that was read, and its number.
    var latestName: (text: TextRange, number: Int32)?

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        // An empty buffer may have no address; nothing is read through this one.
        self.bytes = bytes.baseAddress ?? UnsafePointer(bitPattern: 8)!
        count = bytes.count
    }

    mutating func expect(_ magic: (UInt8, UInt8, UInt8)) throws(StateError) {
        guard count >= 3, bytes[0] == magic.0, bytes[1] == magic.1 else { throw StateError("not a state of this kind") }
        guard bytes[2] == magic.2 else { throw StateError("state format \(bytes[2]), this version reads \(magic.2)") }
        at = 3
    }

    @inline(__always)
    mutating func byte() -> UInt8 {
        guard at < count else {
            failed = true
            return 0
        }
        at += 1
        return bytes[at - 1]
    }

    /// LEB128.
    @inline(__always)
    mutating func varint() -> Int {
        let first = byte()
        if first < 0x80 { return Int(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return Int(bitPattern: UInt(value)) }
            shift += 7
            guard shift < 64 else {
                failed = true
                return 0
            }
        }
    }

    /// How many of something follow, each at least one byte: bounded by what is left.
    @inline(__always)
    mutating func length() -> Int {
        let length = varint()
        guard length >= 0, length <= count - at else {
            failed = true
            return 0
        }
        return length
    }

    @inline(__always)
    mutating func int64() -> Int64 {
        guard count - at >= 8 else {
            failed = true
            at = count
            return 0
        }
        at += 8
        return Int64(littleEndian: UnsafeRawPointer(bytes + at - 8).loadUnaligned(as: Int64.self))
    }

    @inline(__always)
    mutating func text() -> TextRange {
        let length = length()
        at += length
        return TextRange(start: Int32(truncatingIfNeeded: at - length), count: Int32(truncatingIfNeeded: length))
    }

    mutating func string() -> String {
        let range = text()
        let slice = UnsafeBufferPointer(start: bytes + Int(range.start), count: Int(range.count))
        return String(decoding: slice, as: UTF8.self)
    }

    func finish() throws(StateError) {
        if failed { throw StateError("a state that ends too early") }
        if at != count { throw StateError("a state with \(count - at) bytes too many") }
    }
}

/// Reads small numbers without looking at the end: for loops that look once for each item.
///
/// Behind the bytes there must be ``padding`` more that may be read; an item takes fewer. What was read beyond the end
/// is found by ``isBeyond``.
struct UncheckedReader {
    static let padding = 128

    private(set) var at: UnsafePointer<UInt8>
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ start: UnsafePointer<UInt8>, from offset: Int, count: Int) {
        self.start = start
        at = start + offset
        end = start + count
    }

    var isBeyond: Bool { at > end }
    var offset: Int { at - start }

    @inline(__always)
    mutating func byte() -> UInt8 {
        at += 1
        return at[-1]
    }

    @inline(__always)
    mutating func varint() -> Int {
        let first = byte()
        if first < 0x80 { return Int(first) }
        return rest(of: first)
    }

    @inline(__always)
    private mutating func rest(of first: UInt8) -> Int {
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while shift < 64 {
            let next = byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { break }
            shift += 7
        }
        return Int(Int64(bitPattern: value))
    }

    @inline(__always)
    mutating func int64() -> Int64 {
        at += 8
        return Int64(littleEndian: UnsafeRawPointer(at - 8).loadUnaligned(as: Int64.self))
    }

    /// How many of something follow; nil when there can't be as many, for each takes a byte.
    @inline(__always)
    mutating func length() -> Int? {
        let length = varint()
        return length >= 0 && length <= end - at ? length : nil
    }

    /// A text; nil when it doesn't end before the end.
    @inline(__always)
    mutating func text() -> TextRange? {
        guard let length = length() else { return nil }
        at += length
        return TextRange(start: Int32(truncatingIfNeeded: offset - length), count: Int32(truncatingIfNeeded: length))
    }
}

/// A text in a state's arena.
struct TextRange: BitwiseCopyable {
    var start: Int32
    var count: Int32

    static let empty = TextRange(start: 0, count: 0)

    var isEmpty: Bool { count == 0 }
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}
