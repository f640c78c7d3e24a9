import Document
import Testing

@testable import Mapping

/// Numbers that fit in a word are read and calculated on a way of their own: it must give what exact arithmetic gives.
@Suite struct SmallNumberTests {
    /// JSON numbers of every length and place of the point, with zeros in every place, at the edges of a word and beyond.
    static let texts: [String] = {
        var texts = [
            "0", "-0", "7", "-7", "10", "99999999", "100000000", "-99999999", "2251799813685247", "2251799813685248",
            "-2251799813685248", "-2251799813685249", "99999999999999999", "0.00000000000000001", "1e3", "25E-2",
            "0.0", "0.10", "5.00", "1234567890.12345678901",
        ]
        for digits in ["1", "90", "123", "4009", "56789", "100001", "9999999", "12345678", "123456789"] {
            texts.append("-" + digits)
            for point in 1..<digits.count {
                texts.append(String(digits.prefix(point) + "." + digits.dropFirst(point)))
            }
            texts.append("0." + digits)
        }
        return texts
    }()

    @Test("A number is what its text says, whatever its length and wherever its point is")
    func reading() throws {
        for text in Self.texts {
            let exact = try #require(Number(text))
            #expect(try map("a + 0", #"{"a": \#(text)}"#) == exact.jsonText, "\(text)")
        }
    }

    @Test("Sums, differences, products and comparisons are exact")
    func calculating() throws {
        for left in Self.texts {
            let a = try #require(Number(left))
            for right in Self.texts {
                let b = try #require(Number(right))
                let input = #"{"a": \#(left), "b": \#(right)}"#
                // Beyond 34 digits nothing is exact.
                guard Number.digits(a.coefficient) + Number.digits(b.coefficient) <= 30 else { continue }
                let order = a == b ? 0 : a < b ? -1 : 1
                let expected =
                    "[\((a + b).jsonText),\((a - b).jsonText),\((a * b).jsonText),\((a + b).jsonText),\(order)]"
                let found = try map("[a + b, a - b, a * b, $sum([a, b]), a < b ? -1 : a > b ? 1 : 0]", input)
                #expect(found == expected, "\(left), \(right)")
            }
        }
    }

    @Test(
        "A text that is no plain number isn't taken for one",
        arguments: [
            "", ".", "-", "1.", ".5", "1..2", "1.2.3", "1,2", "12:4", "1/2", "1 2", " 1", "1 ", "+1", "--1",
            "1-",
            "1234567.", ".1234567", "1234567/", "1234567:", "١", "1\u{0}", "12345678x", "1.2345678.",
        ])
    func otherTexts(_ text: String) throws {
        var input = JSON.object([.init("a", .string(text))]).text
        #expect(mappingError("$number(a)", input)?.code == "D3030", "\(text)")
        // Behind it lies another number's text.
        input = JSON.object([.init("a", .string(text)), .init("b", .string("123456789"))]).text
        #expect(mappingError("$number(a)", input)?.code == "D3030", "\(text)")
    }

    @Test(
        "What is summed is summed exactly, and what isn't a list of numbers is an error",
        arguments: [
            Row("$sum(a)", #"{"a": [0.1, 0.2, 12.345, -0.005]}"#, "12.64"),
            Row("$sum(a)", #"{"a": []}"#, "0"),
            Row("$sum(a)", #"{"a": 4.50}"#, "4.5"),
            Row("$sum(a)", "{}", nil),
            Row("$sum(a)", #"{"a": [2251799813685247, 2251799813685247, 0.000001]}"#, "4503599627370494.000001"),
            Row("$sum(a)", #"{"a": [12345678901234567890, 1]}"#, "12345678901234567891"),
            Row("$sum(a)", #"{"a": [0.5, -0.5]}"#, "0"),
            Row("$sum($)", "[1, 2, 3]", "6"),
            Row("$sum(a.b)", #"{"a": [{"b": [1, 2]}, {"b": 3}, {}]}"#, "6"),
            Row("a ~> $sum", #"{"a": [1, 2]}"#, "3"),
            Row("a ~> $sum()", #"{"a": [1, 2]}"#, "3"),
            Row("$map([[1, 2], [3]], $sum)", "{}", "[3,3]"),
            Row("$sum(a / 3)", #"{"a": 1}"#, "0.3333333333333333"),
        ])
    func sums(_ row: Row) throws { try row.check() }

    @Test(
        "A sum of what isn't numbers says so",
        arguments: [
            #"["1", 2]"#, #"[1, "2"]"#, #"[[1], [2]]"#, #"[{"a": 1}]"#, #""1""#, "true", #"{"a": 1}"#, "null",
        ])
    func notNumbers(_ value: String) throws {
        #expect(mappingError("$sum(a)", #"{"a": \#(value)}"#)?.code.hasPrefix("T04") == true)
    }
}
