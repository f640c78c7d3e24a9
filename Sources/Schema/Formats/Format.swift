/// The values of `format` that can be checked: the standard's (JSON Schema 2020-12, validation, 7.3) and those of trade.
enum Format: String, CaseIterable, Sendable {
    case dateTime = "date-time"
    case date, time, duration
    case email
    case idnEmail = "idn-email"
    case hostname, ipv4, ipv6, uri
    case idnHostname = "idn-hostname"
    case uriReference = "uri-reference"
    case iri
    case iriReference = "iri-reference"
    case uriTemplate = "uri-template"
    case uuid
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"
    case regex
    /// A GS1 trade item number as this system keeps it: 14 digits.
    case gtin
    /// A GS1 location number: 13 digits.
    case gln
    /// An international telephone number (ITU-T E.164): `+358401234567`
    case e164
    /// The shape of an ISO 4217 code: `EUR`
    case currency
    // No formats, but checks of strings like them: what `contentEncoding` and `contentMediaType` say in draft 7.
    case base64
    case json
    case base64JSON

    /// What `format` may name.
    static let named: [String: Format] = Dictionary(
        uniqueKeysWithValues: allCases.filter { ![.base64, .json, .base64JSON].contains($0) }.map { ($0.rawValue, $0) })

    init?(named name: String) {
        guard let format = Self.named[name] else { return nil }
        self = format
    }

    /// What fits, for messages.
    var meaning: String {
        switch self {
        case .dateTime: "a date and time with offset (RFC 3339), such as 2024-05-31T14:02:11Z"
        case .date: "a date (RFC 3339), such as 2024-05-31"
        case .time: "a time with offset (RFC 3339), such as 14:02:11Z"
        case .duration: "a duration (ISO 8601), such as P3DT12H"
        case .email, .idnEmail: "an e-mail address"
        case .hostname: "a host name"
        case .idnHostname: "a host name, in any script (RFC 5890)"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .uri: "a URI with its scheme"
        case .uriReference: "a URI or a relative reference"
        case .iri: "an IRI with its scheme"
        case .iriReference: "an IRI or a relative reference"
        case .uriTemplate: "a URI template (RFC 6570)"
        case .uuid: "a UUID, such as 2eb8aa08-aa98-11ea-b4aa-73b441d16380"
        case .jsonPointer: "a JSON Pointer (RFC 6901)"
        case .relativeJSONPointer: "a relative JSON Pointer"
        case .regex: "a regular expression of ECMA-262"
        case .gtin: "a GTIN: 14 digits, the last the right check digit, not all zero"
        case .gln: "a GLN: 13 digits, the last the right check digit, not all zero"
        case .e164: "a telephone number as +, country code and number, 15 digits at most"
        case .currency: "a currency code of three capital letters, such as EUR"
        case .base64: "base64 (RFC 4648)"
        case .json: "JSON text"
        case .base64JSON: "JSON text in base64"
        }
    }

    /// Whether the text has the format.
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        switch self {
        case .dateTime: Scanner.isPlainDateTime(text) || Scanner(text).isDateTime
        case .date: Scanner(text).isDate
        case .time: Scanner(text).isTime
        case .duration: Scanner(text).isDuration
        case .email: Mailbox.fits(text, international: false)
        case .idnEmail: Mailbox.fits(text, international: true)
        case .hostname: Host.isName(text[...])
        case .idnHostname: InternationalName.fits(text)
        case .ipv4: Host.isIPv4(text[...])
        case .ipv6: Host.isIPv6(text[...])
        case .uri: URIShape.fits(text, absolute: true, international: false)
        case .uriReference: URIShape.fits(text, absolute: false, international: false)
        case .iri: URIShape.fits(text, absolute: true, international: true)
        case .iriReference: URIShape.fits(text, absolute: false, international: true)
        case .uriTemplate: URITemplate.fits(text)
        case .uuid: isUUID(text)
        case .jsonPointer: isPointer(text[...])
        case .relativeJSONPointer: isRelativePointer(text)
        case .regex: RegexSyntax.isValid(text)
        case .gtin: text.count == 14 && hasCheckDigit(text)
        case .gln: text.count == 13 && hasCheckDigit(text)
        case .e164:
            text.count >= 4 && text.count <= 16 && text[0] == UInt8(ascii: "+") && text[1] != UInt8(ascii: "0")
                && text.dropFirst().allSatisfy(\.isDigit)
        case .currency: text.count == 3 && text.allSatisfy { (65...90).contains($0) }
        case .base64: Content.isBase64(text)
        case .json: Content.isJSON(text)
        case .base64JSON: Content.isBase64JSON(text)
        }
    }

    /// GS1's check digit: weights 3 and 1 from the right.
    private func hasCheckDigit(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var odd = 0
        var even = 0
        // From the right: the check digit itself has weight 1.
        for byte in text {
            guard byte.isDigit else { return false }
            (odd, even) = (even + Int(byte - 48), odd)
        }
        return odd + even != 0 && (odd + 3 * even) % 10 == 0
    }

    private func isUUID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        for (place, byte) in text.enumerated() {
            let isDash = place == 8 || place == 13 || place == 18 || place == 23
            guard isDash ? byte == UInt8(ascii: "-") : byte.isHexDigit else { return false }
        }
        return true
    }

    private func isPointer(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard text.first.map({ $0 == UInt8(ascii: "/") }) ?? true else { return false }
        for place in text.indices where text[place] == UInt8(ascii: "~") {
            guard place + 1 < text.endIndex, text[place + 1] == 48 || text[place + 1] == 49 else { return false }
        }
        return true
    }

    private func isRelativePointer(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let digits = text.prefix(while: \.isDigit)
        guard !digits.isEmpty, digits.count == 1 || digits[0] != 48 else { return false }
        let rest = text[digits.endIndex...]
        return rest.count == 1 && rest.first == UInt8(ascii: "#") || isPointer(rest)
    }
}

extension UInt8 {
    var isDigit: Bool { self &- 48 < 10 }
    var isLetter: Bool { (self | 32) &- 97 < 26 }
    var isHexDigit: Bool { isDigit || (self | 32) &- 97 < 6 }
}
