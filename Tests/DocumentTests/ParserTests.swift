import Document
import Testing

/// Random documents, made together with their text.
struct RandomDocument {
    var state: UInt64
    private(set) var text = ""

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 11) % bound
    }

    mutating func space() { for _ in 0..<max(0, below(8) - 5) { text += [" ", "\n", "\t", "\r\n"][below(4)] } }

    mutating func value(depth: Int) -> JSON {
        space()
        defer { space() }
        switch below(depth > 0 ? 9 : 5) {
        case 0: return literal()
        case 1, 2: return number()
        case 3, 4: return .string(string())
        case 5, 6: return array(depth)
        default: return object(depth)
        }
    }

    private mutating func literal() -> JSON {
        let choice = below(3)
        text += ["null", "true", "false"][choice]
        return choice == 0 ? .null : .bool(choice == 1)
    }

    private mutating func number() -> JSON {
        var digits = below(2) == 0 ? "-" : ""
        digits += below(4) == 0 ? "0" : String(below(9) + 1) + (0..<below(12)).map { _ in String(below(10)) }.joined()
        if below(2) == 0 { digits += "." + (0...below(6)).map { _ in String(below(10)) }.joined() }
        if below(4) == 0 { digits += ["e", "E"][below(2)] + ["", "+", "-"][below(3)] + String(below(40)) }
        text += digits
        return .number(Number(digits)!)
    }

    private mutating func string() -> String {
        var value = ""
        text += "\""
        for _ in 0..<below(below(4) == 0 ? 40 : 9) {
            let plain: [Unicode.Scalar] = [
                "a", "Z", "0", " ", "é", "\u{7FF}", "\u{800}", "€", "\u{FFFF}", "🐲", "\u{10FFFF}",
            ]
            let escaped: [(String, Unicode.Scalar)] = [
                (#"\""#, "\""), (#"\\"#, "\\"), (#"\/"#, "/"), (#"\b"#, "\u{8}"), (#"\f"#, "\u{C}"), (#"\n"#, "\n"),
                (#"\r"#, "\r"), (#"\t"#, "\t"), (#"\u0000"#, "\0"), (#"\u00e9"#, "é"), (#"\uD83D\uDC32"#, "🐲"),
                (#"\u20AC"#, "€"),
            ]
            let choice = below(40)
            if choice < 28 {
                let scalar = plain[choice % plain.count]
                text.unicodeScalars.append(scalar)
                value.unicodeScalars.append(scalar)
            } else {
                let (written, scalar) = escaped[choice - 28]
                text += written
                value.unicodeScalars.append(scalar)
            }
        }
        text += "\""
        return value
    }

    private mutating func array(_ depth: Int) -> JSON {
        var elements: [JSON] = []
        text += "["
        for place in 0..<below(6) {
            if place > 0 { text += "," }
            elements.append(value(depth: depth - 1))
        }
        if elements.isEmpty { space() }
        text += "]"
        return .array(elements)
    }

    private mutating func object(_ depth: Int) -> JSON {
        var members: [JSON.Member] = []
        text += "{"
        for place in 0..<below(below(8) == 0 ? 60 : 7) {
            if place > 0 { text += "," }
            space()
            // The number makes names differ.
            let name = String(place) + ["", "n", "name", "a longer name", "the longest of all the names"][below(5)]
            text += "\"\(name)\""
            space()
            text += ":"
            members.append(JSON.Member(name, value(depth: depth - 1)))
        }
        if members.isEmpty { space() }
        text += "}"
        return .object(members)
    }
}

@Suite struct ParserTests {
    @Test(arguments: 0..<10) func randomDocumentsAreReadAsTheyWereMade(seed: UInt64) throws {
        var tape = Tape()
        for round in 0..<50 {
            var random = RandomDocument(seed: seed &* 1_000 &+ UInt64(round))
            let made = random.value(depth: 5)
            try tape.parse(Array(random.text.utf8))
            #expect(JSON(tape.root) == made)
            // What is written is read as the same, and a copy on another tape too.
            var writer = JSONWriter()
            writer.write(tape.root)
            #expect(try JSON(parsing: writer.bytes) == made)
            var other = Tape()
            other.setRoot(other.append(copyOf: tape.root))
            #expect(JSON(other.root) == made && other.root.equals(tape.root))
        }
    }

    @Test(arguments: 0..<10) func everyTruncationIsRefused(seed: UInt64) throws {
        var tape = Tape()
        var random = RandomDocument(seed: seed &+ 7_777)
        // Only a container is incomplete at every cut: of a number's digits, some make a number.
        let bytes = Array("[\"é🐲\\ud83d\\udc32\", {\"a\\n\": -1.5e+7, \"b\": [true, false, null]},".utf8)
        _ = random.value(depth: 3)
        let all = bytes + Array(random.text.utf8) + Array("]".utf8)
        try tape.parse(all)
        for length in 0..<all.count {
            #expect(throws: JSONError.self) { try tape.parse(Array(all[..<length])) }
            #expect(tape.root.isNull)
        }
    }

    @Test(arguments: 0..<10) func changedBytesNeverCrash(seed: UInt64) throws {
        var tape = Tape()
        var writer = JSONWriter()
        var random = RandomDocument(seed: seed &+ 99)
        _ = random.value(depth: 4)
        let original = Array(random.text.utf8)
        guard !original.isEmpty else { return }
        var accepted = 0
        for _ in 0..<2_000 {
            var bytes = original
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.insert(Array("\"\\{}[]:,0-eE. u".utf8)[random.below(15)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            do throws(JSONError) {
                try tape.parse(bytes)
                accepted += 1
                // What is accepted is whole: it can be read, written and read again.
                writer.reset()
                writer.write(tape.root)
                let again = try JSON(parsing: writer.bytes)
                #expect(again == JSON(tape.root))
            } catch {
                #expect(error.offset <= bytes.count)
            }
        }
        #expect(accepted < 2_000)
    }

    /// Unicode 15, table 3-7, and what lies outside of it.
    @Test func onlyWellFormedUTF8IsAccepted() throws {
        var tape = Tape()
        var wrong: [[UInt8]] = []
        func check(_ bytes: [UInt8], isValid: Bool) {
            // Alone, and behind and before other text, so that every path of the scanner meets it.
            for prefix in ["\"", "\"1234567", "\"123456789012345", "\"\\n"] {
                let accepted = (try? tape.parse(Array(prefix.utf8) + bytes + Array("12345678\"".utf8))) != nil
                if accepted != isValid { wrong.append(bytes) }
            }
        }
        for first in UInt8(0x80)...0xFF {
            check([first], isValid: false)
            for second in UInt8(0x78)...0xC8 {
                check([first, second], isValid: 0xC2...0xDF ~= first && 0x80...0xBF ~= second)
                guard first >= 0xE0, second & 0xF < 2 || second & 0xF > 13 else { continue }
                for third in [UInt8(0x7F), 0x80, 0xBF, 0xC0] {
                    let three = [first, second, third]
                    check(three, isValid: String(validating: three, as: UTF8.self) != nil)
                    for fourth in [UInt8(0x7F), 0x80, 0xBF, 0xC0] where first >= 0xEF {
                        let four = three + [fourth]
                        check(four, isValid: String(validating: four, as: UTF8.self) != nil)
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func nestingHasALimit() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        var tape = Tape()
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            try tape.parse(nested(512, open, close))
            #expect(JSON(tape.root).utf8 == nested(512, open, close))
            let error = try #require(throws: JSONError.self) { try tape.parse(nested(513, open, close)) }
            #expect(error.reason == "nested deeper than 512 levels")
            #expect(throws: JSONError.self) { try tape.parse(Array(String(repeating: open, count: 1_000_000).utf8)) }
            var limits = JSONLimits()
            limits.depth = 3
            try tape.parse(nested(3, open, close), limits: limits)
            #expect(throws: JSONError.self) { try tape.parse(nested(4, open, close), limits: limits) }
        }
    }

    @Test func sizeHasALimit() throws {
        var tape = Tape()
        var limits = JSONLimits()
        limits.bytes = 10
        try tape.parse(Array("12345678.9".utf8), limits: limits)
        let error = try #require(throws: JSONError.self) { try tape.parse(Array("12345678.90".utf8), limits: limits) }
        #expect(error.reason == "the document has 11 bytes, more than 10")
        // The largest document is one string: its length has 26 bits.
        #expect(JSONLimits.standard.bytes == 67_108_863)
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: JSONLimits.standard.bytes)
        bytes[0] = UInt8(ascii: "\"")
        bytes[bytes.count - 1] = UInt8(ascii: "\"")
        try tape.parse(bytes)
        #expect(tape.root.utf8.count == bytes.count - 2)
        bytes.append(UInt8(ascii: " "))
        limits.bytes = .max
        #expect(throws: JSONError.self) { try tape.parse(bytes, limits: limits) }
    }

    @Test func namesThatOccurTwiceAreFound() throws {
        var tape = Tape()
        for count in [2, 3, 12, 13, 60, 1_000] {
            let members = (0..<count).map { "\"name \($0)\":{\"inner\":[\($0)]}" }
            try tape.parse(Array("{\(members.joined(separator: ","))}".utf8))
            #expect(tape.root.count == count)
            for twin in [0, count / 2, count - 1] {
                let text = "{\(members.joined(separator: ",")),\"name \(twin)\":1}"
                let error = try #require(throws: JSONError.self) { try tape.parse(Array(text.utf8)) }
                #expect(error.reason == "the same name twice in one object")
                #expect(error.offset == text.utf8.count - "name \(twin)\":1}".utf8.count)
            }
        }
        // The same name once it is unescaped; the empty name; the same name in different objects.
        #expect(throws: JSONError.self) { try JSON(parsing: #"{"a":1,"\u0061":2}"#) }
        #expect(throws: JSONError.self) { try JSON(parsing: #"{"":1,"":2}"#) }
        #expect(throws: JSONError.self) { try JSON(parsing: #"{"x":{"b":{"a":1},"a":{"a":1},"a":1}}"#) }
        _ = try JSON(parsing: #"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}],"":0}"#)
    }

    @Test func memoryIsReusedAcrossDocumentsOfEverySize() throws {
        var tape = Tape()
        for size in [1, 3_000, 2, 100_000, 5] {
            try tape.parse(Array("[\((0..<size).map(String.init).joined(separator: ","))]".utf8))
            #expect(tape.root.count == size)
            #expect(tape.root[size - 1]?.integer == size - 1)
        }
    }

    @Test func spaceIsWhatTheStandardSays() throws {
        #expect(try JSON(parsing: " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n") == [1, 2])
        for byte in (UInt8(0)...0x20).filter({ ![9, 10, 13, 32].contains($0) }) + [0x7F, 0xA0] {
            #expect(throws: JSONError.self) { try JSON(parsing: [UInt8(ascii: "1"), byte]) }
            #expect(throws: JSONError.self) { try JSON(parsing: [UInt8(ascii: "["), byte, UInt8(ascii: "]")]) }
        }
    }

    /// The text, and the place and the reason.
    static let mistakes: [(String, Int, Int, String)] = [
        ("[1,\n 2,\n oops]", 3, 2, "expected a value"), ("{\"a\" 1}", 1, 6, "expected ':'"),
        ("{\"a\":1 \"b\"}", 1, 8, "expected ',' or '}'"), ("[1", 1, 3, "expected ',' or ']', found the end"),
        ("{1:2}", 1, 2, "expected a name in quotes"), ("[1]]", 1, 4, "expected the end"),
        ("\"ab\\q\"", 1, 4, "no such escape in JSON"),
        ("\"a\nb\"", 1, 3, "a control character in a string must be escaped"),
        ("\"abc", 1, 5, "a string without its closing quote"), ("\"abc\\", 1, 5, "a string without its closing quote"),
        ("-", 1, 2, "expected a digit, found the end"), ("01", 1, 2, "a number must not begin with 0"),
        ("1.e5", 1, 3, "expected a digit"),
        ("\"\\ud800x\"", 1, 2, "\\u: the first half of a surrogate pair without the second"),
        ("\"\\udc00\"", 1, 2, "\\u: the second half of a surrogate pair without the first"),
        ("\"\\u12g4\"", 1, 2, "\\u needs four hexadecimal digits"), ("", 1, 1, "expected a value, found the end"),
    ]

    @Test(arguments: mistakes) func mistakesAreNamed(text: String, line: Int, column: Int, reason: String) throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error.line == line && error.column == column && error.reason == reason, "\(error)")
    }
}
