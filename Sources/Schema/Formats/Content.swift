import Document

/// What `contentEncoding` and `contentMediaType` say of a string, where they are checked.
enum Content {
    /// RFC 4648, 4: whole groups of four, padded.
    static func isBase64(_ text: UnsafeBufferPointer<UInt8>) -> Bool { decodeBase64(text) != nil }

    static func isJSON(_ text: some Sequence<UInt8>) -> Bool { (try? JSON(parsing: Array(text))) != nil }

    static func isBase64JSON(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // What isn't base64 is the other keyword's to refuse.
        decodeBase64(text).map { isJSON($0) } ?? true
    }

    private static func decodeBase64(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        for (place, byte) in text.dropLast(padding).enumerated() {
            guard let value = value(byte) else { return nil }
            bits = bits << 6 | value
            let filled = place % 4 * 2
            if filled > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> (6 - UInt32(filled)))) }
        }
        return bytes
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
