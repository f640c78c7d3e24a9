import Testing

@testable import Patterns

/// A short text is held against a pattern of runs at once: the automaton must say the same.
@Suite struct RunsTests {
    @Test(arguments: [
        "^[0-9]{14}$", "^[A-Z]{2}$", "^[a-z][a-z0-9-]*$", "^[0-9]+\\.[0-9]{2}$", "^-?[0-9]+$", "^\\+[0-9]{6,15}$",
        "^a{2,3}$",
        "^[a-c]{2}[b-d]{3}$", "^a*$", "^a+b+a+$", "^a{3}a{2,4}$", "^A-[0-9]{1,6}-[A-Z]$", "^[a-zA-Z0-9]{0,16}$", "^.a$",
        "^é$",
        "^a{17}$", "^a{16}$", "^a{15,}$", "^a*a$", "^a?b?c$", "^[ -~]*$", "^a$|b", "a", "^[^a]$", "^a{0}b$", "^$",
        "^[]$",
    ])
    func runsAgreeWithTheAutomaton(source: String) throws {
        let pattern = try Pattern(source)
        var random = UInt64(source.utf8.count) &* 0x9E37_79B9_7F4A_7C15 | 1
        func below(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random >> 11) % bound
        }
        let letters = Array("aaaabcd0123456789.-+AZé ~\n".unicodeScalars)
        var texts = [""]
        for length in 0...18 {
            for letter in letters { texts.append(String(repeating: String(letter), count: length)) }
            for _ in 0..<200 {
                texts.append(String(String.UnicodeScalarView((0..<length).map { _ in letters[below(letters.count)] })))
            }
        }
        texts += [
            "FI", "06438012345675", "19.90", "-4", "+358401234", "abbcd", "aabba", "A-1234-B", "a-b-c", "aab", "aaab",
        ]
        for text in texts {
            // What lies behind a text must not matter.
            for behind in ["0000000000000000", "aaaaaaaaaaaaaaaa", "................"] {
                let bytes = Array((text + behind).utf8)
                bytes.withUnsafeBufferPointer { bytes in
                    let text = UnsafeBufferPointer(rebasing: bytes.prefix(text.utf8.count))
                    #expect(
                        pattern.matcher.matches(padded: text) == pattern.matcher.matches(text),
                        "/\(source)/ on '\(String(decoding: text, as: UTF8.self))'")
                }
            }
        }
    }

    @Test func patternsOfRunsAreHeldAgainstTextsAtOnce() throws {
        for source in ["^[0-9]{14}$", "^[a-z][a-z0-9-]*$", "^[0-9]+\\.[0-9]{2}$"] {
            #expect(try Pattern(source).machines.runs != nil)
        }
        for source in ["[0-9]{14}", "^[ab]*a$", "^.$", "^(a|b)$"] { #expect(try Pattern(source).machines.runs == nil) }
    }
}
