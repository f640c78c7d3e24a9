/// Appending values to a tape.
///
/// Scalars return the node that was written. Containers are built from nodes that are on this tape already: each
/// becomes one link word, whatever its size. The first document on the tape stays as it is.
extension Tape {
    /// Appends `null`, `true` or `false`.
    public mutating func append(literal: Bool?) -> Node {
        append(word: (literal == nil ? Tag.null : literal! ? Tag.true : Tag.false).word)
    }

    /// Appends a string.
    public mutating func append(_ text: String) -> Node {
        var text = text
        return text.withUTF8 { append(utf8: $0) }
    }

    /// Appends a string of valid UTF-8, of less than 64 MiB.
    public mutating func append(utf8: UnsafeBufferPointer<UInt8>) -> Node {
        // Before they are copied: that may free them, if they are this tape's own.
        let needsEscape = JSONWriter.needsEscape(utf8)
        let offset = append(bytes: utf8)
        return append(word: Word.text(.string, offset: offset, length: utf8.count, flag: needsEscape))
    }

    /// Appends a number in its canonical text.
    public mutating func append(_ number: Number) -> Node {
        var text = number.description
        return text.withUTF8 {
            let offset = append(bytes: $0)
            let integer = !$0.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
            return append(word: Word.text(.number, offset: offset, length: $0.count, flag: integer))
        }
    }

    /// Appends an array of values that are on this tape.
    public mutating func append(array elements: some Collection<Node>) -> Node {
        let count = elements.count
        precondition(count <= Word.most, "an array holds 2^27 elements at most")
        let start = reserve(words: count + 1)
        storage.pointee.words[start] = Word.container(.array, count: count, end: start + 1 + count)
        var at = start + 1
        for element in elements {
            storage.pointee.words[at] = shallow(element)
            at += 1
        }
        storage.pointee.wordCount = at
        return Node(storage: storage, index: UInt32(start))
    }

    /// Appends an object of keys and values that are on this tape. Keys must be strings and differ from each other.
    public mutating func append(object members: some Collection<(key: Node, value: Node)>) -> Node {
        let count = members.count
        precondition(count <= Word.most, "an object holds 2^27 members at most")
        let start = reserve(words: 2 * count + 1)
        storage.pointee.words[start] = Word.container(.object, count: count, end: start + 1 + 2 * count)
        var at = start + 1
        for member in members {
            storage.pointee.words[at] = shallow(member.key)
            storage.pointee.words[at + 1] = shallow(member.value)
            at += 2
        }
        storage.pointee.wordCount = at
        return Node(storage: storage, index: UInt32(start))
    }

    /// Copies a value from another tape (or this one) to the end of this tape.
    public mutating func append(copyOf node: Node) -> Node {
        if node.storage == storage { return node }
        switch node.kind {
        case .null: return append(literal: nil)
        case .false: return append(literal: false)
        case .true: return append(literal: true)
        case .string: return append(utf8: node.utf8)
        case .number:
            let offset = append(bytes: node.utf8)
            return append(
                word: Word.text(.number, offset: offset, length: node.utf8.count, flag: node.isWrittenAsInteger))
        case .array:
            var copies: [Node] = []
            copies.reserveCapacity(node.count)
            for element in node.elements { copies.append(append(copyOf: element)) }
            return append(array: copies)
        case .object:
            var copies: [(key: Node, value: Node)] = []
            copies.reserveCapacity(node.count)
            for member in node.members {
                copies.append((append(copyOf: member.key), append(copyOf: member.value)))
            }
            return append(object: copies)
        case .link: preconditionFailure("a node is never a link")
        }
    }

    /// Appends an owned value.
    public mutating func append(_ value: JSON) -> Node {
        switch value {
        case .null: return append(literal: nil)
        case .bool(let value): return append(literal: value)
        case .number(let value): return append(value)
        case .string(let value): return append(value)
        case .array(let values):
            let nodes = values.map { append($0) }
            return append(array: nodes)
        case .object(let members):
            let nodes = members.map { (key: append($0.key), value: append($0.value)) }
            return append(object: nodes)
        }
    }

    /// Makes an appended value the document's root.
    public mutating func setRoot(_ node: Node) {
        precondition(node.storage == storage, "the root must be on this tape")
        storage.pointee.root = node.index
    }

    // MARK: Words and bytes

    private mutating func reserve(words count: Int) -> Int {
        let start = storage.pointee.wordCount
        precondition(start + count <= Int(Int32.max), "a tape holds 2^31 values at most")
        storage.pointee.reserve(words: start + count, bytes: 0)
        return start
    }

    private mutating func append(word: UInt64) -> Node {
        let start = reserve(words: 1)
        storage.pointee.words[start] = word
        storage.pointee.wordCount = start + 1
        return Node(storage: storage, index: UInt32(start))
    }

    private mutating func append(bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let offset = storage.pointee.byteCount
        precondition(bytes.count <= Word.longest, "a string of 64 MiB or more does not fit on a tape")
        precondition(offset + bytes.count <= UInt32.max, "a tape holds 4 GiB of text at most")
        // The bytes may be this tape's own: growing frees the old buffer, so look again afterwards.
        let own = bytes.baseAddress.map { storage.pointee.bytes <= $0 && $0 < storage.pointee.bytes + offset } ?? false
        let ownOffset = own ? UnsafePointer(storage.pointee.bytes).distance(to: bytes.baseAddress!) : 0
        storage.pointee.reserve(words: 0, bytes: offset + bytes.count)
        if let source = own ? UnsafePointer(storage.pointee.bytes + ownOffset) : bytes.baseAddress {
            (storage.pointee.bytes + offset).update(from: source, count: bytes.count)
        }
        storage.pointee.byteCount = offset + bytes.count
        return offset
    }

    /// A node as a member of a container: scalars by value, containers by link.
    private func shallow(_ node: Node) -> UInt64 {
        precondition(node.storage == storage, "the value must be on this tape")
        let word = node.word
        return node.kind == .array || node.kind == .object ? Word.link(to: node.index) : word
    }
}

// MARK: For evaluators

extension Tape {
    /// The tape's memory as words, for an evaluator that writes words itself. Valid as long as the tape.
    @inlinable package var words: TapeWords { TapeWords(storage: storage) }
}

extension Node {
    /// The index of the value's word on its tape.
    @inlinable package var position: UInt32 { index }

    /// The tape's memory as words.
    @inlinable package var words: TapeWords { TapeWords(storage: storage) }
}

/// A tape's words and bytes, unchecked: what an evaluator reads and appends. Layout: see ``Tape``.
///
/// Tags above ``Tag/link`` are free for the evaluator's own use while it works; none may be left when it ends.
/// So is bit 59 of strings and numbers, and bits 32 to 59 of links.
@frozen @usableFromInline
package struct TapeWords {
    @usableFromInline let storage: UnsafeMutablePointer<TapeStorage>

    @inlinable init(storage: UnsafeMutablePointer<TapeStorage>) { self.storage = storage }

    /// The word at an index.
    @inlinable package subscript(index: Int) -> UInt64 {
        get { storage.pointee.words[index] }
        nonmutating set { storage.pointee.words[index] = newValue }
    }

    /// How many words are written.
    @inlinable package var count: Int { storage.pointee.wordCount }

    /// How many bytes are written.
    @inlinable package var byteCount: Int { storage.pointee.byteCount }

    /// The first word. Appending may move it.
    @inlinable package var start: UnsafeMutablePointer<UInt64> {
        @inline(__always) get { storage.pointee.words }
    }

    /// The first byte. Appending may move it.
    @inlinable package var bytes: UnsafeMutablePointer<UInt8> { storage.pointee.bytes }

    /// The first word and the first byte, to be read before anything is appended.
    @inlinable package var fixed: (words: UnsafePointer<UInt64>, bytes: UnsafePointer<UInt8>) {
        @inline(__always) get { (UnsafePointer(storage.pointee.words), UnsafePointer(storage.pointee.bytes)) }
    }

    /// Makes room behind the content.
    @inlinable
    package func reserve(words: Int = 0, bytes: Int = 0) {
        let wantedWords = storage.pointee.wordCount + words
        let wantedBytes = storage.pointee.byteCount + bytes
        if wantedWords > storage.pointee.wordCapacity || wantedBytes > storage.pointee.byteCapacity {
            grow(words: wantedWords, bytes: wantedBytes)
        }
    }

    @usableFromInline @inline(never)
    func grow(words: Int, bytes: Int) {
        storage.pointee.reserve(words: words, bytes: bytes)
    }

    /// Appends a word that room was reserved for.
    @inlinable
    package func appendReserved(_ word: UInt64) {
        storage.pointee.words[storage.pointee.wordCount] = word
        storage.pointee.wordCount += 1
    }

    /// Appends so many words, for which room was reserved; the caller writes them.
    @inlinable
    package func advance(words count: Int) -> UnsafeMutablePointer<UInt64> {
        let start = storage.pointee.words + storage.pointee.wordCount
        storage.pointee.wordCount += count
        return start
    }

    /// Sets the end of the words.
    @inlinable package func truncate(words: Int) { storage.pointee.wordCount = words }

    /// Appends a byte that room was reserved for.
    @inlinable
    package func appendReserved(byte: UInt8) {
        storage.pointee.bytes[storage.pointee.byteCount] = byte
        storage.pointee.byteCount += 1
    }

    /// Sets the end of the bytes.
    @inlinable package func truncate(bytes: Int) { storage.pointee.byteCount = bytes }

    /// Appends bytes; answers their offset. They may be this tape's own.
    @inlinable
    package func append(bytes source: UnsafePointer<UInt8>, count: Int) -> Int {
        let offset = storage.pointee.byteCount
        let base = UnsafePointer(storage.pointee.bytes)
        let own = source >= base && source < base + offset
        let ownOffset = source - base
        reserve(bytes: count)
        (storage.pointee.bytes + offset).update(
            from: own ? UnsafePointer(storage.pointee.bytes) + ownOffset : source, count: count)
        storage.pointee.byteCount = offset + count
        return offset
    }

    /// The layout of the object at an index, when it has one.
    @inlinable
    @inline(__always)
    package func layout(at index: Int) -> ObjectLayout? { node(known: index).layout }

    /// How many members the container has whose head this is.
    @inlinable package static func count(_ head: UInt64) -> Int { Word.count(head) }

    /// The word behind the value at an index.
    @inlinable package func end(of index: Int) -> Int { Int(Node.end(of: UInt32(index), in: storage)) }

    /// The node at the index of a word that is no link.
    @inlinable
    @inline(__always)
    package func node(known index: Int) -> Node { Node(storage: storage, known: UInt32(truncatingIfNeeded: index)) }

    /// The node at the index of a word that was read there.
    @inlinable
    @inline(__always)
    package func node(at index: Int, word: UInt64) -> Node {
        let isLink = word >> 60 == UInt64(Tag.link.rawValue)
        return node(known: isLink ? Int(UInt32(truncatingIfNeeded: word)) : index)
    }

    /// The node at an index.
    @inlinable package func node(at index: Int) -> Node { Node(storage: storage, index: UInt32(index)) }

    /// The longest text a word can tell of, in bytes.
    package static var longestText: Int { Word.longest }

    /// A string's or number's word over bytes that were appended. The flag: see ``Tape``'s layout.
    @inlinable
    package static func text(_ tag: Tag, offset: Int, length: Int, flag: Bool) -> UInt64 {
        UInt64(tag.rawValue) << 60 | (flag ? 1 << 58 : 0) | UInt64(length) << 32 | UInt64(offset)
    }

    /// The head of an array or object whose last word lies before `end`.
    @inlinable
    package static func container(_ tag: Tag, count: Int, end: Int) -> UInt64 {
        UInt64(tag.rawValue) << 60 | UInt64(count) << 32 | UInt64(end)
    }
}
