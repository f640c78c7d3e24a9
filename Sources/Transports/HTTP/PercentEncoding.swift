/// Percent-encoding in URLs (RFC 3986, section 2.1).
public enum PercentEncoding {
    /// Makes any text fit for one path segment or one query value: all but letters, digits and `-._~` is escaped.
    public static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// The text again; nil when an escape is broken or the bytes are not UTF-8.
    /// - Parameter plusIsSpace: As in queries that come from forms.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        Character(Unicode.Scalar(digit)).hexDigitValue.map { UInt8($0) }
    }
}

/// The parameters of a query, decoded, in their order.
public struct QueryParameters: Sendable, Equatable, Sequence {
    private var parameters: [Parameter] = []

    /// One parameter.
    public struct Parameter: Sendable, Equatable {
        /// Before the equals sign.
        public let name: String
        /// Behind it; empty when there is none.
        public let value: String
    }

    /// From the text behind the question mark. What can't be decoded is taken as it stands.
    init(_ text: some StringProtocol) {
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map { part in
                let raw = String(decoding: part, as: UTF8.self)
                return PercentEncoding.decode(raw, plusIsSpace: true) ?? raw
            }
            parameters.append(Parameter(name: texts[0], value: texts.count > 1 ? texts[1] : ""))
        }
    }

    /// The first value of this name.
    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// All values of this name.
    public func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// The parameters in their order.
    public func makeIterator() -> IndexingIterator<[Parameter]> { parameters.makeIterator() }
}
