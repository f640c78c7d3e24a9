import Document
import Testing

@Suite struct ArithmeticTests {
    /// Sign, coefficient and exponent: how a number is written matters too, not its value alone.
    private func parts(_ number: Number?) -> String {
        number.map { "\($0.isNegative ? "-" : "")\($0.coefficient)e\($0.exponent)" } ?? "nil"
    }

    @Test func agreesWithPythonsDecimals() throws {
        for line in arithmeticTable.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let a = try #require(Number(words[0]))
            let b = try #require(Number(words[2]))
            let result: Number? =
                switch words[1] {
                case "+": a + b
                case "-": a - b
                case "*": a * b
                case "/": a.divided(by: b)
                default: a.remainder(dividingBy: b)
                }
            #expect(parts(result) == words[4], "\(line)")
        }
    }

    @Test func keepsTheDigitsOfMoney() throws {
        func check(_ result: Number?, _ text: String) { #expect(result?.description == text) }
        check(Number("19.90")! + Number("0.10")!, "20.00")
        check(Number("19.90")! * 3, "59.70")
        check(Number("100")! - Number("0.01")!, "99.99")
        check(Number("59.70")!.divided(by: 3), "19.90")
        check(Number("1")!.divided(by: 8), "0.125")
        check(Number("1")!.divided(by: 3), "0." + String(repeating: "3", count: 34))
        check(Number("2")!.divided(by: 3), "0." + String(repeating: "6", count: 33) + "7")
    }

    @Test func dividesExactlyOrNotAtAll() {
        #expect(Number(1).dividedExactly(by: 3) == nil)
        #expect(Number(1).dividedExactly(by: 8)?.description == "0.125")
        #expect(Number(1).dividedExactly(by: 0) == nil && Number(1).divided(by: 0) == nil)
        #expect(Number(1).remainder(dividingBy: 0) == nil)
        // 35 digits are too many, 34 are not.
        let most = Number(isNegative: false, coefficient: 9_999_999_999_999_999_999_999_999_999_999_999, exponent: 0)
        #expect(most.dividedExactly(by: 1) == most)
        #expect(most.dividedExactly(by: 2) == nil)
    }

    static let roundings: [(String, FloatingPointRoundingRule, Int, String)] = [
        ("2.5", .toNearestOrEven, 0, "2"), ("3.5", .toNearestOrEven, 0, "4"), ("-2.5", .toNearestOrEven, 0, "-2"),
        ("2.51", .toNearestOrEven, 0, "3"), ("2.5", .toNearestOrAwayFromZero, 0, "3"), ("2.9", .towardZero, 0, "2"),
        ("2.1", .awayFromZero, 0, "3"), ("-2.1", .down, 0, "-3"), ("-2.9", .up, 0, "-2"), ("2.1", .up, 0, "3"),
        ("12.345", .toNearestOrEven, 2, "12.34"), ("12.355", .toNearestOrEven, 2, "12.36"), ("12.3", .up, 2, "12.3"),
        ("1250", .toNearestOrEven, -2, "12e2"), ("1350", .toNearestOrEven, -2, "14e2"),
        ("49", .toNearestOrEven, -2, "0"),
        ("1e-50", .up, 0, "1"), ("1e-50", .toNearestOrEven, 0, "0"), ("-1e-50", .down, 2, "-0.01"),
        ("5e40", .up, 0, "5e40"),
        ("9999999999999999999999999999999999", .up, -1, "1e34"), ("0.5", .toNearestOrEven, 0, "0"),
    ]

    @Test(arguments: roundings)
    func rounds(text: String, rule: FloatingPointRoundingRule, places: Int, expected: String) throws {
        let rounded = try #require(Number(text)).rounded(rule, places: places)
        #expect(rounded == Number(expected)!)
        #expect(rounded.exponent >= -places)
    }

    @Test func floorsAndCeils() {
        #expect(Number("-1.5")!.floor == -2 && Number("-1.5")!.ceiling == -1)
        #expect(Number("1.5")!.floor == 1 && Number("1.5")!.ceiling == 2 && Number("7")!.floor == 7)
    }

    @Test func raisesToWholePowers() {
        #expect(Number(2).power(100)?.description == "1267650600228229401496703205376")
        #expect(Number("1.1")!.power(10)?.description == "2.5937424601")
        #expect(Number("-0.5")!.power(3)?.description == "-0.125")
        #expect(Number(2).power(-2)?.description == "0.25")
        #expect(Number(0).power(0) == 1 && Number(0).power(-1) == nil && Number(7).power(0) == 1)
        #expect(Number(10).power(1_000)?.description == "1e1000")
        #expect(Number(10).power(Int.max) == nil && Number(10).power(Int.min) == nil)
        // 3^100 has 48 digits: 34 of them are kept.
        #expect(Number(3).power(71)?.description == "7509466514979724803946715958257547")
        #expect(Number(3).power(72)?.description == "22528399544939174411840147874772640".dropLast() + "e1")
    }

    @Test(arguments: 0..<20) func followsTheLawsOfArithmetic(seed: UInt64) {
        var random = RandomDocument(seed: seed &+ 31)
        func number() -> Number {
            let digits = random.below(3) == 0 ? 17 : random.below(9) + 1
            let text = (0..<digits).map { _ in String(random.below(10)) }.joined()
            let whole = Number(isNegative: random.below(2) == 0, coefficient: UInt128(text)!, exponent: 0)
            return Number(isNegative: whole.isNegative, coefficient: whole.coefficient, exponent: random.below(9) - 6)
        }
        for _ in 0..<200 {
            let (a, b, c) = (number(), number(), number())
            // Within 34 digits all of these are exact.
            #expect(a + b == b + a && (a + b) + c == a + (b + c))
            #expect(a * b == b * a && a - b == -(b - a) && a - a == 0)
            #expect((a + b) - b == a)
            #expect((a < b) == ((a - b) < 0))
            let product = a * b
            if b != 0 {
                #expect(product.dividedExactly(by: b) == a)
                #expect(
                    (Number(isNegative: a.isNegative, coefficient: a.coefficient, exponent: 0) * b).isMultiple(of: b))
                if let rest = a.remainder(dividingBy: b) {
                    #expect(rest.magnitude < b.magnitude)
                    #expect((a - rest).isMultiple(of: b))
                    #expect(rest == 0 || rest.isNegative == a.isNegative)
                }
            }
            let short = Number(isNegative: false, coefficient: a.coefficient % 100_000, exponent: 0)
            #expect(short * (b + c) == short * b + short * c)
        }
    }
}

@Suite struct NumberReadingTests {
    /// What has more than 34 digits is rounded half to even, looking at all of the rest.
    static let roundings: [(String, String)] = [
        ("12345678901234567890123456789012344", "1234567890123456789012345678901234e1"),
        ("12345678901234567890123456789012345", "1234567890123456789012345678901234e1"),
        ("12345678901234567890123456789012355", "1234567890123456789012345678901236e1"),
        ("12345678901234567890123456789012345.0000000000000000000000000001", "1234567890123456789012345678901235e1"),
        ("123456789012345678901234567890123450000000000000000001", "1234567890123456789012345678901235e20"),
        ("0.12345678901234567890123456789012345", "1234567890123456789012345678901234e-34"),
        ("0.123456789012345678901234567890123450", "1234567890123456789012345678901234e-34"),
        ("99999999999999999999999999999999995", "1000000000000000000000000000000000e2"),
        ("99999999999999999999999999999999994", "9999999999999999999999999999999999e1"),
        ("-99999999999999999999999999999999999999", "-1000000000000000000000000000000000e5"),
        ("0.00000000000000000000000000000000000000000012345", "12345e-47"),
        ("000", "nil"), ("007", "nil"), ("-01", "nil"), ("00.5", "nil"), ("0.5", "5e-1"), ("-0", "-0e0"),
        ("0e5", "0e5"),
        ("1234567890123456789", "1234567890123456789e0"), ("123456789012345678.9", "1234567890123456789e-1"),
        ("1e999999999999999999999", "1e9999999"), ("1e-999999999999999999999", "1e-9999999"), ("1E+2", "1e2"),
        ("0.", "nil"), ("1.e1", "nil"), ("1e+", "nil"), ("1e1.5", "nil"), ("--1", "nil"), ("1 ", "nil"),
        ("1.2.3", "nil"),
        ("-", "nil"), ("-.5", "nil"), ("12345678901234567x", "nil"), ("0x10", "nil"),
    ]

    @Test(arguments: roundings) func readsEveryDigit(text: String, expected: String) {
        let number = Number(text)
        let parts = number.map { "\($0.isNegative ? "-" : "")\($0.coefficient)e\($0.exponent)" } ?? "nil"
        #expect(parts == expected)
    }

    @Test func comparesAcrossAllScales() {
        let texts = [
            "-1e9999999", "-9999999999999999999999999999999999", "-1e33", "-1", "-1e-9999999", "0", "1e-9999999",
            "0.9999999999999999999999999999999999", "1", "1.000000000000000000000000000000001", "10",
            "999999999999999999999999999999999e1", "9999999999999999999999999999999999", "1e34", "1e9999999",
        ]
        let numbers = texts.map { Number($0)! }
        for (place, number) in numbers.enumerated() {
            for (other, against) in numbers.enumerated() {
                #expect((number < against) == (place < other) && (number == against) == (place == other))
            }
        }
        #expect(Number("-0")! == 0 && !(Number("-0")! < 0) && Number("0e9")!.hashValue == Number("-0.00")!.hashValue)
    }

    @Test func convertsToIntegers() {
        #expect(Number("9223372036854775807")!.integer == Int.max && Number("9223372036854775808")!.integer == nil)
        #expect(Number("-9223372036854775808")!.integer == Int.min && Number("-9223372036854775809")!.integer == nil)
        #expect(Number("92233720368547758.07e2")!.integer == Int.max && Number("1.0")!.integer == 1)
        #expect(Number("1.5")!.integer == nil && Number("1e19")!.integer == nil && Number("0e30")!.integer == 0)
        #expect(Number(Int.min).integer == Int.min && Number(Int.min).description == "-9223372036854775808")
    }

    @Test(arguments: [
        "0.1", "1e22", "1e23", "123456789.125", "5e-324", "1.7976931348623157e308", "-0.3", "9007199254740993",
    ])
    func convertsToTheNearestDouble(text: String) {
        #expect(Number(text)!.double == Double(text)!)
        #expect(Number(Double(text)!).map(\.double) == Double(text)!)
    }

    @Test func infinitiesAreNoNumbers() {
        #expect(Number(Double.infinity) == nil && Number(Double.nan) == nil && Number("1e400")!.double == .infinity)
    }

    @Test func partsBeyondTheLimitsAreCut() {
        let most = Number(isNegative: false, coefficient: .max, exponent: .max)
        #expect(most.coefficient < 10_000_000_000_000_000_000_000_000_000_000_000)
        #expect(most.exponent >= 9_999_999 && most > Number("1e9999999")!)
        #expect(Number(isNegative: true, coefficient: 5, exponent: .min) < 0)
    }
}
