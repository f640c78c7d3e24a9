import Glibc

/// The character encodings that files come in, by their IANA names.
enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case windows1252 = "windows-1252"
    case latin1 = "iso-8859-1"
    case latin9 = "iso-8859-15"
    /// With a byte order mark that says which.
    case utf16 = "utf-16"
    case utf16le = "utf-16le"
    case utf16be = "utf-16be"

    /// The name that glibc's iconv knows; `windows-1252` is CP1252 there too.
    var iconvName: String { self == .windows1252 ? "CP1252" : rawValue.uppercased() }

    /// Whether each byte is one character.
    var isSingleByte: Bool { self == .windows1252 || self == .latin1 || self == .latin9 }

    /// Whether a character is two bytes or four.
    var isWide: Bool { self == .utf16 || self == .utf16le || self == .utf16be }
}

/// A conversion by iconv(3).
final class Iconv {
    private let handle: iconv_t

    /// A conversion, or nil when this system lacks the encoding's gconv module.
    init?(from source: String, to target: String) {
        let opened = iconv_open(target, source)
        guard Int(bitPattern: opened) != -1 else { return nil }
        handle = opened!
    }

    deinit { iconv_close(handle) }

    /// Converts all; answers how many bytes of the input were good when some were not.
    func convert(_ input: UnsafeBufferPointer<UInt8>) -> (bytes: [UInt8], valid: Int) {
        iconv(handle, nil, nil, nil, nil)
        var output = [UInt8](repeating: 0, count: input.count * 2 + 16)
        var written = 0
        var from = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
        var left = input.count
        while left > 0 {
            let failed = output.withUnsafeMutableBytes { buffer in
                var to: UnsafeMutablePointer<CChar>? = buffer.baseAddress!.assumingMemoryBound(to: CChar.self) + written
                var room = buffer.count - written
                let answer = iconv(handle, &from, &left, &to, &room)
                written = buffer.count - room
                return answer == -1 && errno != E2BIG
            }
            if failed { break }
            if left > 0 { output.append(contentsOf: [UInt8](repeating: 0, count: output.count)) }
        }
        output.removeSubrange(written...)
        return (output, input.count - left)
    }
}

/// The 256 characters of a single-byte encoding as UTF-8.
struct SingleByteTable {
    /// For each byte: up to three bytes of UTF-8 from the lowest on, their count in the top byte; 0 where undefined.
    private let entries: [UInt32]

    init?(iconvName: String) {
        guard let iconv = Iconv(from: iconvName, to: "UTF-8") else { return nil }
        entries = (0...255).map { byte in
            let (utf8, valid) = [UInt8(byte)].withUnsafeBufferPointer { iconv.convert($0) }
            guard valid == 1 else { return 0 }
            var entry = UInt32(utf8.count) << 24
            for (place, unit) in utf8.enumerated() { entry |= UInt32(unit) << (8 * UInt32(place)) }
            return entry
        }
    }

    /// The character of a byte.
    func scalar(_ byte: UInt8) -> Unicode.Scalar? {
        var utf8: [UInt8] = []
        let bad = [byte].withUnsafeBufferPointer { append($0, to: &utf8) }
        return bad == nil ? String(decoding: utf8, as: UTF8.self).unicodeScalars.first : nil
    }

    /// Appends the text as UTF-8; answers the place of a byte that means nothing in this encoding.
    func append(_ text: UnsafeBufferPointer<UInt8>, to utf8: inout [UInt8]) -> Int? {
        var at = 0
        while at < text.count {
            let plain = asciiPrefix(of: text, from: at)
            utf8.append(contentsOf: text[at..<plain])
            at = plain
            guard at < text.count else { break }
            var entry = entries[Int(text[at])]
            guard entry != 0 else { return at }
            at += 1
            for _ in 0..<entry >> 24 {
                utf8.append(UInt8(truncatingIfNeeded: entry))
                entry >>= 8
            }
        }
        return nil
    }
}

/// The place of the first byte from `start` on that is not ASCII, or the end.
func asciiPrefix(of text: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int {
    var at = start
    while at + 8 <= text.count,
        UnsafeRawPointer(text.baseAddress! + at).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    { at += 8 }
    while at < text.count, text[at] < 0x80 { at += 1 }
    return at
}

/// The place of the first byte that is not UTF-8 (RFC 3629: no surrogates, nothing overlong), or nil.
func invalidUTF8(in text: UnsafeBufferPointer<UInt8>) -> Int? {
    var at = 0
    let count = text.count
    while at < count {
        at = asciiPrefix(of: text, from: at)
        guard at < count else { return nil }
        let first = text[at]
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, lowest) = (3, 0xA0)
        case 0xED: (length, highest) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, lowest) = (4, 0x90)
        case 0xF4: (length, highest) = (4, 0x8F)
        case 0xF1...0xF3: length = 4
        default: return at
        }
        guard at + length <= count, text[at + 1] >= lowest, text[at + 1] <= highest else { return at }
        for place in at + 2..<at + length where text[place] & 0xC0 != 0x80 { return at }
        at += length
    }
    return nil
}
