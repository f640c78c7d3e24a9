/// Base64 text of bytes (RFC 4648, section 4), padded.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let invalid: UInt8 = 255
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
    private static let padding = UInt8(ascii: "=")

    /// The padded text of `bytes`, without line breaks.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        let alphabet = alphabet
        let length = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: length) { text in
            var out = 0
            var index = 0
            while index < bytes.count {
                let here = min(3, bytes.count - index)
                var group = UInt32(bytes[index]) << 16
                if here > 1 { group |= UInt32(bytes[index + 1]) << 8 }
                if here > 2 { group |= UInt32(bytes[index + 2]) }
                text[out] = alphabet[Int(group >> 18)]
                text[out + 1] = alphabet[Int(group >> 12 & 63)]
                text[out + 2] = here > 1 ? alphabet[Int(group >> 6 & 63)] : padding
                text[out + 3] = here > 2 ? alphabet[Int(group & 63)] : padding
                out += 4
                index += 3
            }
            return length
        }
    }

    /// The padded text of `bytes`, without line breaks.
    public static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }

    /// The bytes that `text` stands for, or nil when it is not canonical base64: a foreign character, a missing
    /// padding, or bits set behind the last byte (so that one value has one text, and a comparison can't be fooled).
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        for start in stride(from: 0, to: characters.count, by: 4) {
            let isLast = start + 4 == characters.count
            let padded = isLast ? characters[start..<(start + 4)].reversed().prefix { $0 == padding }.count : 0
            guard padded <= 2 else { return nil }
            var group: UInt32 = 0
            for index in start..<(start + 4 - padded) {
                let value = values[Int(characters[index])]
                guard value != invalid else { return nil }
                group |= UInt32(value) << UInt32(18 - 6 * (index - start))
            }
            let unused: UInt32 = padded == 0 ? 0 : padded == 1 ? 0xFF : 0xFFFF
            guard group & unused == 0 else { return nil }
            bytes.append(UInt8(group >> 16))
            if padded < 2 { bytes.append(UInt8(group >> 8 & 255)) }
            if padded < 1 { bytes.append(UInt8(group & 255)) }
        }
        return bytes
    }
}
