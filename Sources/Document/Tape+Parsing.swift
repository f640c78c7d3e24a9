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
        // What the loop needs stays in registers: nothing that is called gets hold of it but by a copy.
        let (words, bytes) = (words, bytes)
        var at = bytes
        var next = 0
        var recall = Recall(storage)
        value: while true {
            at = Self.skipSpace(at)
            let byte = at.pointee
            plain: if byte == UInt8(ascii: "\"") {
                let name = recall.open.pointee.name
                let last = name.pointee.lastText
                var marks = omni_string_marks(at + 1)
                if marks == 0 { marks = omni_string_marks(at + 17) << 16 }
                var length = last.trailingZeroBitCount
                // As long as the last time: then the next place needn't wait for what was found here.
                if marks & (last | (last &- 1)) != last || at[length &+ 1] != UInt8(ascii: "\"") {
                    length = marks.trailingZeroBitCount
                    guard marks != 0, at[length &+ 1] == UInt8(ascii: "\"") else {
                        guard let (behind, word) = string(at + 1) else { return nil }
                        words[next] = word
                        at = behind
                        break plain
                    }
                    name.pointee.lastText = 1 &<< UInt32(truncatingIfNeeded: length)
                }
                words[next] = Word.text(.string, offset: at + 1 - bytes, length: length, flag: false)
                at += length &+ 2
            } else if byte <= UInt8(ascii: "9") {
                // Where all sixteen bytes are digits, bit 16 stands for one that is none.
                let others = omni_no_digits(at) | 1 << 16
                let name = recall.open.pointee.name
                let last = name.pointee.lastNumber
                if others & last.mask == last.others, Self.isPlain(at, last) {
                    words[next] = Word.text(.number, offset: at - bytes, length: last.length, flag: last.isInteger)
                    at += last.length
                } else {
                    guard let (behind, word) = number(at, others, name) else { return nil }
                    words[next] = word
                    at = behind
                }
            } else if byte | 0x20 == UInt8(ascii: "{") {
                guard recall.depth < depthLimit else {
                    fail(at, "nested deeper than \(depthLimit) levels")
                    return nil
                }
                let isObject = byte == UInt8(ascii: "{")
                at = Self.skipSpace(at + 1)
                if at.pointee != Self.closing(isObject) {
                    recall.enter(next, isObject: isObject)
                    next &+= 1
                    if isObject {
                        guard let behind = name(at, &recall, next, words, bytes) else { return nil }
                        next &+= 1
                        at = behind
                    }
                    continue value
                }
                words[next] = Word.container(isObject ? .object : .array, count: 0, end: next &+ 1)
                at += 1
            } else {
                guard let (length, tag) = Self.literal(at) else {
                    unexpected(at, "a value")
                    return nil
                }
                words[next] = tag.word
                at += length
            }
            next &+= 1
            // A value ended: what is around it goes on, or ends, too.
            while true {
                let open = recall.open
                open.pointee.members &+= 1
                at = Self.skipSpace(at)
                let isObject = open.pointee.isObject
                if at.pointee == UInt8(ascii: ","), isObject {
                    at = Self.skipSpace(at + 1)
                    guard let behind = name(at, &recall, next, words, bytes) else { return nil }
                    next &+= 1
                    at = behind
                    continue value
                }
                guard recall.depth > 0 else {
                    if at == end { return next }
                    unexpected(at, "the end")
                    return nil
                }
                if at.pointee == UInt8(ascii: ",") {
                    at += 1
                    continue value
                }
                guard at.pointee == Self.closing(isObject) else {
                    unexpected(at, isObject ? "',' or '}'" : "',' or ']'")
                    return nil
                }
                at += 1
                guard let head = head(of: &recall, next) else { return nil }
                words[open.pointee.index] = head
                recall.leave()
            }
        }
    }

    /// What ends an object, or an array.
    @inline(__always)
    private static func closing(_ isObject: Bool) -> UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }

    // MARK: Names

    /// A member's name and its colon, written to an index; answers the place behind. Most are the name that came next the
    /// last time.
    @inline(__always)
    private mutating func name(
        _ at: Place, _ recall: inout Recall, _ index: Int, _ words: UnsafeMutablePointer<UInt64>, _ bytes: Place
    ) -> Place? {
        let expected = recall.open.pointee.next
        guard _fastPath(LayoutName.isAt(at, expected)) else {
            var copy = recall
            defer { recall = copy }
            return unforeseen(at, &copy, index)
        }
        recall.open.pointee.name = expected
        recall.open.pointee.next = expected + 1
        words[index] = expected.pointee.word | UInt64(truncatingIfNeeded: at + 1 - bytes)
        return at + (expected.pointee.length &+ LayoutName.around)
    }

    /// A name that isn't the one that came next the last time, or stands otherwise.
    @inline(never)
    private mutating func unforeseen(_ at: Place, _ recall: inout Recall, _ index: Int) -> Place? {
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
        recall.note(word)
        return colon + 1
    }

    /// The word of the open container, which ends; nil when two of its names are the same.
    @inline(__always)
    private mutating func head(of recall: inout Recall, _ end: Int) -> UInt64? {
        let open = recall.open
        if open.pointee.members == open.pointee.layout.pointee.count {
            return open.pointee.layout.pointee.head | UInt64(truncatingIfNeeded: end)
        }
        if open.pointee.isObject, !recall.isFollowing {
            var copy = recall
            defer { recall = copy }
            if let twin = copy.twin() {
                fail(bytes + twin, "the same name twice in one object")
                return nil
            }
        }
        return Word.container(
            open.pointee.isObject ? .object : .array, count: open.pointee.members, end: end)
    }

    // MARK: Tokens

    /// Compact text has no space: one comparison, and no jump.
    @inline(__always)
    private static func skipSpace(_ from: Place) -> Place {
        _slowPath(from.pointee <= 0x20) ? behindSpace(from) : from
    }

    @inline(__always)
    private static func behindSpace(_ from: Place) -> Place {
        var at = from
        while at.pointee <= 0x20 {
            switch at.pointee {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return at
            }
        }
        return at
    }

    /// A literal's length, and what it is.
    @inline(__always)
    private static func literal(_ at: Place) -> (length: Int, tag: Tag)? {
        let text = UnsafeRawPointer(at)
        // "true" and "null" as they lie in memory; "false" is "f" and "alse".
        switch UInt32(littleEndian: text.loadUnaligned(as: UInt32.self)) {
        case 0x6575_7274: return (4, .true)
        case 0x6C6C_756E: return (4, .null)
        case 0x736C_6166 where at[4] == UInt8(ascii: "e"): return (5, .false)
        default: return nil
        }
    }

    /// Whether a short number without sign and exponent stands at a place, which has its digits where another one had them.
    @inline(__always)
    private static func isPlain(_ at: Place, _ digits: LayoutName.Digits) -> Bool {
        (digits.isInteger || at[digits.whole] == UInt8(ascii: ".")) && (digits.whole == 1 || at.pointee != 48)
            && at[digits.length] != UInt8(ascii: ".") && at[digits.length] | 0x20 != UInt8(ascii: "e")
    }

    /// A number that has its digits elsewhere than the last one: a short one is remembered.
    ///
    /// - Parameter others: which of the next sixteen bytes are no digits.
    @inline(never)
    private mutating func number(
        _ at: Place, _ others: UInt32, _ name: UnsafeMutablePointer<LayoutName>
    ) -> (Place, UInt64)? {
        if let digits = LayoutName.Digits(others, hasPoint: { at[$0] == UInt8(ascii: ".") }), Self.isPlain(at, digits) {
            name.pointee.lastNumber = digits
            return (
                at + digits.length,
                Word.text(.number, offset: at - bytes, length: digits.length, flag: digits.isInteger)
            )
        }
        guard at.pointee == UInt8(ascii: "-") || Self.isDigit(at) else {
            unexpected(at, "a value")
            return nil
        }
        return longNumber(at)
    }

    /// A number that is long, has a sign or an exponent, or is none.
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
