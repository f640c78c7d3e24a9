import Document

/// Numbers in components (ISO 9735, 11): either decimal mark will do, whatever UNA says, as no other character may look like
/// one; there are no marks between thousands, and the digit before the mark may be missing.
enum EDIFACTNumber {
    /// The number that a text is; nil when it is none.
    ///
    /// - Parameters:
    ///   - text: may be changed.
    ///   - digits: memory to work in.
    static func parse(_ text: inout [UInt8], _ digits: inout [UInt8]) -> Number? {
        let mark = text.contains(UInt8(ascii: ",")) ? UInt8(ascii: ",") : UInt8(ascii: ".")
        let sign = text.first == UInt8(ascii: "-") ? 1 : 0
        if text.count > sign, text[sign] == mark { text.insert(UInt8(ascii: "0"), at: sign) }
        let notation = DecimalNotation(mark: mark, thousands: nil)
        guard text.withUnsafeBufferPointer({ notation.normalize($0, into: &digits) }) else { return nil }
        return digits.withUnsafeBufferPointer { Number($0) }
    }

    /// Whether a text can be read as one.
    static func isOne(_ text: [UInt8]) -> Bool {
        var (text, digits) = (text, [UInt8]())
        return parse(&text, &digits) != nil
    }
}
