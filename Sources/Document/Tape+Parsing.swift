extension Tape {
    /// Parses a document, replacing the tape's content.
    ///
    /// Follows RFC 8259: UTF-8 without a byte order mark, one value. As I-JSON (RFC 7493) asks, names in an object must
    /// differ and escapes must not leave half a surrogate pair.
    public mutating func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONError) {
        reset()
        guard bytes.count <= min(limits.bytes, Word.longest) else {
            throw JSONError("the document has \(bytes.count) bytes, more than \(limits.bytes)", offset: 0, in: bytes)
        }
        storage.pointee.reserve(words: bytes.count + 2, bytes: bytes.count)
        if let base = bytes.baseAddress { storage.pointee.bytes.update(from: base, count: bytes.count) }
        (storage.pointee.bytes + bytes.count).update(repeating: 0, count: TapeStorage.padding)
        var parser = Parser(
            words: storage.pointee.words, bytes: storage.pointee.bytes, count: bytes.count, depthLimit: limits.depth)
        if let failure = parser.document() {
            reset()
            throw JSONError(failure, offset: parser.at, in: bytes)
        }
        storage.pointee.wordCount = parser.wordCount
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

/// The machine behind ``Tape/parse(_:limits:)``: one pass, no recursion. Open containers keep their parent's index in
/// their own word until they are closed.
private struct Parser {
    let words: UnsafeMutablePointer<UInt64>
    let bytes: UnsafeMutablePointer<UInt8>
    let count: Int
    let depthLimit: Int
    var at = 0
    var wordCount = 0

    init(words: UnsafeMutablePointer<UInt64>, bytes: UnsafeMutablePointer<UInt8>, count: Int, depthLimit: Int) {
        self.words = words
        self.bytes = bytes
        self.count = count
        self.depthLimit = depthLimit
    }

    /// Parses all; answers why it could not.
    mutating func document() -> String? {
        var open = -1
        var openIsObject = false
        var members = 0
        var depth = 0
        // Counts of the containers around the open one; the index of the parent lies in the container's own word.
        var counts: [Int] = []
        if count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            return "a byte order mark: JSON text has none (RFC 8259, 8.1); remove the first three bytes"
        }
        while true {
            skipSpace()
            if openIsObject {
                guard at < count, bytes[at] == UInt8(ascii: "\"") else { return unexpected("a name in quotes") }
                if let failure = string() { return failure }
                skipSpace()
                guard at < count, bytes[at] == UInt8(ascii: ":") else { return unexpected("':'") }
                at += 1
                skipSpace()
            }
            guard at < count else { return unexpected("a value") }
            var opened = false
            switch bytes[at] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < depthLimit else { return "nested deeper than \(depthLimit) levels" }
                let isObject = bytes[at] == UInt8(ascii: "{")
                words[wordCount] = (isObject ? Tag.object : Tag.array).word | UInt64(UInt32(bitPattern: Int32(open)))
                counts.append(members)
                open = wordCount
                openIsObject = isObject
                members = 0
                depth += 1
                wordCount += 1
                at += 1
                skipSpace()
                let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                opened = !(at < count && bytes[at] == close)
            case UInt8(ascii: "\""): if let failure = string() { return failure }
            case UInt8(ascii: "t"): if let failure = literal("true", .true) { return failure }
            case UInt8(ascii: "f"): if let failure = literal("false", .false) { return failure }
            case UInt8(ascii: "n"): if let failure = literal("null", .null) { return failure }
            case UInt8(ascii: "-"), 48...57: if let failure = number() { return failure }
            default: return unexpected("a value")
            }
            if opened { continue }
            // A value ended (or an empty container stands open before its bracket): close what closes here.
            if open >= 0, wordCount - 1 != open { members += 1 }
            while open >= 0 {
                skipSpace()
                guard at < count else { return unexpected(openIsObject ? "',' or '}'" : "',' or ']'") }
                let byte = bytes[at]
                if byte == (openIsObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    at += 1
                    if openIsObject, let failure = duplicate(in: open, members) { return failure }
                    let parent = Int(Int32(bitPattern: UInt32(truncatingIfNeeded: words[open])))
                    words[open] = Word.container(openIsObject ? .object : .array, count: members, end: wordCount)
                    open = parent
                    openIsObject = open >= 0 && words[open] >> 60 == UInt64(Tag.object.rawValue)
                    members = counts.removeLast()
                    depth -= 1
                    if open >= 0 { members += 1 }
                } else if byte == UInt8(ascii: ","), members > 0 {
                    at += 1
                    break
                } else {
                    return unexpected(openIsObject ? "',' or '}'" : "',' or ']'")
                }
            }
            if open < 0 {
                skipSpace()
                return at == count ? nil : unexpected("the end")
            }
        }
    }

    @inline(__always)
    private mutating func skipSpace() {
        while at < count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at += 1
        }
    }

    private func unexpected(_ expected: String) -> String {
        at < count ? "expected \(expected)" : "expected \(expected), found the end"
    }

    private mutating func literal(_ text: StaticString, _ tag: Tag) -> String? {
        let length = text.utf8CodeUnitCount
        guard at + length <= count, compareBytes(bytes + at, text.utf8Start, length) else {
            return unexpected("a value")
        }
        words[wordCount] = tag.word
        wordCount += 1
        at += length
        return nil
    }

    private mutating func number() -> String? {
        let start = at
        var integer = true
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard at < count, bytes[at] &- 48 < 10 else { return unexpected("a digit") }
        if bytes[at] == 48 {
            at += 1
            if at < count, bytes[at] &- 48 < 10 { return "a number must not begin with 0" }
        } else {
            while at < count, bytes[at] &- 48 < 10 { at += 1 }
        }
        if at < count, bytes[at] == UInt8(ascii: ".") {
            integer = false
            at += 1
            guard at < count, bytes[at] &- 48 < 10 else { return unexpected("a digit") }
            while at < count, bytes[at] &- 48 < 10 { at += 1 }
        }
        if at < count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            integer = false
            at += 1
            if at < count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard at < count, bytes[at] &- 48 < 10 else { return unexpected("a digit") }
            while at < count, bytes[at] &- 48 < 10 { at += 1 }
        }
        words[wordCount] = Word.text(.number, offset: start, length: at - start, flag: integer)
        wordCount += 1
        return nil
    }

    /// Reads a string; escapes are resolved in place, for the result is never longer.
    private mutating func string() -> String? {
        at += 1
        let start = at
        var notASCII = false
        while true {
            // Eight bytes at a time while none is a quote, a backslash, a control or beyond ASCII.
            while at + 8 <= count {
                let chunk = UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt64.self)
                if Self.special(chunk) != 0 { break }
                at += 8
            }
            guard at < count else { return "a string without its closing quote" }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                return escapedString(from: start, notASCII: notASCII)
            }
            if byte < 0x20 { return "a control character in a string must be escaped" }
            if byte >= 0x80 { notASCII = true }
            at += 1
        }
        if notASCII, let failure = invalidUTF8(start, at) { return failure }
        words[wordCount] = Word.text(.string, offset: start, length: at - start, flag: false)
        wordCount += 1
        at += 1
        return nil
    }

    private mutating func escapedString(from start: Int, notASCII: Bool) -> String? {
        var notASCII = notASCII
        var write = at
        var needsEscape = false
        while true {
            guard at < count else { return "a string without its closing quote" }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") { break }
            if byte < 0x20 { return "a control character in a string must be escaped" }
            if byte != UInt8(ascii: "\\") {
                if byte >= 0x80 { notASCII = true }
                bytes[write] = byte
                write += 1
                at += 1
                continue
            }
            guard at + 1 < count else { return "a string without its closing quote" }
            switch bytes[at + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes[write] = bytes[at + 1]
                needsEscape = true
            case UInt8(ascii: "/"): bytes[write] = UInt8(ascii: "/")
            case UInt8(ascii: "b"): (bytes[write], needsEscape) = (0x08, true)
            case UInt8(ascii: "f"): (bytes[write], needsEscape) = (0x0C, true)
            case UInt8(ascii: "n"): (bytes[write], needsEscape) = (0x0A, true)
            case UInt8(ascii: "r"): (bytes[write], needsEscape) = (0x0D, true)
            case UInt8(ascii: "t"): (bytes[write], needsEscape) = (0x09, true)
            case UInt8(ascii: "u"):
                guard var scalar = hex(at + 2) else { return "\\u needs four hexadecimal digits" }
                if scalar & 0xFC00 == 0xDC00 { return "\\u: the second half of a surrogate pair without the first" }
                if scalar & 0xFC00 == 0xD800 {
                    guard at + 7 < count, bytes[at + 6] == UInt8(ascii: "\\"), bytes[at + 7] == UInt8(ascii: "u"),
                        let low = hex(at + 8), low & 0xFC00 == 0xDC00
                    else { return "\\u: the first half of a surrogate pair without the second" }
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
                    at += 6
                }
                if scalar < 0x20 || scalar == 0x22 || scalar == 0x5C { needsEscape = true }
                for unit in UTF8.encode(Unicode.Scalar(scalar)!)! {
                    bytes[write] = unit
                    write += 1
                }
                at += 6
                continue
            default: return "no such escape in JSON"
            }
            write += 1
            at += 2
        }
        if notASCII, let failure = invalidUTF8(start, write) { return failure }
        words[wordCount] = Word.text(.string, offset: start, length: write - start, flag: needsEscape)
        wordCount += 1
        at += 1
        return nil
    }

    private func hex(_ from: Int) -> UInt32? {
        guard from + 4 <= count else { return nil }
        var value: UInt32 = 0
        for place in from..<from + 4 {
            let byte = bytes[place]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 65...70: digit = byte - 55
            case 97...102: digit = byte - 87
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func invalidUTF8(_ start: Int, _ end: Int) -> String? {
        let slice = UnsafeBufferPointer(start: bytes + start, count: end - start)
        guard String(validating: slice, as: UTF8.self) == nil else { return nil }
        at = start
        return "a string that is not valid UTF-8"
    }

    /// Names must differ: duplicate members mean different things to different readers.
    private mutating func duplicate(in object: Int, _ members: Int) -> String? {
        guard members > 1 else { return nil }
        var seen: Set<UInt64> = []
        var keys: [Int] = []
        keys.reserveCapacity(members)
        var index = object + 1
        for _ in 0..<members {
            keys.append(index)
            let word = words[index + 1]
            let tag = word >> 60
            let nested = tag == UInt64(Tag.array.rawValue) || tag == UInt64(Tag.object.rawValue)
            index = nested ? Int(UInt32(truncatingIfNeeded: word)) : index + 2
        }
        if members > 12 { seen.reserveCapacity(members) }
        for (place, key) in keys.enumerated() {
            if members > 12, seen.insert(hash(words[key])).inserted { continue }
            for other in keys[..<place] where sameText(words[other], words[key]) {
                return "the same name twice in one object"
            }
        }
        return nil
    }

    private func hash(_ word: UInt64) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        let start = Int(UInt32(truncatingIfNeeded: word))
        for at in start..<start + Int((word >> 32) & 0x3FF_FFFF) {
            value = (value ^ UInt64(bytes[at])) &* 0x100_0000_01b3
        }
        return value
    }

    private func sameText(_ a: UInt64, _ b: UInt64) -> Bool {
        let length = Int((a >> 32) & 0x3FF_FFFF)
        guard length == Int((b >> 32) & 0x3FF_FFFF) else { return false }
        return compareBytes(
            bytes + Int(UInt32(truncatingIfNeeded: a)), bytes + Int(UInt32(truncatingIfNeeded: b)), length)
    }

    /// Non-zero where one of eight bytes is a quote, a backslash, below 0x20 or beyond 0x7F.
    @inline(__always)
    private static func special(_ chunk: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quote = chunk ^ (ones &* 0x22)
        let slash = chunk ^ (ones &* 0x5C)
        let found = ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | (chunk &- (ones &* 0x20)) | chunk
        return found & tops
    }
}
