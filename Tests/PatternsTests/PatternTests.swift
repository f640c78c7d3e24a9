import Patterns
import Testing

@Suite struct PatternTests {
    /// Pattern, flags, text, and what is found: the match, then each group ("-" for one that took no part).
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let flags: Pattern.Flags
        let text: String
        let found: [String]?

        init(_ pattern: String, _ text: String, _ found: [String]?, _ flags: Pattern.Flags = []) {
            self.pattern = pattern
            self.flags = flags
            self.text = text
            self.found = found
        }

        var testDescription: String { "/\(pattern)/ on '\(text)'" }
    }

    @Test(arguments: [
        Case("a+", "baac", ["aa"]), Case("a+?", "baac", ["a"]), Case("a{2,3}", "aaaa", ["aaa"]),
        Case("a{2,}", "a", nil), Case("a{0}b", "ab", ["b"]), Case("x*", "aaa", [""]),
        Case("^a*$", "aaab", nil), Case("^a*$", "", [""]), Case("b$", "ab\n", nil), Case("^", "", [""]),
        Case("a|ab", "ab", ["a"]), Case("ab|a", "ab", ["ab"]),
        Case("(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "a", "bcd", ""]),
        Case("(a)|(b)", "b", ["b", "-", "b"]), Case("(?:a)(b)", "ab", ["ab", "b"]),
        Case("(?<year>\\d{4})-(?<month>\\d\\d)", "on 2024-05", ["2024-05", "2024", "05"]),
        Case("(z)((a+)?(b+)?(c))*", "zaacbbbcac", ["zaacbbbcac", "z", "ac", "a", "-", "c"]),
        Case("(a*)*", "b", ["", "-"]), Case("(?:a*?)*b", "aab", ["aab"]), Case("(|a)+", "a", ["a", "a"]),
        Case("(a?)*?b", "ab", ["ab", "a"]), Case("(?:(a)|b)*", "ab", ["ab", "-"]), Case("(a?)?", "b", ["", "-"]),
        Case("[a-c]+", "xxabcx", ["abc"]), Case("[^a-c]+", "abxyc", ["xy"]), Case("[]", "a", nil),
        Case("[^]", "\n", ["\n"]), Case("[\\d-x]+", "a1-x", ["1-x"]), Case("[a\\]b]+", "]a", ["]a"]),
        Case("[-a]+", "-a", ["-a"]), Case("[a-]+", "a-", ["a-"]), Case("\\bfoo\\b", "a foo!", ["foo"]),
        Case("\\bfoo\\b", "afoo", nil), Case("\\Boo", "foo", ["oo"]), Case(".", "\n", nil), Case(".", "\u{2028}", nil),
        Case(".", "\n", ["\n"], .dotAll), Case("^b$", "a\nb\nc", ["b"], .multiline), Case("^b$", "a\nb\nc", nil),
        Case("^b", "a\u{2028}b", ["b"], .multiline), Case("STRASSE", "strasse", ["strasse"], .ignoreCase),
        Case("[a-z]+", "ABC", ["ABC"], .ignoreCase), Case("[^a]", "A", nil, .ignoreCase),
        Case("äÖ", "ÄÖ", ["ÄÖ"], .ignoreCase), Case("k", "\u{212A}", nil, .ignoreCase),
        Case("é.o", "caféxo", ["éxo"]), Case("^🐲*$", "🐲🐲", ["🐲🐲"]), Case("^🐲*$", "🐉", nil), Case("^.$", "🐲", ["🐲"]),
        Case("\\u0041\\x42\\cJ\\u{43}", "AB\nC", ["AB\nC"]), Case("\\uD83D\\uDC32", "🐲", ["🐲"]),
        Case("\\p{L}+", "1né2", ["né"]), Case("\\P{L}+", "né12", ["12"]), Case("^\\p{Letter}+$", "日本", ["日本"]),
        Case("\\p{digit}", "२", ["२"]), Case("\\d", "२", nil), Case("\\p{gc=Lu}", "aB", ["B"]),
        Case("\\p{Script=Greek}+", "abγδ", ["γδ"]), Case("^\\p{sc=Hani}+$", "日本", ["日本"]),
        Case("\\p{sc=Hira}", "ー", nil),
        Case("\\p{scx=Hira}", "ー", ["ー"]), Case("\\P{Script=Latin}+", "aя!", ["я!"]),
        Case("[\\p{Emoji}x]+", "ax😀", ["x😀"]),
        Case("\\p{ExtPict}", "1❤", ["❤"]), Case("\\p{RI}{2}", "🇫🇮", ["🇫🇮"]), Case("\\p{XIDC}+", "-a1_", ["a1_"]),
        Case("\\p{Pattern_Syntax}+", "a+-", ["+-"]), Case("\\p{Dash}", "–", ["–"]), Case("\\p{EComp}", "#", ["#"]),
        Case("\\p{Lu}", "b", ["b"], .ignoreCase), Case("[\\p{Sc}\\s]+", "a€ b", ["€ "]),
        Case("\\s", "\u{FEFF}", ["\u{FEFF}"]), Case("\\w", "é", nil), Case("\\$\\.\\/\\-", "$./-", ["$./-"]),
        Case("a{", "a{", ["a{"]), Case("a{,2}", "a{,2}", ["a{,2}"]), Case("}]", "}]", ["}]"]),
        Case("\\0", "\0", ["\0"]), Case("[\\b]", "\u{8}", ["\u{8}"]),
    ])
    func finds(_ check: Case) throws {
        let pattern = try Pattern(check.pattern, flags: check.flags)
        let match = pattern.firstMatch(in: check.text)
        func slice(_ range: Range<Int>) -> String { String(decoding: Array(check.text.utf8)[range], as: UTF8.self) }
        let found = match.map { [slice($0.range)] + $0.captures.map { $0.map(slice) ?? "-" } }
        #expect(found == check.found)
        #expect(pattern.matches(check.text) == (check.found != nil))
    }

    @Test(arguments: [
        "(", ")", "(a", "a)", "[", "[a", "*", "+a", "a**", "a{2}{3}", "a{3,2}", "^*", "(?=a)", "(?!a)", "(?<=a)b",
        "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "(?<n>a)(?<n>b)", "(?<1>a)", "(?P<n>a)", "(?i)a", "(?#x)", "\\", "\\a",
        "\\u12", "\\x1", "\\c1", "\\p{Script=Klingon}", "\\p{Script}", "\\p{Latin}", "\\p{Nope}", "\\p{x=Latin}",
        "\\pL", "[b-a]", "\\01",
        "\\u{110000}", "\\uD800", "{2}",
    ])
    func refuses(_ source: String) {
        #expect(throws: PatternError.self) { try Pattern(source) }
    }

    @Test func namesThePlaceAndTheReasonOfAnError() throws {
        let error = try #require(throws: PatternError.self) { try Pattern("abc(?=d)") }
        #expect(error.position == 3)
        #expect(error.reason.contains("lookaround"))
    }

    @Test(arguments: ["(a{1000}){1000}", "((a{100}){100}){100}", "(((x?){1000}){1000}){1000}"])
    func refusesPatternsThatWouldTakeTooMuchMemory(_ source: String) {
        #expect(throws: PatternError.self) { try Pattern(source) }
    }

    @Test func refusesGroupsNestedTooDeep() throws {
        let deep = String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)
        #expect(throws: PatternError.self) { try Pattern(deep) }
        _ = try Pattern(String(repeating: "(?:", count: 128) + "a" + String(repeating: ")", count: 128))
    }

    /// Each takes exponential time in a backtracking engine; finishing at all is the point.
    @Test(arguments: [
        "(a*)*b", "(a|a)*b", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*x", "^.{0,1000}x$", "(x+x+)+y",
    ])
    func hostilePatternsStayLinear(_ source: String) throws {
        let pattern = try Pattern(source)
        let text = String(repeating: "a", count: 5_000) + "!"
        #expect(!pattern.matches(text))
        #expect(pattern.firstMatch(in: text) == nil)
    }

    @Test func findsAllMatchesByGoingOnFromTheLastEnd() throws {
        let pattern = try Pattern("\\b\\w+")
        let text = "one two, drei"
        var found: [Range<Int>] = []
        var from = 0
        while let match = pattern.firstMatch(in: text, from: from) {
            found.append(match.range)
            from = match.range.upperBound
        }
        #expect(found == [0..<3, 4..<7, 9..<13])
    }

    @Test func anOffsetDoesNotMakeATextStart() throws {
        #expect(try Pattern("^b").firstMatch(in: "ab", from: 1) == nil)
        #expect(try Pattern("\\bb").firstMatch(in: "ab", from: 1) == nil)
        #expect(try Pattern("^b", flags: .multiline).firstMatch(in: "\nb", from: 1)?.range == 1..<2)
        #expect(try Pattern("$").firstMatch(in: "ab", from: 2)?.range == 2..<2)
    }

    @Test func namesItsGroups() throws {
        #expect(try Pattern("(?<a>x)(y)(?<b>z)").groupNames == ["a", nil, "b"])
    }

    @Test func bytesThatAreNotUTF8NeverCrash() throws {
        let patterns = try ["^.*$", "é", "[^a]+$", "\\b", "$"].map { try Pattern($0, flags: .multiline) }
        for length in 1...4 {
            for lead in UInt8(0x7F)...0xFF {
                var bytes = Array(repeating: UInt8(0xE2), count: length)
                bytes[length - 1] = lead
                bytes.withUnsafeBufferPointer { buffer in
                    for pattern in patterns {
                        #expect((pattern.firstMatch(in: buffer) != nil) == pattern.matches(buffer))
                    }
                }
            }
        }
    }
}
