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
        precondition(count <= Word.most, "an array holds 2^28 elements at most")
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
        precondition(count <= Word.most, "an object holds 2^28 members at most")
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
