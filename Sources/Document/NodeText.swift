/// The text of a value on a tape, on its way to a writer: pieces are gathered in a small buffer.
///
/// A piece is copied sixteen bytes at a time, and what lies behind it too: a tape has bytes to spare behind its texts, and
/// the buffer has ``slack``. Nothing may be appended to the tape meanwhile.
struct NodeText {
    typealias Place = UnsafeMutablePointer<UInt8>

    /// As much as `withUnsafeTemporaryAllocation` puts on the stack; more would be allocated.
    static let capacity = 1_024
    /// What is written without looking at the limit: a comma, a name and a value of 32 bytes in quotes, a colon, and what
    /// is copied in excess.
    private static let slack = 96

    private let words: UnsafePointer<UInt64>
    private let texts: UnsafePointer<UInt8>
    private let start: Place
    private let limit: Place
    private let writer: UnsafeMutablePointer<JSONWriter>

    /// - Parameters:
    ///   - node: a node of the tape.
    ///   - buffer: memory of ``capacity``.
    ///   - writer: where the text goes.
    init(_ node: Node, _ buffer: Place, _ writer: UnsafeMutablePointer<JSONWriter>) {
        words = UnsafePointer(node.storage.pointee.words)
        texts = UnsafePointer(node.storage.pointee.bytes)
        start = buffer
        limit = buffer + Self.capacity - Self.slack
        self.writer = writer
    }

    /// Writes all of a value.
    func write(_ node: Node) { _ = flushed(value(Int(node.index), start)) }

    /// Writes the value at an index; answers the place behind.
    private func value(_ index: Int, _ out: Place) -> Place {
        let word = words[index]
        switch word >> 60 {
        case UInt64(Tag.string.rawValue): return string(word, out)
        case UInt64(Tag.number.rawValue): return text(word, out)
        case UInt64(Tag.object.rawValue): return object(word, words + index + 1, out)
        case UInt64(Tag.array.rawValue): return array(word, words + index + 1, out)
        case UInt64(Tag.link.rawValue): return value(Int(UInt32(truncatingIfNeeded: word)), out)
        case UInt64(Tag.true.rawValue): return literal("true", out)
        case UInt64(Tag.false.rawValue): return literal("false", out)
        default: return literal("null", out)
        }
    }

    private func object(_ head: UInt64, _ first: UnsafePointer<UInt64>, _ out: Place) -> Place {
        let end = words + Int(UInt32(truncatingIfNeeded: head))
        var at = first
        var out = out
        var separator = UInt8(ascii: "{")
        while at < end {
            if out > limit { out = flushed(out) }
            out[0] = separator
            separator = UInt8(ascii: ",")
            out = string(at[0], out + 1)
            out[0] = UInt8(ascii: ":")
            let word = at[1]
            switch word >> 60 {
            case UInt64(Tag.string.rawValue):
                out = string(word, out + 1)
                at += 2
            case UInt64(Tag.number.rawValue):
                out = text(word, out + 1)
                at += 2
            default:
                out = value(at + 1 - words, out + 1)
                at = behind(at + 1)
            }
        }
        return closed(at == first, UInt8(ascii: "{"), UInt8(ascii: "}"), out)
    }

    private func array(_ head: UInt64, _ first: UnsafePointer<UInt64>, _ out: Place) -> Place {
        let end = words + Int(UInt32(truncatingIfNeeded: head))
        var at = first
        var out = out
        var separator = UInt8(ascii: "[")
        while at < end {
            if out > limit { out = flushed(out) }
            out[0] = separator
            separator = UInt8(ascii: ",")
            out = value(at - words, out + 1)
            at = behind(at)
        }
        return closed(at == first, UInt8(ascii: "["), UInt8(ascii: "]"), out)
    }

    @inline(__always)
    private func closed(_ isEmpty: Bool, _ open: UInt8, _ close: UInt8, _ out: Place) -> Place {
        var out = out > limit ? flushed(out) : out
        if isEmpty {
            out[0] = open
            out += 1
        }
        out[0] = close
        return out + 1
    }

    /// The word behind a value.
    @inline(__always)
    private func behind(_ at: UnsafePointer<UInt64>) -> UnsafePointer<UInt64> {
        let word = at.pointee
        let isContainer = word >> 60 &- UInt64(Tag.array.rawValue) < 2
        return isContainer ? words + Int(UInt32(truncatingIfNeeded: word)) : at + 1
    }

    @inline(__always)
    private func string(_ word: UInt64, _ out: Place) -> Place {
        if word & Word.flag != 0 { return escaped(word, out) }
        out[0] = UInt8(ascii: "\"")
        let behind = text(word, out + 1)
        behind[0] = UInt8(ascii: "\"")
        return behind + 1
    }

    @inline(__always)
    private func text(_ word: UInt64, _ out: Place) -> Place {
        let length = Int((word >> 32) & 0x3FF_FFFF)
        let source = UnsafeRawPointer(texts + Int(UInt32(truncatingIfNeeded: word)))
        if length > 32 { return long(source, length, out) }
        let target = UnsafeMutableRawPointer(out)
        target.storeBytes(of: source.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
        if length > 16 {
            target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: 16, as: SIMD2<UInt64>.self), toByteOffset: 16,
                as: SIMD2<UInt64>.self)
        }
        return out + length
    }

    @inline(never)
    private func long(_ source: UnsafeRawPointer, _ length: Int, _ out: Place) -> Place {
        if length <= limit - out {
            UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: length)
            return out + length
        }
        let out = flushed(out)
        writer.pointee.append(source.assumingMemoryBound(to: UInt8.self), count: length)
        return out
    }

    @inline(never)
    private func escaped(_ word: UInt64, _ out: Place) -> Place {
        let out = flushed(out)
        let text = texts + Int(UInt32(truncatingIfNeeded: word))
        writer.pointee.write(escaping: UnsafeBufferPointer(start: text, count: Int((word >> 32) & 0x3FF_FFFF)))
        return out
    }

    private func literal(_ text: StaticString, _ out: Place) -> Place {
        out.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return out + text.utf8CodeUnitCount
    }

    /// Hands what was gathered to the writer; answers the buffer's start.
    @inline(never)
    private func flushed(_ out: Place) -> Place {
        writer.pointee.append(start, count: out - start)
        return start
    }
}
