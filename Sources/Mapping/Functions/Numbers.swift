import Document
import Glibc

/// Numbers: exact decimals, but for roots and powers that have no exact value.
enum Numbers {
    static let functions: [Function] = [
        Function(
            "number", "<(nsb)-:n>", "A string's number (decimal, 0x, 0o or 0b), or 1 and 0 for true and false.",
            examples: [
                .init("$number(\"19.90\")", "19.9"), .init("$number(\"0x1F\")", "31"), .init("$number(true)", "1"),
                .init("$number(\"000000000000004711\")", "4711"),
                .init("$number(\"-00000000000000000000.50\")", "-0.5"),
                .init("$number(nothing)", nil),
            ], number),
        Function(
            "abs", "<n-:n>", "The magnitude of a number.",
            examples: [.init("$abs(-5.5)", "5.5"), .init("$abs(3)", "3")]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : try machine.value(machine.number(value).magnitude)
        },
        Function(
            "floor", "<n-:n>", "The next integer below.",
            examples: [.init("$floor(-5.3)", "-6"), .init("$floor(5.8)", "5")]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : try machine.value(machine.number(value).rounded(.down))
        },
        Function(
            "ceil", "<n-:n>", "The next integer above.",
            examples: [.init("$ceil(-5.3)", "-5"), .init("$ceil(5.1)", "6")]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            return value.isUndefined ? value : try machine.value(machine.number(value).rounded(.up))
        },
        Function(
            "round", "<n-n?:n>", "Rounded to so many decimals (negative: tens, hundreds); the middle to the even side.",
            examples: [
                .init("$round(123.456, 2)", "123.46"), .init("$round(11.5)", "12"), .init("$round(12.5)", "12"),
                .init("$round(125, -1)", "120"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let decimals = machine.integer(arguments, 1) ?? 0
            if let rounded = machine.rounded(value, places: decimals) { return rounded }
            return try machine.value(
                machine.number(value).rounded(.toNearestOrEven, places: min(max(decimals, -400), 400)))
        },
        Function(
            "power", "<n-n:n>", "A number to the power of another one.",
            examples: [.init("$power(2, 8)", "256"), .init("$power(1.5, 2)", "2.25"), .init("$power(2, -2)", "0.25")],
            power),
        Function(
            "sqrt", "<n-:n>", "The square root.", examples: [.init("$sqrt(4)", "2"), .init("$sqrt(2.25)", "1.5")]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let double = machine.number(value).double
            guard double >= 0 else { throw machine.failure("D3060", "a negative number has no square root") }
            return try machine.value(double.squareRoot())
        },
        Function(
            "formatBase", "<n-n?:s>", "An integer's digits to a base from 2 to 36.",
            examples: [
                .init("$formatBase(100, 2)", #""1100100""#), .init("$formatBase(2555, 16)", #""9fb""#),
                .init("$formatBase(-1e21, 16)", #""-3635c9adc5dea00000""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let whole = machine.number(value).rounded(.toNearestOrEven)
            let given = machine.argument(arguments, 1)
            let radix = given.isNumber ? machine.number(given).rounded(.toNearestOrEven).integer ?? 0 : 10
            guard (2...36).contains(radix) else {
                throw machine.failure("D3100", "the base of $formatBase must be from 2 to 36")
            }
            guard let magnitude = magnitude(whole) else {
                throw machine.failure("D1001", "the number is out of range for $formatBase")
            }
            let sign = whole.isNegative && magnitude != 0 ? "-" : ""
            return try machine.string(sign + String(magnitude, radix: radix))
        },
    ]

    private static func number(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let value = machine.argument(arguments, 0)
        if value.isUndefined || value.isNumber { return value }
        if value.isBoolean { return Value(small: value == .true ? 1 : 0) }
        if let plain = machine.small(text: value) { return plain }
        let utf8 = machine.utf8(value)
        if let number = decimal(utf8) { return try machine.value(number) }
        if utf8.count > 2, utf8[0] == 48 {
            let radix = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2][utf8[1] | 0x20]
            let digits = String(decoding: utf8.dropFirst(2), as: UTF8.self)
            if let radix, digits.utf8.first != UInt8(ascii: "-"), digits.utf8.first != UInt8(ascii: "+"),
                let magnitude = UInt128(digits, radix: radix)
            {
                return try machine.value(Number(isNegative: false, coefficient: magnitude, exponent: 0))
            }
        }
        throw machine.failure("D3030", "$number was given a string that is not a number")
    }

    /// A whole number without its sign; nil where 128 bits don't hold it.
    private static func magnitude(_ whole: Number) -> UInt128? {
        let plain = whole.normalized
        var magnitude = plain.coefficient
        for _ in 0..<max(plain.exponent, 0) {
            let (longer, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            magnitude = longer
        }
        return magnitude
    }

    /// The number that a text of digits means: as JSON writes them, but for zeros in front (`000000000000004711`).
    private static func decimal(_ text: UnsafeBufferPointer<UInt8>) -> Number? {
        let minus = text.first == UInt8(ascii: "-") ? 1 : 0
        guard text.count > minus, text[minus] &- 48 < 10, text[text.count - 1] &- 48 < 10 else { return nil }
        let zeros = text.dropFirst(minus).prefix { $0 == 48 }.count
        let isDigitBehind = minus + zeros < text.count && text[minus + zeros] &- 48 < 10
        let digits = UnsafeBufferPointer(rebasing: text.dropFirst(minus + (isDigitBehind ? zeros : max(zeros - 1, 0))))
        guard let magnitude = Number(digits), magnitude.double.isFinite else { return nil }
        return minus == 1 ? -magnitude : magnitude
    }

    private static func power(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let value = machine.argument(arguments, 0)
        if value.isUndefined { return value }
        let power = machine.argument(arguments, 1)
        guard power.isNumber else { throw machine.failure("D3061", "$power was given no exponent") }
        let base = machine.number(value)
        let exponent = machine.number(power)
        // Whole powers stay exact as long as the digits suffice.
        if let whole = exponent.integer, whole >= 0, whole <= 64,
            Number.digits(base.normalized.coefficient) * whole <= 34
        {
            var result = Number(1)
            for _ in 0..<whole { result = result * base }
            return try machine.value(result)
        }
        let result = pow(base.double, exponent.double)
        guard result.isFinite else {
            throw machine.failure("D3061", "the result of $power is out of range")
        }
        return try machine.value(result)
    }
}
