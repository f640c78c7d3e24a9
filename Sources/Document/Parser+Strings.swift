internal import CBytes

/// Strings: found end by end, sixteen bytes at a time; checked to be UTF-8; escapes resolved where they stand, for the
/// result is never longer.
extension Parser {
    /// Reads a string behind its opening quote; answers the place behind the closing one.
    @inline(__always)
    mutating func string(_ start: Place) -> (Place, UInt64)? {
        var at = start
        while true {
            let marks = omni_string_marks(at)
            if marks == 0 {
                at += 16
                continue
            }
            at += marks.trailingZeroBitCount
            if at.pointee == UInt8(ascii: "\"") {
                return (at + 1, Word.text(.string, offset: start - bytes, length: at - start, flag: false))
            }
            guard at.pointee >= 0x80 else { return unusualString(from: start, at) }
            let width = Self.sequence(at)
            guard width > 0 else { return notUTF8(at) }
            at += width
        }
    }

    /// A string with a backslash (or a mistake) at some place.
    @inline(never)
    private mutating func unusualString(from start: Place, _ found: Place) -> (Place, UInt64)? {
        var at = found
        var write = found
        var needsEscape = false
        while true {
            let byte = at.pointee
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                guard let behind = escape(at, &write, &needsEscape) else { return nil }
                at = behind
                continue
            }
            guard byte >= 0x20 else {
                let ends = at == end
                fail(
                    at, ends ? "a string without its closing quote" : "a control character in a string must be escaped")
                return nil
            }
            let width = byte < 0x80 ? 1 : Self.sequence(at)
            guard width > 0 else { return notUTF8(at) }
            for _ in 0..<width {
                write.pointee = at.pointee
                write += 1
                at += 1
            }
        }
        return (at + 1, Word.text(.string, offset: start - bytes, length: write - start, flag: needsEscape))
    }

    /// Resolves one escape; answers the place behind it.
    private mutating func escape(_ at: Place, _ write: inout Place, _ needsEscape: inout Bool) -> Place? {
        let plain: UInt8
        switch at[1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): (plain, needsEscape) = (at[1], true)
        case UInt8(ascii: "/"): plain = at[1]
        case UInt8(ascii: "b"): (plain, needsEscape) = (0x08, true)
        case UInt8(ascii: "f"): (plain, needsEscape) = (0x0C, true)
        case UInt8(ascii: "n"): (plain, needsEscape) = (0x0A, true)
        case UInt8(ascii: "r"): (plain, needsEscape) = (0x0D, true)
        case UInt8(ascii: "t"): (plain, needsEscape) = (0x09, true)
        case UInt8(ascii: "u"): return unicodeEscape(at, &write, &needsEscape)
        default:
            fail(at, at + 1 < end ? "no such escape in JSON" : "a string without its closing quote")
            return nil
        }
        write.pointee = plain
        write += 1
        return at + 2
    }

    private mutating func unicodeEscape(_ at: Place, _ write: inout Place, _ needsEscape: inout Bool) -> Place? {
        var behind = at + 6
        guard var scalar = Self.hexadecimal(at + 2) else {
            fail(at, "\\u needs four hexadecimal digits")
            return nil
        }
        if scalar & 0xFC00 == 0xD800 {
            guard behind[0] == UInt8(ascii: "\\"), behind[1] == UInt8(ascii: "u"),
                let low = Self.hexadecimal(behind + 2), low & 0xFC00 == 0xDC00
            else {
                fail(at, "\\u: the first half of a surrogate pair without the second")
                return nil
            }
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
            behind += 6
        }
        guard let scalar = Unicode.Scalar(scalar) else {
            fail(at, "\\u: the second half of a surrogate pair without the first")
            return nil
        }
        if scalar.value < 0x20 || scalar == "\"" || scalar == "\\" { needsEscape = true }
        for unit in UTF8.encode(scalar)! {
            write.pointee = unit
            write += 1
        }
        return behind
    }

    private static func hexadecimal(_ from: Place) -> UInt32? {
        var value: UInt32 = 0
        for place in 0..<4 {
            let byte = from[place]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 65...70: digit = byte - 55
            case 97...102: digit = byte - 87
            // The zeros behind the text end here too.
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    @inline(never)
    private mutating func notUTF8(_ at: Place) -> (Place, UInt64)? {
        fail(at, "a string that is not valid UTF-8")
        return nil
    }

    /// How many bytes the well-formed sequence takes that begins with this byte beyond ASCII (Unicode 15, table 3-7);
    /// 0 when there is none.
    @inline(__always)
    static func sequence(_ at: Place) -> Int {
        let second = at[1]
        switch at[0] {
        case 0xC2...0xDF: return second & 0xC0 == 0x80 ? 2 : 0
        case 0xE0: return second & 0xE0 == 0xA0 && at[2] & 0xC0 == 0x80 ? 3 : 0
        case 0xED: return second & 0xE0 == 0x80 && at[2] & 0xC0 == 0x80 ? 3 : 0
        case 0xE1...0xEF: return second & 0xC0 == 0x80 && at[2] & 0xC0 == 0x80 ? 3 : 0
        case 0xF0...0xF4:
            guard second & 0xC0 == 0x80, at[2] & 0xC0 == 0x80, at[3] & 0xC0 == 0x80 else { return 0 }
            if at[0] == 0xF0 { return second >= 0x90 ? 4 : 0 }
            return at[0] < 0xF4 || second < 0x90 ? 4 : 0
        default: return 0
        }
    }
}
