import Document
import Schema
import Testing

@Suite struct FormatTests {
    /// Format, texts that fit, texts that don't.
    static let cases: [(String, [String], [String])] = [
        (
            "gtin", ["06438012345675", "00000040170725", "10614141000415"],
            ["6438012345675", "06438012345672", "00000000000000", "0643801234567X", "", "064380123456752"]
        ),
        ("gln", ["6438012345675", "4012345000009"], ["4012345000008", "0000000000000", "06438012345675"]),
        (
            "e164", ["+358401234567", "+1555", "+123456789012345"],
            ["358401234567", "+0401234567", "+1234567890123456", "+12a4", "+12"]
        ),
        ("currency", ["EUR", "XXX"], ["eur", "EU", "EURO", "E1R"]),
        (
            "date-time", ["2024-02-29T14:02:11Z", "2024-05-31t23:59:60z", "2024-05-31T14:02:11.123456789+05:30"],
            [
                "2023-02-29T14:02:11Z", "2024-05-31T14:02:11", "2024-05-31 14:02:11Z", "2024-05-31T24:00:00Z",
                "2024-05-31T22:59:60Z",
            ]
        ),
        ("date", ["2024-02-29", "2000-02-29"], ["1900-02-29", "2024-13-01", "2024-1-01", "2024-04-31", "２024-04-30"]),
        ("time", ["14:02:11Z", "01:29:60+01:30"], ["14:02:11", "14:60:00Z", "14:02:11.Z", "14:02:11+24:00"]),
        ("duration", ["P3D", "PT12H30M", "P1Y2M3DT1S", "P2W"], ["P", "PT", "P1D2H", "P1YT", "3D", "P1M1Y", "P1W1D"]),
        (
            "email", ["ada@example.org", "\"a b\"@example.org", "a+b@[192.168.1.1]", "a@[IPv6:::1]", "a@[ipv6:::1]"],
            ["ada", "@example.org", "a..b@example.org", ".a@example.org", "a@", "a b@example.org", "a@-x.org"]
        ),
        (
            "uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"],
            ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", ""]
        ),
        (
            "uri",
            ["https://example.org/a?b=c#d", "urn:epc:id:sgtin:0614141.107346.2017", "mailto:a@b", "http://[::1]:80/"],
            [
                "//example.org", "a/b", "https://example.org/a b", "https://[::1", "https://a:port/", "http://a/%zz",
                "http://é/",
            ]
        ),
        ("uri-reference", ["../a", "#x", "", "?q"], ["a b", "1:a", "\\\\a"]),
        (
            "iri",
            ["https://exämple.org/ä", "http://a/\u{FFEF}", "http://a/\u{1F600}", "http://a/?\u{E000}\u{10FFFD}"],
            [
                "ä", "http://a/\u{80}", "http://a/\u{E000}", "http://a/\u{FFF0}",
                "http://a/\u{E0001}", "http://a/#\u{F0000}", "http://\u{FFF0}/",
            ]
        ),
        (
            "idn-email", ["ä@ö.de", "a@cafe\u{301}.com", "실례@실례.테스트", "a@b", "ä@[127.0.0.1]", "\"ä\"@b"],
            ["ä", "@ä", "a@〮b", "a@😀.de", "a@b。de", "ä@-ö.de", "ä..b@c"]
        ),
        ("ipv4", ["127.0.0.1", "255.255.255.255"], ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.4\n"]),
        (
            "ipv6", ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
            [":::", "1:2:3:4:5:6:7", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "::1.2.3", "1:"]
        ),
        (
            "hostname", ["example.org", "a", "xn--exmple-cua.org", "XN--EXMPLE-CUA.org", "a--b"],
            ["-a", "a-", "a..b", "", "a_b", "ab--c", "xn--", "xn--a", "xn--a-ecp.ru"]
        ),
        (
            "idn-hostname",
            ["münchen.example", "日本語。jp", "example.org", "xn--mnchen-3ya.example", "नेपाल", "אב1", "ا٠", "l·l", "a-b"],
            [
                "München.example", "mu\u{308}nchen", "ab--ü", "-ü", "ü-", "a\u{AD}ü", "☃.example", "①", "1אב", "אa",
                "ß..a",
                "a_b", "\u{1100}\u{1161}", "Ⅳ", "ﬁ", "٠ا٠", "אב-", "ü\u{20DD}",
            ]
        ),
        ("json-pointer", ["", "/a~0b/~1", "/"], ["a", "/~2", "/~"]),
        ("relative-json-pointer", ["0", "1/a", "2#"], ["-1", "01", "1a", "1##", ""]),
        (
            "regex",
            [
                "^a$", "[a-z]+", "(?=a)b", "(?<!a)b", "(a)\\1", "\\k<a>(?<a>b)", "\\p{L}", "\\p{Script=Greek}",
                "\\p{sc=Grek}",
                "[^]", "a{2,3}?", "(?i-s:a)", "(?<a>b)|(?<a>c)", "\\u{1F600}", "\\-", "[\\-\\]]", "\\x41\\cJ\\0", "a|",
                "",
                "\\ud83d\\ude00", "(?<\\u0061>b)", "a{18446744073709551616}",
            ],
            [
                "(", "[a", "a**", "\\a", "\\1", "\\k<a>", "\\p{Nonsense}", "\\p{Script=Klingon}", "{", "a{3,2}",
                "(?<a>b)(?<a>c)",
                "(?P<a>b)", "(?i)a", "[z-a]", "[\\d-z]", "(?=a)*", "\\u{110000}", "\\01", "\\", "+", ")", "]", "(?-:a)",
                "(?ii:a)", "(?<1>a)", "\\Qa\\E", "a{99999999999999999999,1}", "\\x4",
            ]
        ),
        ("uri-template", ["http://a/{b}", "{+a,b*}", "{?q:3}"], ["http://a/{b", "{a..b}", "{}", "a b"]),
    ]

    @Test(arguments: cases)
    func tellsWhatFits(format: String, fitting: [String], others: [String]) throws {
        let schema = try compile(#"{"format": "\#(format)"}"#)
        for text in fitting { #expect(try violations(schema, JSON.string(text).text).isEmpty, "\(format): \(text)") }
        for text in others { #expect(try !violations(schema, JSON.string(text).text).isEmpty, "\(format): \(text)") }
        #expect(try violations(schema, "12").isEmpty)
    }

    @Test func formatsAreAnnotationsWhenAskedTo() throws {
        var options = SchemaSet.Options()
        options.assertsFormats = false
        #expect(try violations(compile(#"{"format": "date"}"#, options: options), #""never""#).isEmpty)
    }
}
