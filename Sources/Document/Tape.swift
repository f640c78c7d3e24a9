#if canImport(Glibc)
    import Glibc
#endif

/// A parsed JSON document: a flat array of 64-bit words over one buffer of bytes.
///
/// A tape owns its memory and reuses it from parse to parse, so a loop over many documents allocates nothing. Values
/// are read through ``Node``, which is a place on the tape and lives no longer than the tape's content: until the next
/// ``parse(_:limits:)``, ``reset()`` or the end of the tape.
///
/// What a tape recalls of earlier documents makes it quicker (see ``Layout``), and readers keep there what they worked out:
/// so a tape belongs to one thread at a time, reading included.
///
/// Values can also be appended (see `Tape+Building.swift`). What is appended may *link* to what is there already, so a
/// mapping moves a subtree by writing one word.
///
/// ```swift
/// var tape = Tape()
/// try tape.parse(bytes)
/// let price = tape.root["price"]?.number
/// ```
///
/// Layout of a word, from the top: 4 bits of ``Tag``; then for
/// - numbers and strings: 1 bit reserved, 1 flag bit, 26 bits of length, 32 bits of byte offset;
/// - arrays and objects: 28 bits of member count, 32 bits of the index behind the last word inside; where the first of the
///   28 bits is set, an object has a ``Layout``: 19 bits of its number follow, and 8 bits of member count;
/// - links: 32 bits of the target's index.
/// An object's words are key, value, key, value …; keys are string words.
public struct Tape: ~Copyable, @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>

    /// An empty tape: its root is `null` until something is parsed.
    public init() {
        storage = .allocate(capacity: 1)
        storage.initialize(to: TapeStorage())
        storage.pointee.reserve(words: 64, bytes: 512)
        reset()
    }

    deinit {
        storage.pointee.free()
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    /// Forgets the content and keeps the memory. The root is `null` afterwards.
    public mutating func reset() {
        storage.pointee.wordCount = 1
        storage.pointee.words[0] = Tag.null.word
        storage.pointee.byteCount = 0
        storage.pointee.root = 0
    }

    /// The document's outermost value.
    public var root: Node {
        @inlinable get { Node(storage: storage, index: storage.pointee.root) }
    }
}

/// What a word of the tape is.
@frozen
public enum Tag: UInt8, Sendable {
    case null, `false`, `true`, number, string, array, object, link

    /// A word that is nothing but its tag.
    @inlinable var word: UInt64 { UInt64(rawValue) << 60 }
}

/// A tape's memory. Raw pointers, because the same words behind a class reference cost seven times the parse (the
/// runtime's exclusivity checks).
@usableFromInline
struct TapeStorage {
    @usableFromInline var words: UnsafeMutablePointer<UInt64>
    @usableFromInline var wordCount = 0
    @usableFromInline var wordCapacity = 0
    @usableFromInline var bytes: UnsafeMutablePointer<UInt8>
    @usableFromInline var byteCount = 0
    @usableFromInline var byteCapacity = 0
    @usableFromInline var root: UInt32 = 0

    /// The parser's memory: see ``NameFilters``.
    var filters: UnsafeMutablePointer<UInt64>
    var filterCapacity = 0
    var table: UnsafeMutablePointer<UInt32>
    var tableCapacity = 0
    @usableFromInline var layouts = Layouts()

    /// Bytes behind the content that may be read (never used), so that eight can be loaded at a time.
    static let padding = 32

    init() {
        words = .allocate(capacity: 0)
        bytes = .allocate(capacity: 0)
        filters = .allocate(capacity: 0)
        table = .allocate(capacity: 0)
    }

    func free() {
        words.deallocate()
        bytes.deallocate()
        filters.deallocate()
        table.deallocate()
        layouts.free()
    }

    /// Makes room for so many words and bytes in all, keeping what is there.
    mutating func reserve(words wantedWords: Int, bytes wantedBytes: Int) {
        if wantedWords > wordCapacity {
            let capacity = max(wantedWords, wordCapacity * 2)
            let grown = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
            grown.update(from: words, count: wordCount)
            words.deallocate()
            words = grown
            wordCapacity = capacity
        }
        if wantedBytes > byteCapacity {
            let capacity = max(wantedBytes, byteCapacity * 2)
            let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.padding)
            grown.update(from: bytes, count: byteCount)
            (grown + byteCount).initialize(repeating: 0, count: capacity + Self.padding - byteCount)
            bytes.deallocate()
            bytes = grown
            byteCapacity = capacity
        }
    }

    /// Makes room for so many words of filters, keeping what is there.
    mutating func reserve(filters wanted: Int) {
        guard wanted > filterCapacity else { return }
        let grown = UnsafeMutablePointer<UInt64>.allocate(capacity: wanted)
        grown.update(from: filters, count: filterCapacity)
        filters.deallocate()
        filters = grown
        filterCapacity = wanted
    }

    /// Makes room for a hash table of so many entries, keeping nothing.
    mutating func reserve(table wanted: Int) {
        guard wanted > tableCapacity else { return }
        table.deallocate()
        table = .allocate(capacity: wanted)
        tableCapacity = wanted
    }
}

/// The bits of a word.
@usableFromInline
enum Word {
    /// The longest string or number, in bytes: the length has 26 bits.
    static let longest = (1 << 26) - 1
    /// The most members of a container: their count has 27 bits, as the 28th tells of a layout.
    static let most = (1 << 27) - 1
    /// Container: its layout's number and a smaller count of its members stand where the count would.
    @inlinable static var layoutFlag: UInt64 { 1 << 59 }
    /// String: it holds a character that must be escaped when written. Number: it is written as an integer.
    @inlinable static var flag: UInt64 { 1 << 58 }

    @inline(__always)
    static func text(_ tag: Tag, offset: Int, length: Int, flag: Bool) -> UInt64 {
        tag.word | (flag ? Self.flag : 0) | UInt64(truncatingIfNeeded: length) << 32
            | UInt64(truncatingIfNeeded: offset)
    }

    static func container(_ tag: Tag, count: Int, end: Int) -> UInt64 {
        tag.word | UInt64(count) << 32 | UInt64(end)
    }

    /// An object that has exactly the members of a layout.
    static func object(layout: Int, count: Int, end: Int) -> UInt64 {
        container(.object, count: layout << 8 | count, end: end) | layoutFlag
    }

    /// How many members a container has.
    @inlinable
    @inline(__always)
    static func count(_ word: UInt64) -> Int {
        Int((word >> 32) & (word & layoutFlag != 0 ? 0xFF : 0xFFF_FFFF))
    }

    /// The length and the offset of a string's or number's text.
    @inline(__always)
    static func length(_ word: UInt64) -> Int { Int((word >> 32) & 0x3FF_FFFF) }
    @inline(__always)
    static func offset(_ word: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: word)) }

    /// The index behind the value at an index.
    @inline(__always)
    static func behind(_ index: Int, _ words: UnsafePointer<UInt64>) -> Int {
        let isContainer = words[index] >> 60 &- UInt64(Tag.array.rawValue) < 2
        return isContainer ? Int(UInt32(truncatingIfNeeded: words[index])) : index + 1
    }

    static func link(to index: UInt32) -> UInt64 {
        Tag.link.word | UInt64(index)
    }
}
