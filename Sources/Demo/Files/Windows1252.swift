/// Windows code page 1252, in which spreadsheets of Western Europe are still saved (IANA `windows-1252`).
enum Windows1252 {
    /// The characters of bytes 0x80 … 0x9F; nil where the code page has none.
    private static let upper: [Unicode.Scalar?] = [
        "€", nil, "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", nil, "Ž", nil, nil, "‘", "’", "“", "”", "•",
        "–", "—", "˜", "™", "š", "›", "œ", nil, "ž", "Ÿ",
    ]

    /// The text's bytes; a character that the code page lacks becomes a question mark, as those spreadsheets do it.
    static func encode(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 0..<0x80, 0xA0...0xFF: UInt8(scalar.value)
            default: upper.firstIndex(of: scalar).map { UInt8(0x80 + $0) } ?? UInt8(ascii: "?")
            }
        }
    }

    /// The text of bytes; those that stand for nothing become U+FFFD.
    static func decode(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            text.append((0x80..<0xA0).contains(byte) ? upper[Int(byte) - 0x80] ?? "\u{FFFD}" : Unicode.Scalar(byte))
        }
        return String(text)
    }
}
