/// A place on a ``Tape``: one JSON value, read where it lies.
///
/// A node is a pointer and an index. It doesn't keep its tape alive: use it only while the tape that lent it is.
@frozen
public struct Node: @unchecked Sendable {
    @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>
    @usableFromInline let index: UInt32

    /// A node at an index; a link is followed at once, so a node never is one.
    @inlinable
    @inline(__always)
    init(storage: UnsafeMutablePointer<TapeStorage>, index: UInt32) {
        self.storage = storage
        let word = storage.pointee.words[Int(index)]
        self.index = word >> 60 == UInt64(Tag.link.rawValue) ? UInt32(truncatingIfNeeded: word) : index
    }

    /// A node at the index of a word that is no link.
    @inlinable
    @inline(__always)
    init(storage: UnsafeMutablePointer<TapeStorage>, known index: UInt32) {
        self.storage = storage
        self.index = index
    }

    /// The value's word; see ``Tape``.
    @inlinable package var word: UInt64 { @inline(__always) get { storage.pointee.words[Int(index)] } }

    /// What the value is. Never ``Tag/link``.
    @inlinable public var kind: Tag {
        // The tags are numbered without gaps, so their bits are the enumeration's own.
        @inline(__always) get { unsafeBitCast(UInt8(truncatingIfNeeded: word >> 60), to: Tag.self) }
    }

    /// Whether the value is `null`.
    @inlinable public var isNull: Bool { word >> 60 == UInt64(Tag.null.rawValue) }

    // MARK: Scalars

    /// The bytes of a string (unescaped UTF-8) or the text of a number; empty for other kinds.
    ///
    /// Eight bytes behind a text's end may be read too, and sixteen from its start on, so that it can be looked at many
    /// bytes at a time; what they hold means nothing.
    @inlinable public var utf8: UnsafeBufferPointer<UInt8> {
        @inline(__always) get {
            let word = word
            let tag = word >> 60
            guard tag == UInt64(Tag.string.rawValue) || tag == UInt64(Tag.number.rawValue) else {
                return .init(start: nil, count: 0)
            }
            let offset = Int(UInt32(truncatingIfNeeded: word))
            return UnsafeBufferPointer(start: storage.pointee.bytes + offset, count: Int((word >> 32) & 0x3FF_FFFF))
        }
    }

    /// The string, or nil when the value isn't one.
    public var string: String? { kind == .string ? String(decoding: utf8, as: UTF8.self) : nil }

    /// Whether a string needs escapes when it is written.
    @inlinable package var needsEscape: Bool { word & Word.flag != 0 }

    /// Whether a number is written without fraction and exponent.
    @inlinable public var isWrittenAsInteger: Bool {
        @inline(__always) get { word >> 60 == UInt64(Tag.number.rawValue) && word & Word.flag != 0 }
    }

    /// The number with all its digits, or nil when the value isn't one.
    public var number: Number? { kind == .number ? Number(utf8) : nil }

    /// The number as an integer, or nil when it isn't one or doesn't fit.
    public var integer: Int? { number?.integer }

    /// `true` or `false`, or nil when the value is neither.
    public var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    // MARK: Containers

    /// How many elements an array or members an object has; 0 for scalars.
    @inlinable public var count: Int {
        @inline(__always) get {
            let word = word
            let tag = word >> 60
            guard tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue) else { return 0 }
            return Word.count(word)
        }
    }

    /// An object's layout, when it has one.
    @inlinable package var layout: ObjectLayout? {
        @inline(__always) get {
            let word = word
            let isObject = word >> 59 == UInt64(Tag.object.rawValue) << 1 | 1
            guard isObject, let all = storage.pointee.layouts.all else { return nil }
            return ObjectLayout(all[Int((word >> 40) & 0x7FFFF)])
        }
    }

    /// An array's elements in order; empty for other kinds.
    @inlinable public var elements: Elements {
        @inline(__always) get {
            Elements(storage: storage, from: index + 1, left: word >> 60 == UInt64(Tag.array.rawValue) ? count : 0)
        }
    }

    /// An object's members in their written order; empty for other kinds.
    @inlinable public var members: Members {
        @inline(__always) get {
            Members(storage: storage, from: index + 1, left: word >> 60 == UInt64(Tag.object.rawValue) ? count : 0)
        }
    }

    /// The member of that name; nil when it is absent or this is no object. A member that is `null` is a node.
    public subscript(_ key: String) -> Node? {
        var key = key
        return key.withUTF8 { self[utf8: $0] }
    }

    /// The member of that name, given as UTF-8.
    public subscript(utf8 key: UnsafeBufferPointer<UInt8>) -> Node? {
        for member in members where member.key.has(utf8: key) { return member.value }
        return nil
    }

    /// The element at that place; nil when there is none or this is no array.
    public subscript(_ position: Int) -> Node? {
        guard position >= 0 else { return nil }
        var left = position
        for element in elements {
            if left == 0 { return element }
            left -= 1
        }
        return nil
    }

    /// Whether the string's or number's text is exactly these bytes.
    @inlinable
    public func has(utf8 other: UnsafeBufferPointer<UInt8>) -> Bool {
        let own = utf8
        return own.count == other.count
            && (own.count == 0 || compareBytes(own.baseAddress!, other.baseAddress!, own.count))
    }

    /// The index behind this value's words.
    @inlinable var end: UInt32 {
        let tag = word >> 60
        guard tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue) else { return index + 1 }
        return UInt32(truncatingIfNeeded: word)
    }

    /// Behind the word at `index` on the tape, which may be a link.
    @inlinable
    @inline(__always)
    static func end(of index: UInt32, in storage: UnsafeMutablePointer<TapeStorage>) -> UInt32 {
        let word = storage.pointee.words[Int(index)]
        let tag = word >> 60
        guard tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue) else { return index + 1 }
        return UInt32(truncatingIfNeeded: word)
    }

    /// An object's members in their written order, to be read before anything is appended to the tape; empty for other
    /// kinds.
    @inlinable public var fixedMembers: FixedMembers {
        @inline(__always) get {
            FixedMembers(
                storage: storage, index: index + 1, left: word >> 60 == UInt64(Tag.object.rawValue) ? count : 0)
        }
    }

    /// An array's elements.
    @frozen
    public struct Elements: Sequence, IteratorProtocol {
        @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>
        @usableFromInline var cursor: UInt32
        @usableFromInline var left: Int

        @inlinable
        @inline(__always)
        init(storage: UnsafeMutablePointer<TapeStorage>, from cursor: UInt32, left: Int) {
            self.storage = storage
            self.cursor = cursor
            self.left = left
        }

        /// The next element.
        @inlinable
        @inline(__always)
        public mutating func next() -> Node? {
            guard left > 0 else { return nil }
            left -= 1
            let node = Node(storage: storage, index: cursor)
            cursor = Node.end(of: cursor, in: storage)
            return node
        }
    }

    /// An object's members.
    @frozen
    public struct Members: Sequence, IteratorProtocol {
        @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>
        @usableFromInline var cursor: UInt32
        @usableFromInline var left: Int

        @inlinable
        @inline(__always)
        init(storage: UnsafeMutablePointer<TapeStorage>, from cursor: UInt32, left: Int) {
            self.storage = storage
            self.cursor = cursor
            self.left = left
        }

        /// The next member.
        @inlinable
        @inline(__always)
        public mutating func next() -> (key: Node, value: Node)? {
            guard left > 0 else { return nil }
            left -= 1
            let key = Node(storage: storage, index: cursor)
            let value = Node(storage: storage, index: cursor + 1)
            cursor = Node.end(of: cursor + 1, in: storage)
            return (key, value)
        }
    }
}

/// An object's members, read quicker than ``Node/Members``: nothing may be appended to the tape meanwhile, so its
/// memory stays where it is.
@frozen
public struct FixedMembers: Sequence, IteratorProtocol {
    @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>
    @usableFromInline let words: UnsafeMutablePointer<UInt64>
    @usableFromInline let bytes: UnsafeMutablePointer<UInt8>
    @usableFromInline var index: UInt32
    @usableFromInline var left: Int

    @inlinable
    @inline(__always)
    init(storage: UnsafeMutablePointer<TapeStorage>, index: UInt32, left: Int) {
        self.storage = storage
        words = storage.pointee.words
        bytes = storage.pointee.bytes
        self.index = index
        self.left = left
    }

    /// The next member: its name, the name's bytes, its value.
    @inlinable
    @inline(__always)
    public mutating func next() -> (key: Node, name: UnsafeBufferPointer<UInt8>, value: Node)? {
        guard left > 0 else { return nil }
        left &-= 1
        // A key is a string's word itself, never a link.
        let word = words[Int(index)]
        let key = Node(storage: storage, known: index)
        let name = UnsafeBufferPointer(
            start: bytes + Int(UInt32(truncatingIfNeeded: word)), count: Int((word >> 32) & 0x3FF_FFFF))
        index &+= 1
        let valueWord = words[Int(index)]
        let tag = valueWord >> 60
        let isLink = tag == UInt64(Tag.link.rawValue)
        let value = Node(storage: storage, known: isLink ? UInt32(truncatingIfNeeded: valueWord) : index)
        let isContainer = tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue)
        index = isContainer ? UInt32(truncatingIfNeeded: valueWord) : index &+ 1
        return (key, name, value)
    }
}

@usableFromInline
func compareBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var at = 0
    while at + 8 <= count {
        let left = UnsafeRawPointer(a + at).loadUnaligned(as: UInt64.self)
        let right = UnsafeRawPointer(b + at).loadUnaligned(as: UInt64.self)
        if left != right { return false }
        at += 8
    }
    while at < count {
        if a[at] != b[at] { return false }
        at += 1
    }
    return true
}
