import Document
import Testing

@testable import Mapping

/// Names are looked up many at a time, by their first and last bytes: which are asked for together must not matter.
@Suite struct NameTests {
    @Test("Names of any length are told apart, whatever they share")
    func alike() throws {
        let names = [
            "", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefgh-12345678", "abcdefgh-12x45678",
            "abcdefgh-1234567890-12345678", "abcdefgh-1234567x90-12345678", "abcdefghabcdefgh", "abcdefghABCDEFGH",
            "\u{E4}",
            "a\u{308}",
        ]
        let members = names.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        for asked in [names, names.reversed()] {
            let source = "{" + asked.enumerated().map { "\"\($0)\": `\($1)`" }.joined(separator: ", ") + "}"
            let expected = asked.enumerated().map { place, name in
                "\"\(place)\":\(names.firstIndex { $0.utf8.elementsEqual(name.utf8) }!)"
            }
            #expect(try map(source, "{\(members)}") == "{" + expected.joined(separator: ",") + "}")
        }
    }

    @Test("A wide object gives all of its members, and undefined for others")
    func wide() throws {
        let members = (0..<300).map { "\"name_\($0)\": \($0)" }.joined(separator: ", ")
        let source = "{" + (0..<300).map { "\"k\($0)\": name_\($0 * 2)" }.joined(separator: ", ") + "}"
        let expected = (0..<150).map { "\"k\($0)\":\($0 * 2)" }.joined(separator: ",")
        #expect(try map(source, "{\(members)}") == "{\(expected)}")
    }

    @Test("Objects that take turns in one place of a mapping keep their own members")
    func turns() throws {
        let input = #"{"a": {"x": 1, "y": 2}, "b": {"x": 3}, "rows": [{"x": 4, "y": 5}, {"y": 6}, {"x": 7}]}"#
        #expect(
            try map("($f := function($o) { [$o.x, $o.y, $o.x] }; [$f(a), $f(b), $f(a)])", input)
                == "[1,2,1,3,3,1,2,1]")
        #expect(
            try map("rows.{\"x\": x, \"y\": y, \"b\": $$.b.x}", input)
                == #"[{"x":4,"y":5,"b":3},{"y":6,"b":3},{"x":7,"b":3}]"#)
        #expect(try map("$sum(rows.x) + $sum(rows.y) + a.x", input) == "23")
    }

    @Test("What was found in an object isn't what a transform makes of it")
    func transformed() throws {
        let input = #"{"a": {"b": {"c": 1, "d": 2}}, "l": [{"c": 1}, {"c": 2}]}"#
        #expect(
            try map("$ ~> |a.b|{\"c\": c + 1, \"e\": c}| ~> |a.b|{\"c\": c * 10}, [\"d\"]| ~> $lookup(\"a\")", input)
                == #"{"b":{"c":20,"e":1}}"#)
        #expect(try map("($f := function($o) { $o.c }; $t := $ ~> |l|{\"c\": $f($) + 5}|; $t.l.c)", input) == "[6,7]")
        #expect(
            try map("($f := function($o) { $o.c }; $t := $ ~> |l[1]|{\"c\": $f($) + 5}|; $f($t.l[1]))", input) == "7")
        #expect(try map("($x := $ ~> |a|{\"n\": b.c}|; [$x.a.n, $x.a.b.c, a.b.c])", input) == "[1,1,1]")
    }

    @Test("A path that begins with names goes on where an array, a scalar or nothing is met, filtered per object")
    func beginnings() throws {
        let input = #"""
            {"a": {"l": [{"k": 1, "v": 1}, {"k": 2, "v": 2}], "one": {"k": 2, "v": 3}, "s": 5, "e": []},
             "b": [{"l": [{"k": 2, "v": 4}]}, {"l": [{"k": 1, "v": 5}, {"k": 2, "v": 6}]}, {}, 7]}
            """#
        #expect(try map("a.l[k = 2].v", input) == "2")
        #expect(try map("b.l[k = 2].v", input) == "[4,6]")
        #expect(try map("b.l[0].v", input) == "[4,5]")
        #expect(try map("(b.l)[0].v", input) == "4")
        #expect(try map("a.one[k = 2].v", input) == "3")
        #expect(try map("a.s[$ = 5]", input) == "5")
        #expect(try map("a.e[k = 2].v", input) == nil)
        #expect(try map("a.none.x[k = 2].v", input) == nil)
        #expect(try map("a.s.x[k = 2].v", input) == nil)
        #expect(try map("a.l.{\"v\": v}", input) == #"[{"v":1},{"v":2}]"#)
        #expect(try map("a.l{\"x\": $sum(v)}", input) == #"{"x":3}"#)
        let nothing = try map("nothing.x{\"x\": v}", input)
        #expect(try map("a.none.x{\"x\": v}", input) == nothing)
        #expect(try map("a.l[]. [v]", input) == "[[1],[2]]")
        #expect(try map("a.([l, one]).v", input) == "[1,2,3]")
        #expect(try map("b.l[k = 2]^(>v).v", input) == "[6,4]")
    }

    @Test("A variable with names behind it may hold an object, an array, nothing or a scalar")
    func variables() throws {
        let input = #"{"o": {"n": {"v": 1}}, "l": [{"n": {"v": 1}}, {"n": [{"v": 2}, {"v": 3}]}], "s": 5}"#
        #expect(try map("($x := o; $x.n.v)", input) == "1")
        #expect(try map("($x := l; $x.n.v)", input) == "[1,2,3]")
        #expect(try map("($x := s; $x.n.v)", input) == nil)
        #expect(try map("($x := missing; $x.n.v)", input) == nil)
        #expect(try map("l.$.n.v", input) == "[1,2,3]")
        #expect(try map("$$.l[1].n.v", input) == "[2,3]")
    }

    @Test("What was found is forgotten when a transform changes the object")
    func transforms() throws {
        let input = #"{"o": {"a": 1, "b": 2}}"#
        #expect(try map("[$ ~> |o|{\"a\": a + 10}|, o.a].(o.a ? o.a : $)", input) == "[11,1]")
    }

    @Test("$number of a number, of a text, and with another argument before it")
    func toNumber() throws {
        #expect(try map("[$number(\"1.50\"), $number(2), $number(true)]") == "[1.5,2,1]")
        #expect(mappingError("$number(\"x\")")?.code == "D3030")
        #expect(mappingError("1 ~> $number(2)")?.code == "T0410")
        #expect(try map("\"7\" ~> $number()") == "7")
        #expect(mappingError("$number($number($number($number([]))))")?.code == "T0410")
    }

    /// A quotient that doesn't terminate has no digits until somebody asks for them: whoever does sees the same number.
    @Test func endlessQuotientsAreTheSameNumberWhereverTheyGo() throws {
        #expect(
            try map("[2 / 3, -2 / 3, $round(2 / 3, 2), $round(-2 / 3), $round(200 / 3, -1), 0.7 / 0.3, 1e20 / 7]")
                == "[0.6666666666666666,-0.6666666666666666,0.67,-1,70,2.3333333333333335,14285714285714287000]")
        #expect(
            try map("[2 / 3 = 2 / 3, 2 / 3 < 0.67, $string(2 / 3), 2 / 3 & '', -(2 / 3), $abs(-2 / 3)]")
                == #"[true,true,"0.666666666666667","0.666666666666667",-0.6666666666666666,0.6666666666666666]"#)
        #expect(try map("$sort([2 / 3, 0.5, 1 / 3])") == "[0.3333333333333333,0.5,0.6666666666666666]")
        #expect(
            try map("{ 'a': 2 / 3, 'b': [1 / 3], 'c': $sum([1 / 3, 2 / 3]), 'd': $string({ 'x': 1 / 3 }) }")
                == #"{"a":0.6666666666666666,"b":[0.3333333333333333],"c":1,"d":"{\"x\":0.333333333333333}"}"#)
        #expect(try map("(2 / 3) ? 'yes' : 'no'") == #""yes""#)
        #expect(try map("$type(2 / 3) = 'number' and $boolean(1 / 3)") == "true")
    }

    /// Rounding a quotient agrees with rounding its digits.
    @Test func quotientsRoundAsTheirDigitsDo() throws {
        for dividend in stride(from: 1, through: 400, by: 7) {
            for divisor in [3, 7, 9, 11, 13, 125.5, 17.3, 0.7, 0.03, 999] as [Double] {
                for places in 0...4 {
                    let quotient = "(\(dividend) / \(divisor))"
                    #expect(
                        try map("$round(\(quotient), \(places))")
                            == map("$round($number($string(\(quotient))), \(places))"),
                        "\(quotient) to \(places)")
                }
            }
        }
    }

    /// A number that is written in a string already as it would be printed stays as it stands; others become what they mean.
    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("7", "7"), ("-7", "-7"), ("007", "7"), ("19.9", "19.9"), ("19.90", "19.9"),
        ("0.5", "0.5"),
        ("-0.5", "-0.5"), ("00.5", "0.5"), ("100", "100"), ("1e3", "1000"), ("1.5E-7", "1.5e-7"), ("0.0", "0"),
        ("-0.0", "0"),
        ("5.0", "5"), ("123456789012345", "123456789012345"), ("1234567890123456", "1234567890123456"),
        ("12345678901234567890", "12345678901234567890"), ("0.12345678901234", "0.12345678901234"),
        ("0.1234567890123456", "0.1234567890123456"), ("-123456789012.25", "-123456789012.25"),
    ])
    func numbersInStringsMeanWhatTheySay(text: String, number: String) throws {
        #expect(try map("$number(a)", #"{"a":"\#(text)"}"#) == number)
        #expect(try map("$number(a) = \(number)", #"{"a":"\#(text)"}"#) == "true")
        #expect(try map("$number(a) + 1 = \(number) + 1", #"{"a":"\#(text)"}"#) == "true")
        #expect(try map("$string($number(a)) = $string(\(number))", #"{"a":"\#(text)"}"#) == "true")
    }

    @Test(arguments: ["", "-", ".5", "5.", "1.2.3", "1,5", "12a", " 12", "12 ", "+1", "--1", "1-", "1.-5"])
    func whatIsNoNumberIsRefused(text: String) {
        #expect(mappingError("$number(a)", #"{"a":"\#(text)"}"#)?.code == "D3030")
    }

    @Test("Quotients that terminate soon are exact")
    func quotients() throws {
        #expect(try map("[84500 / 1000, 1 / 8, 6 / 4, -7 / 2, 0 / 5, 1 / 3 * 3 = 1]") == "[84.5,0.125,1.5,-3.5,0,true]")
    }
}
