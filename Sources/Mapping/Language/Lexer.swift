import Document

/// One word of the language.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case name(String)
        case variable(String)
        case string(String)
        case number(Number)
        case literal(Bool?)
        case regex(pattern: String, flags: String)
        case `operator`(String)
        case end
    }

    var kind: Kind
    /// The first byte of the token.
    var offset: Int

    /// The operator's text, or nil.
    var symbol: String? { if case .operator(let text) = kind { text } else { nil } }

    /// The token as an error message names it.
    var text: String {
        switch kind {
        case .name(let name): name
        case .variable(let name): "$" + name
        case .string: "a string"
        case .number(let number): number.description
        case .literal(let value): value.map { $0 ? "true" : "false" } ?? "null"
        case .regex: "a regular expression"
        case .operator(let text): text
        case .end: "the end"
        }
    }
}

/// Cuts a mapping's source into tokens.
struct Lexer {
    let source: SourceText
    /// How far the source is read.
    private(set) var at: Int
    private var bytes: [UInt8] { source.bytes }

    init(_ source: SourceText, at: Int = 0) {
        self.source = source
        self.at = at
    }

    /// The next token. After an operand, `/` divides; elsewhere it opens a regular expression.
    mutating func next(afterOperand: Bool) throws(MappingError) -> Token {
        try skipSpaceAndComments()
        let start = at
        guard at < bytes.count else { return Token(kind: .end, offset: start) }
        let byte = bytes[at]
        if byte == UInt8(ascii: "/"), !afterOperand { return try regex() }
        if let text = operatorText() {
            at += text.utf8.count
            return Token(kind: .operator(text), offset: start)
        }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try string(quote: byte)
        case 48...57: return try number()
        case UInt8(ascii: "`"): return try quotedName()
        default: return name()
        }
    }

    private static let doubles: [String] = ["..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"]
    private static let singles = Set(".[]{}(),@#;:?+-*/%|=<>^&!~".utf8)

    private func operatorText() -> String? {
        guard Self.singles.contains(bytes[at]) else { return nil }
        if at + 1 < bytes.count {
            let pair = String(decoding: bytes[at...at + 1], as: UTF8.self)
            if Self.doubles.contains(pair) { return pair }
        }
        return String(decoding: bytes[at...at], as: UTF8.self)
    }

    private mutating func skipSpaceAndComments() throws(MappingError) {
        while at < bytes.count {
            if Self.isSpace(bytes[at]) {
                at += 1
            } else if bytes[at] == UInt8(ascii: "/"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "*") {
                let start = at
                at += 2
                while at + 1 < bytes.count, bytes[at] != UInt8(ascii: "*") || bytes[at + 1] != UInt8(ascii: "/") {
                    at += 1
                }
                guard at + 1 < bytes.count else {
                    throw source.error("S0106", "a comment is not closed by */", at: start, end: start)
                }
                at += 2
            } else {
                return
            }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0x0B
    }

    private mutating func name() -> Token {
        let start = at
        while at < bytes.count, !Self.isSpace(bytes[at]), !Self.singles.contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if text.utf8.first == UInt8(ascii: "$") {
            return Token(kind: .variable(String(text.dropFirst())), offset: start)
        }
        switch text {
        case "and", "or", "in": return Token(kind: .operator(text), offset: start)
        case "true": return Token(kind: .literal(true), offset: start)
        case "false": return Token(kind: .literal(false), offset: start)
        case "null": return Token(kind: .literal(nil), offset: start)
        default: return Token(kind: .name(text), offset: start)
        }
    }

    private mutating func quotedName() throws(MappingError) -> Token {
        let start = at
        guard let end = bytes[(at + 1)...].firstIndex(of: UInt8(ascii: "`")) else {
            throw source.error("S0105", "a quoted name is not closed by `", at: start, end: bytes.count)
        }
        at = end + 1
        return Token(kind: .name(String(decoding: bytes[start + 1..<end], as: UTF8.self)), offset: start)
    }

    private mutating func number() throws(MappingError) -> Token {
        let start = at
        func digits(_ from: Int) -> Int {
            var end = from
            while end < bytes.count, bytes[end] &- 48 < 10 { end += 1 }
            return end
        }
        at = bytes[at] == 48 ? at + 1 : digits(at)
        if at + 1 < bytes.count, bytes[at] == UInt8(ascii: "."), bytes[at + 1] &- 48 < 10 { at = digits(at + 1) }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            var exponent = at + 1
            if exponent < bytes.count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-") {
                exponent += 1
            }
            let end = digits(exponent)
            if end > exponent { at = end }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let number = Number(text), number.double.isFinite else {
            throw source.error("S0102", "the number is out of range", at: start, end: start, token: text)
        }
        return Token(kind: .number(number), offset: start)
    }

    private mutating func string(quote: UInt8) throws(MappingError) -> Token {
        let start = at
        var text: [UInt8] = []
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            if byte == quote {
                at += 1
                return Token(kind: .string(String(decoding: text, as: UTF8.self)), offset: start)
            }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                at += 1
                continue
            }
            guard at + 1 < bytes.count else {
                throw source.error("S0103", "a string ends with half an escape", at: at, end: at + 1)
            }
            switch bytes[at + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[at + 1])
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                text.append(contentsOf: String(try escapedScalar()).utf8)
                continue
            default:
                throw source.error("S0103", "no such escape in a string", at: at, end: at + 1)
            }
            at += 2
        }
        throw source.error("S0101", "a string is not closed by its quote", at: start, end: bytes.count)
    }

    /// Reads `\uXXXX`, or two of them that form a surrogate pair; half a pair becomes U+FFFD, for UTF-8 has none.
    private mutating func escapedScalar() throws(MappingError) -> Character {
        let high = try codeUnit()
        guard high & 0xFC00 == 0xD800 else { return Character(Unicode.Scalar(high) ?? "\u{FFFD}") }
        let before = at
        if at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") {
            let low = try codeUnit()
            if low & 0xFC00 == 0xDC00 {
                return Character(Unicode.Scalar(0x10000 + UInt32(high & 0x3FF) << 10 + UInt32(low & 0x3FF))!)
            }
            at = before
        }
        return "\u{FFFD}"
    }

    private mutating func codeUnit() throws(MappingError) -> UInt16 {
        let digits = bytes[(at + 2)...].prefix(4)
        guard digits.count == 4, let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw source.error("S0104", "\\u needs four hexadecimal digits", at: at, end: at + 1)
        }
        at += 6
        return value
    }

    private mutating func regex() throws(MappingError) -> Token {
        let start = at
        at += 1
        var depth = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\\") {
                at += 2
                continue
            }
            if byte == UInt8(ascii: "/"), depth == 0 {
                let pattern = String(decoding: bytes[start + 1..<at], as: UTF8.self)
                guard !pattern.isEmpty else {
                    throw source.error("S0301", "a regular expression must not be empty", at: start, end: at)
                }
                at += 1
                let flags = at
                while at < bytes.count, bytes[at] == UInt8(ascii: "i") || bytes[at] == UInt8(ascii: "m") { at += 1 }
                return Token(
                    kind: .regex(pattern: pattern, flags: String(decoding: bytes[flags..<at], as: UTF8.self)),
                    offset: start)
            }
            if "([{".utf8.contains(byte) { depth += 1 }
            if ")]}".utf8.contains(byte) { depth -= 1 }
            at += 1
        }
        throw source.error("S0302", "a regular expression is not closed by /", at: start, end: bytes.count)
    }
}
