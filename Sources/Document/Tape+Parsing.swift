internal import CBytes

extension Tape {
    /// Parses a document, replacing the tape's content.
    ///
    /// Follows RFC 8259: UTF-8 without a byte order mark, one value. As I-JSON (RFC 7493) asks, names in an object must
    /// differ and escapes must not leave half a surrogate pair.
    /// - Throws: ``JSONError`` with the place of the first mistake; the tape's root is `null` then.
    public mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONError) {
        reset()
        let longest = min(limits.bytes, Word.longest)
        guard bytes.count <= longest else {
            throw JSONError("the document has \(bytes.count) bytes, more than \(longest)", offset: 0, in: bytes)
        }
        // A value takes two bytes or more with what follows it, but for containers that are not closed yet.
        let depth = max(0, min(limits.depth, bytes.count))
        storage.pointee.reserve(words: bytes.count / 2 + depth + 2, bytes: bytes.count)
        if let base = bytes.baseAddress { storage.pointee.bytes.update(from: base, count: bytes.count) }
        (storage.pointee.bytes + bytes.count).update(repeating: 0, count: TapeStorage.padding)
        var parser = Parser(storage, count: bytes.count, depthLimit: depth)
        guard let end = parser.document() else {
            reset()
            throw JSONError(parser.failure, offset: parser.failureOffset, in: bytes)
        }
        storage.pointee.wordCount = end
        storage.pointee.byteCount = bytes.count
    }

    /// Parses a document, replacing the tape's content.
    public mutating func parse(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        var failure: JSONError?
        bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONError) { try parse(buffer, limits: limits) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Parses a document, replacing the tape's content.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .standard) throws(JSONError) {
        try parse(bytes.bindMemory(to: UInt8.self), limits: limits)
    }
}

/// The machine behind ``Tape/parse(_:limits:)``: one pass, no recursion, no allocation.
///
/// Behind the text lie zero bytes, which are legal nowhere: they end every loop, so no loop compares with the end.
/// While a container is open, its word holds its parent's index and how many members the parent has so far.
struct Parser {
    typealias Place = UnsafeMutablePointer<UInt8>

    let storage: UnsafeMutablePointer<TapeStorage>
    let words: UnsafeMutablePointer<UInt64>
    let bytes: Place
    let end: Place
    let depthLimit: Int
    /// Why the text is refused, and where.
    private(set) var failure = ""
    private(set) var failureOffset = 0

    init(_ storage: UnsafeMutablePointer<TapeStorage>, count: Int, depthLimit: Int) {
        self.storage = storage
        words = storage.pointee.words
        bytes = storage.pointee.bytes
        end = bytes + count
        self.depthLimit = depthLimit
    }

    /// Parses all; answers how many words it took, or nil when it fails.
    mutating func document() -> Int? {
        if bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            fail(bytes, "a byte order mark: JSON text has none (RFC 8259, 8.1); remove the first three bytes")
            return nil
        }
        var at = bytes
        var next = 0
        /// The open container: its index, what it is, its members so far; then how many are open.
        var open = -1
        var isObject = false
        var members = 0
        var depth = 0
        var recall = Recall(storage)
        value: while true {
            at = Self.skipSpace(at)
            var isEmpty = false
            switch at.pointee {
            case UInt8(ascii: "\""):
                guard let (behind, word) = string(at + 1) else { return nil }
                words[next] = word
                next &+= 1
                at = behind
            case UInt8(ascii: "-"), 48...57:
                guard let (behind, word) = number(at) else { return nil }
                words[next] = word
                next &+= 1
                at = behind
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < depthLimit else {
                    fail(at, "nested deeper than \(depthLimit) levels")
                    return nil
                }
                recall.enter(depth, isObject: isObject)
                isObject = at.pointee == UInt8(ascii: "{")
                words[next] = Word.open(isObject ? .object : .array, parent: open, members: members)
                open = next
                members = 0
                next &+= 1
                depth &+= 1
                at = Self.skipSpace(at + 1)
                isEmpty = at.pointee == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                if isObject { recall.begin(depth) }
                if !isEmpty {
                    guard isObject else { continue value }
                    guard let behind = name(at, &recall, depth, next, open, members) else { return nil }
                    next &+= 1
                    at = behind
                    continue value
                }
            case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
                guard let (behind, word) = literal(at) else { return nil }
                words[next] = word
                next &+= 1
                at = behind
            default:
                unexpected(at, "a value")
                return nil
            }
            if !isEmpty { members &+= 1 }
            // A value ended (or an empty container stands before its bracket): close what closes here.
            while open >= 0 {
                at = Self.skipSpace(at)
                let byte = at.pointee
                if byte == UInt8(ascii: ",") {
                    at += 1
                    guard isObject else { continue value }
                    at = Self.skipSpace(at)
                    guard let behind = name(at, &recall, depth, next, open, members) else { return nil }
                    next &+= 1
                    at = behind
                    continue value
                }
                guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    unexpected(at, isObject ? "',' or '}'" : "',' or ']'")
                    return nil
                }
                at += 1
                let word = words[open]
                if isObject {
                    guard let head = head(of: open, members, next, &recall, depth) else { return nil }
                    words[open] = head
                } else {
                    words[open] = Word.container(.array, count: members, end: next)
                }
                (open, members) = Word.parent(word)
                members &+= 1
                isObject = open >= 0 && words[open] >> 60 == UInt64(Tag.object.rawValue)
                depth &-= 1
                recall.leave(depth)
            }
            at = Self.skipSpace(at)
            if at == end { return next }
            unexpected(at, "the end")
            return nil
        }
    }

    // MARK: Names

    /// A member's name and its colon, written to an index; answers the place behind. Most are the name that came next the
    /// last time.
    @inline(__always)
    private mutating func name(
        _ at: Place, _ recall: inout Recall, _ depth: Int, _ index: Int, _ object: Int, _ members: Int
    ) -> Place? {
        let expected = recall.next
        guard LayoutName.isAt(at, expected) else { return unforeseen(at, &recall, depth, index, object, members) }
        recall.next = expected + 1
        let length = expected.pointee.length
        words[index] = Word.text(.string, offset: at + 1 - bytes, length: length, flag: false)
        return at + length + LayoutName.around
    }

    /// A name that isn't the one that came next the last time, or stands otherwise.
    @inline(never)
    private mutating func unforeseen(
        _ at: Place, _ recall: inout Recall, _ depth: Int, _ index: Int, _ object: Int, _ members: Int
    ) -> Place? {
        guard at.pointee == UInt8(ascii: "\"") else {
            unexpected(at, "a name in quotes")
            return nil
        }
        guard let (behind, word) = string(at + 1) else { return nil }
        let colon = Self.skipSpace(behind)
        guard colon.pointee == UInt8(ascii: ":") else {
            unexpected(colon, "':'")
            return nil
        }
        words[index] = word
        recall.note(word, depth, object: object, members: members)
        return colon + 1
    }

    /// The word of an object that ends; nil when two of its names are the same.
    @inline(__always)
    private mutating func head(
        of object: Int, _ members: Int, _ end: Int, _ recall: inout Recall, _ depth: Int
    ) -> UInt64? {
        if members == recall.layout.pointee.count, members > 0 {
            return recall.layout.pointee.head | UInt64(end)
        }
        if recall.isFollowing { return Word.container(.object, count: members, end: end) }
        if let twin = recall.twin(object, members, depth) {
            fail(bytes + twin, "the same name twice in one object")
            return nil
        }
        return Word.container(.object, count: members, end: end)
    }

    // MARK: Tokens

    @inline(__always)
    private static func skipSpace(_ from: Place) -> Place {
        var at = from
        // Compact text has none: one comparison.
        while at.pointee <= 0x20 {
            switch at.pointee {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return at
            }
        }
        return at
    }

    private mutating func literal(_ at: Place) -> (Place, UInt64)? {
        let text = UnsafeRawPointer(at)
        // "true" and "null" as they lie in memory; "false" is "f" and "alse".
        switch UInt32(littleEndian: text.loadUnaligned(as: UInt32.self)) {
        case 0x6575_7274: return (at + 4, Tag.true.word)
        case 0x6C6C_756E: return (at + 4, Tag.null.word)
        case 0x736C_6166 where at[4] == UInt8(ascii: "e"): return (at + 5, Tag.false.word)
        default:
            unexpected(at, "a value")
            return nil
        }
    }

    /// A number: its digits are counted sixteen bytes at a time.
    @inline(__always)
    private mutating func number(_ start: Place) -> (Place, UInt64)? {
        let first = start.pointee == UInt8(ascii: "-") ? start + 1 : start
        // Where all sixteen bytes are digits, bit 16 stands for one that is none.
        let others = omni_no_digits(first) | 1 << 16
        let whole = others.trailingZeroBitCount
        guard whole > 0, whole < 16, whole == 1 || first.pointee != 48 else { return longNumber(start) }
        var at = first + whole
        var isInteger = true
        if at.pointee == UInt8(ascii: ".") {
            isInteger = false
            let behind = (others & (others &- 1)).trailingZeroBitCount
            guard behind > whole &+ 1, behind < 16 else { return longNumber(start) }
            at = first + behind
        }
        guard at.pointee | 0x20 != UInt8(ascii: "e") else { return longNumber(start) }
        return (at, Word.text(.number, offset: start - bytes, length: at - start, flag: isInteger))
    }

    /// A number that is long, has an exponent, or is none.
    @inline(never)
    private mutating func longNumber(_ start: Place) -> (Place, UInt64)? {
        var at = start
        var integer = true
        if at.pointee == UInt8(ascii: "-") { at += 1 }
        if at.pointee == 48 {
            at += 1
            if Self.isDigit(at) {
                fail(at, "a number must not begin with 0")
                return nil
            }
        } else {
            guard let behind = digits(at) else { return nil }
            at = behind
        }
        if at.pointee == UInt8(ascii: ".") {
            integer = false
            guard let behind = digits(at + 1) else { return nil }
            at = behind
        }
        if at.pointee | 0x20 == UInt8(ascii: "e") {
            integer = false
            at += 1
            if at.pointee == UInt8(ascii: "+") || at.pointee == UInt8(ascii: "-") { at += 1 }
            guard let behind = digits(at) else { return nil }
            at = behind
        }
        return (at, Word.text(.number, offset: start - bytes, length: at - start, flag: integer))
    }

    /// One digit or more.
    @inline(__always)
    private mutating func digits(_ start: Place) -> Place? {
        guard Self.isDigit(start) else {
            unexpected(start, "a digit")
            return nil
        }
        var at = start + 1
        while Self.isDigit(at) { at += 1 }
        return at
    }

    @inline(__always)
    private static func isDigit(_ at: Place) -> Bool { at.pointee &- 48 < 10 }

    // MARK: Failures

    @inline(never)
    mutating func fail(_ at: Place, _ reason: String) {
        failure = reason
        failureOffset = at - bytes
    }

    @inline(never)
    private mutating func unexpected(_ at: Place, _ expected: String) {
        fail(at, at < end ? "expected \(expected)" : "expected \(expected), found the end")
    }
}
