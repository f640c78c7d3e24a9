/// A text input whose structure is read byte by byte: ASCII, with the encoding's other characters beyond 0x7F.
///
/// UTF-8 and single-byte encodings are read where they lie. UTF-16 is converted to UTF-8 once, and places are counted
/// back to the bytes that were given.
struct TextSource {
    /// The bytes to read.
    let bytes: UnsafeBufferPointer<UInt8>
    /// Where the text begins, behind a byte order mark.
    let start: Int
    /// The characters, when the encoding has one byte each.
    let table: SingleByteTable?
    /// The converted text, when there was a conversion.
    private let converted: Converted?

    private final class Converted {
        let bytes: UnsafeMutableBufferPointer<UInt8>
        /// The bytes of the byte order mark.
        let mark: Int

        init(_ text: [UInt8], mark: Int) {
            bytes = .allocate(capacity: text.count)
            _ = bytes.initialize(from: text)
            self.mark = mark
        }

        deinit { bytes.deallocate() }
    }

    init(_ input: UnsafeRawBufferPointer, _ encoding: TextEncoding) throws(FormatError) {
        let given = input.bindMemory(to: UInt8.self)
        let mark = Self.mark(given)
        func refuse(_ reason: String, _ remedy: String? = nil, at place: Int = 0) -> FormatError {
            FormatError(
                .file, at: RecordPosition(record: 1, line: 1, bytes: place..<given.count), reason, remedy: remedy)
        }
        if let mark, mark.isWide != encoding.isWide {
            let remedy = "declare 'encoding: \(mark.isWide ? "utf-16" : "utf-8")'"
            throw refuse("the byte order mark says \(mark.rawValue), not \(encoding.rawValue)", remedy)
        }
        if encoding.isWide {
            guard let wide = mark ?? (encoding == .utf16 ? nil : encoding) else {
                throw refuse("utf-16 without a byte order mark", "declare 'encoding: utf-16le' or 'utf-16be'")
            }
            let text = UnsafeBufferPointer(rebasing: given[(mark == nil ? 0 : 2)...])
            guard let iconv = Iconv(from: wide.iconvName, to: "UTF-8") else { throw Self.lacking(encoding) }
            let (utf8, valid) = iconv.convert(text)
            let whole = Converted(utf8, mark: mark == nil ? 0 : 2)
            guard valid == text.count else {
                var error = refuse("this is not \(wide.rawValue) any more", "is the file cut?", at: whole.mark + valid)
                error.line = 1 + utf8.count { $0 == UInt8(ascii: "\n") }
                throw error
            }
            (bytes, start, table, converted) = (UnsafeBufferPointer(whole.bytes), 0, nil, whole)
            return
        }
        bytes = given
        converted = nil
        if mark == .utf8, encoding.isSingleByte {
            throw refuse("the byte order mark says utf-8, not \(encoding.rawValue)", "declare 'encoding: utf-8'")
        }
        start = mark == .utf8 ? 3 : 0
        if encoding.isSingleByte {
            guard let table = SingleByteTable(iconvName: encoding.iconvName) else { throw Self.lacking(encoding) }
            self.table = table
        } else {
            table = nil
        }
    }

    static func lacking(_ encoding: TextEncoding) -> FormatError {
        FormatError(
            .file, at: RecordPosition(record: 1, line: 1, bytes: 0..<0),
            "this system cannot convert \(encoding.rawValue)", remedy: "install glibc's gconv modules (Debian: libc6)")
    }

    /// What the byte order mark says, if there is one.
    private static func mark(_ bytes: UnsafeBufferPointer<UInt8>) -> TextEncoding? {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { return .utf8 }
        if bytes.count >= 2, bytes[0] == 0xFF, bytes[1] == 0xFE { return .utf16le }
        if bytes.count >= 2, bytes[0] == 0xFE, bytes[1] == 0xFF { return .utf16be }
        return nil
    }

    /// How many bytes of the input a stretch of ``bytes`` came from.
    func inputLength(of range: Range<Int>) -> Int {
        guard converted != nil else { return range.count }
        var length = 0
        // Each character of UTF-8 is two bytes of UTF-16, or four when it takes four here.
        for at in range where bytes[at] & 0xC0 != 0x80 { length += bytes[at] >= 0xF0 ? 4 : 2 }
        return length
    }

    /// Where the text begins in the input.
    var inputStart: Int { converted?.mark ?? start }

    /// A stretch of the text.
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[range]) }
}
