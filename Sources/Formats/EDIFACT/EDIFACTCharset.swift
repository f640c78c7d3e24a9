/// The characters of an interchange, as its syntax identifier declares them (ISO 9735, code list 0001).
enum EDIFACTCharset {
    case utf8
    case table(SingleByteTable)

    /// The encoding's name for iconv.
    ///
    /// UNOA and UNOB allow ASCII only; what is beyond is read as ISO 8859-1, which is what such senders mean.
    static func iconvName(of syntax: String) -> String? {
        switch syntax {
        case "UNOA", "UNOB", "UNOC": "ISO-8859-1"
        case "UNOD": "ISO-8859-2"
        case "UNOE": "ISO-8859-5"
        case "UNOF": "ISO-8859-7"
        case "UNOG": "ISO-8859-3"
        case "UNOH": "ISO-8859-4"
        case "UNOI": "ISO-8859-6"
        case "UNOJ": "ISO-8859-8"
        case "UNOK": "ISO-8859-9"
        case "UNOW": "UTF-8"
        default: nil
        }
    }

    /// Whether only ASCII may be written.
    static func isASCII(_ syntax: String) -> Bool { syntax == "UNOA" || syntax == "UNOB" }

    init?(iconvName: String) {
        if iconvName == "UTF-8" {
            self = .utf8
        } else {
            guard let table = SingleByteTable(iconvName: iconvName) else { return nil }
            self = .table(table)
        }
    }

    /// Appends a text as UTF-8; false when it has bytes that mean nothing here.
    func append(_ text: UnsafeBufferPointer<UInt8>, to utf8: inout [UInt8]) -> Bool {
        switch self {
        case .utf8:
            guard invalidUTF8(in: text) == nil else { return false }
            utf8.append(contentsOf: text)
            return true
        case .table(let table): return table.append(text, to: &utf8) == nil
        }
    }
}
