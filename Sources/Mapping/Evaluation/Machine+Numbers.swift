internal import CBytes
import Document

extension Machine {
    /// A number's value, whatever holds it.
    func number(_ value: Value) -> Number {
        switch value.tag {
        case Value.decimal: value.smallNumber
        case Value.real: Number(double(value).description) ?? Number(0)
        default: Number(utf8(value)) ?? Number(0)
        }
    }

    /// The number that a text means which begins as this evaluator would write it, where it stands: nothing is computed for a
    /// number that only moves. Nil for any other text.
    func standing(text value: Value) -> Value? {
        let start = tape.fixed.bytes + value.offset
        let sign = start.pointee == UInt8(ascii: "-") ? 1 : 0
        let digits = value.length &- sign
        guard digits > 0, digits <= 16 else { return nil }
        let others = omni_no_digits(start + sign) & (1 &<< UInt32(truncatingIfNeeded: digits) &- 1)
        let whole = others == 0 ? digits : others.trailingZeroBitCount
        guard whole > 0, start[sign] != 48 || whole == 1 else { return nil }
        var length = value.length
        if others != 0 {
            guard others & (others &- 1) == 0, start[sign &+ whole] == UInt8(ascii: "."), whole < digits &- 1 else {
                return nil
            }
            // Zeros at the end say nothing.
            while start[length &- 1] == 48 { length &-= 1 }
            if start[length &- 1] == UInt8(ascii: ".") { length &-= 1 }
        }
        let isInteger = length == sign &+ whole
        guard !isInteger || sign == 0 || start[1] != 48 else { return nil }
        return Value(bits: TapeWords.text(.number, offset: value.offset, length: length, flag: isInteger))
    }

    /// A number as a value: in the word if it fits, else as text on the tape.
    func value(_ number: Number) throws(MappingFailure) -> Value {
        if let value = Value(exact: number) { return value }
        return try text(of: number, inexact: false)
    }

    /// A double as a value; infinities and NaN are refused.
    func value(_ double: Double) throws(MappingFailure) -> Value {
        guard double.isFinite else { throw failure("D1001", "the number is out of range") }
        if double == double.rounded(.towardZero), double.magnitude < 1e15 { return Value(small: Int(double)) }
        let text = double.description
        // Doubles below have no exponent when they are printed.
        if double.magnitude >= 0.0001, double.magnitude < 1e15 { return try value(plainDouble: text) }
        guard let number = Number(text) else { throw failure("D1001", "the number is out of range") }
        if number.coefficient < 1_000_000_000_000_000, let value = Value(exact: number) { return value }
        return try self.text(of: number, inexact: true)
    }

    /// A double that is written without an exponent: the same text, or a word where few digits suffice.
    private func value(plainDouble text: String) throws(MappingFailure) -> Value {
        let offset = tape.byteCount
        let written = try string(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
        let isInteger = !text.utf8.contains(UInt8(ascii: ".")) || text.hasSuffix(".0")
        let value = Value(
            bits: TapeWords.text(.number, offset: offset, length: written.length, flag: isInteger) | Value.inexact)
        guard let small = small(text: value), small.coefficient.magnitude < 1_000_000_000_000_000 else { return value }
        tape.truncate(bytes: offset)
        return small
    }

    func value(_ integer: Int) -> Value {
        Value(coefficient: integer, exponent: 0)
            ?? ((try? text(of: Number(integer), inexact: false)) ?? .undefined)
    }

    private func text(of number: Number, inexact: Bool) throws(MappingFailure) -> Value {
        // Beyond what a double can hold, the reference has infinity.
        guard number.coefficient == 0 || number.exponent + Number.digits(number.coefficient) <= 309 else {
            throw failure("D1001", "the number is out of range")
        }
        let word = try appendText(of: number)
        return Value(bits: inexact ? word | Value.inexact : word)
    }

    /// Appends a number's plain text; answers its word.
    func appendText(of number: Number) throws(MappingFailure) -> UInt64 {
        let text = Array(number.jsonText.utf8)
        try reserve(bytes: text.count)
        let offset = text.withUnsafeBufferPointer { tape.append(bytes: $0.baseAddress!, count: $0.count) }
        let isInteger = !text.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }
        return TapeWords.text(.number, offset: offset, length: text.count, flag: isInteger)
    }

    func isZero(_ value: Value) -> Bool {
        if value.tag == Value.decimal { return value.coefficient == 0 }
        if value.isReal { return double(value) == 0 }
        for byte in utf8(value) {
            if byte | 0x20 == UInt8(ascii: "e") { break }
            if byte > 48, byte <= 57 { return false }
        }
        return true
    }

    /// The whole number at or below; clamped to what a place can be.
    func floor(_ value: Value) -> Int {
        if let small = small(value), small.exponent == 0 { return small.coefficient }
        let whole = number(value).rounded(.down)
        return whole.integer ?? (whole.isNegative ? -(1 << 51) : 1 << 51)
    }

    // MARK: Operators

    @inline(never)
    private func noNumber(
        _ value: Value, _ code: String, _ side: String, _ operation: Int32, _ input: Value
    ) -> MappingFailure {
        let symbol = operations[Int(operation)].kind.symbol
        return failure(
            code, "the \(side) side of '\(symbol)' must be a number, and is \(type(of: value).described)",
            at: operation,
            token: symbol, input: input)
    }

    mutating func arithmetic(_ operation: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let code = operations + Int(operation)
        let left = try operand(code.pointee.a, input)
        let right = try operand(code.pointee.b, input)
        let kind = code.pointee.kind
        guard left.isUndefined || left.isNumber else { throw noNumber(left, "T2001", "left", operation, input) }
        guard right.isUndefined || right.isNumber else { throw noNumber(right, "T2002", "right", operation, input) }
        if left.isUndefined || right.isUndefined { return .undefined }
        do throws(MappingFailure) {
            return try calculate(kind, left, right)
        } catch {
            if code.pointee.flags.contains(.special), case .error(let found) = error, found.code == "D1001" {
                throw failure(
                    "D3001", "$string was given what is no number: the result of '\(kind.symbol)' is out of range",
                    at: operation, token: kind.symbol, input: input)
            }
            throw place(error, at: operation, token: kind.symbol, input: input)
        }
    }

    // MARK: Doubles without text

    /// A double that may never need its text: most are rounded.
    func value(real double: Double) throws(MappingFailure) -> Value {
        guard double.isFinite, double != double.rounded(.towardZero) else { return try value(double) }
        try reserve(bytes: 8)
        let offset = tape.byteCount
        UnsafeMutableRawPointer(tape.bytes + offset).storeBytes(of: double, as: Double.self)
        tape.truncate(bytes: offset + 8)
        return Value(bits: Value.real << 60 | UInt64(offset))
    }

    /// What a value of tag ``Value/real`` is.
    func double(_ value: Value) -> Double {
        UnsafeRawPointer(tape.bytes + value.offset).loadUnaligned(as: Double.self)
    }

    /// The number as a word that has its digits.
    func settled(_ value: Value) throws(MappingFailure) -> Value {
        value.isReal ? try self.value(double(value)) : value
    }

    /// A number rounded to a few decimals, the middle to the even side; nil where its digits must tell which way.
    @inline(__always)
    func rounded(_ value: Value, places: Int) -> Value? {
        guard places >= 0, places < 9 else { return nil }
        if value.isReal { return rounded(real: value, places) }
        guard let small = small(value) else { return nil }
        let excess = 0 &- small.exponent &- places
        if excess <= 0 { return small }
        guard excess <= 18 else { return nil }
        let power = Self.powers[excess]
        var (quotient, rest) = small.coefficient.quotientAndRemainder(dividingBy: power)
        let twice = 2 * Int(rest.magnitude)
        if twice > power || (twice == power && quotient & 1 != 0) { quotient += rest < 0 ? -1 : 1 }
        return Value(coefficient: quotient, exponent: quotient == 0 ? 0 : -places)
    }

    /// A double without text: near the middle its digits tell.
    private func rounded(real value: Value, _ places: Int) -> Value? {
        let scaled = double(value) * Self.tens[places]
        let whole = scaled.rounded(.toNearestOrEven)
        guard scaled.magnitude < 1e9, (scaled - whole).magnitude < 0.499_999 else { return nil }
        return Value(coefficient: Int(whole), exponent: whole == 0 ? 0 : -places)
    }

    func slow(_ kind: Operation.Kind, _ left: Value, _ right: Value) throws(MappingFailure) -> Value {
        let a = number(left)
        let b = number(right)
        if (kind == .divide || kind == .modulo), b.coefficient == 0 {
            throw failure("D1001", "a division by zero has no result")
        }
        if (left.bits | right.bits) & Value.inexact != 0, left.tag == Value.number || right.tag == Value.number,
            isInexact(left) || isInexact(right)
        {
            return try value(Self.binary(kind, a.double, b.double))
        }
        switch kind {
        case .add: return try value(a + b)
        case .subtract: return try value(a - b)
        case .multiply: return try value(a * b)
        case .modulo: return try value(a.remainder(dividingBy: b) ?? a)
        default:
            if let quotient = a.dividedExactly(by: b) { return try value(quotient) }
            return try value(a.double / b.double)
        }
    }

    func isInexact(_ value: Value) -> Bool {
        value.isReal || value.tag == Value.number && value.bits & Value.inexact != 0
    }

    private static func binary(_ kind: Operation.Kind, _ a: Double, _ b: Double) -> Double {
        switch kind {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .modulo: a.truncatingRemainder(dividingBy: b)
        default: a / b
        }
    }

    mutating func negation(_ operation: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operand = try settled(evaluate(operations[Int(operation)].a, input))
        if operand.isUndefined { return operand }
        guard operand.isNumber else {
            throw failure("D1002", "only a number can be negated", at: operation, token: "-", input: input)
        }
        if let small = small(operand), let result = Value(coefficient: -small.coefficient, exponent: small.exponent) {
            return result
        }
        let result = try value(number(operand).negated)
        return isInexact(operand) && result.tag == Value.number ? result.adding(Value.inexact) : result
    }

    /// Which of two numbers is larger: -1, 0 or 1.
    func compare(numbers left: Value, _ right: Value) -> Int {
        if let a = small(left), let b = small(right) {
            if a.exponent == b.exponent {
                return a.coefficient < b.coefficient ? -1 : a.coefficient > b.coefficient ? 1 : 0
            }
            if let difference = Self.difference(a, b) {
                return difference.coefficient.signum()
            }
        }
        let a = number(left)
        let b = number(right)
        return a == b ? 0 : a < b ? -1 : 1
    }
}

extension Operation.Kind {
    /// How an operator is written.
    var symbol: String {
        switch self {
        case .add: "+"
        case .subtract, .negate: "-"
        case .multiply: "*"
        case .divide: "/"
        case .modulo: "%"
        case .concatenate: "&"
        case .equal: "="
        case .unequal: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .and: "and"
        case .or: "or"
        case .range: ".."
        case .contains: "in"
        case .apply, .applyCall: "~>"
        case .sort: "^"
        default: ""
        }
    }
}

extension Number {
    /// The shortest plain text, as JavaScript writes numbers: `19.9`, `100`, `1e+21`, `1.5e-7`.
    var jsonText: String {
        let plain = normalized
        if plain.coefficient == 0 { return "0" }
        let digits = String(plain.coefficient)
        let sign = plain.isNegative ? "-" : ""
        let point = digits.utf8.count + plain.exponent
        if plain.exponent >= 0, point <= 21 { return sign + digits + String(repeating: "0", count: plain.exponent) }
        if point > 0, plain.exponent < 0 { return "\(sign)\(digits.prefix(point)).\(digits.suffix(-plain.exponent))" }
        if point > -6, point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
        let power = point - 1
        let mantissa = digits.utf8.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
        return "\(sign)\(mantissa)e\(power < 0 ? "-" : "+")\(power.magnitude)"
    }
}
