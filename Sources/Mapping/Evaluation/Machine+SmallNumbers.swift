import Document

/// Numbers that fit in one word, as most do: read from their text and calculated without leaving registers.
extension Machine {
    /// The number in one word when it fits there exactly; nil when it doesn't.
    @inline(__always)
    func small(_ value: Value) -> Value? {
        if value.tag == Value.decimal { return value }
        guard value.tag == Value.number, value.bits & Value.inexact == 0 else { return nil }
        return small(text: value)
    }

    /// The number that a text of plain digits means, in one word when it fits there; nil for any other text.
    func small(text value: Value) -> Value? {
        let length = value.length
        guard length &- 1 < 8, length > 0 else { return small(longText: value) }
        // Its bytes stand at the upper end of a word, the last digit highest: behind the tape's bytes there is room to read.
        let lead = 64 &- 8 &* UInt64(truncatingIfNeeded: length)
        let text = UnsafeRawPointer(tape.fixed.bytes + value.offset).loadUnaligned(as: UInt64.self)
        var digits = UInt64(littleEndian: text) &<< lead
        var first = lead
        var decimals: UInt64 = 0
        // A point, as the lowest byte that is none but for its bits: the mark of a higher one may be wrong, and isn't asked for.
        let others = digits ^ 0x2E2E_2E2E_2E2E_2E2E
        let points = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
        if points != 0 {
            let point = UInt64(truncatingIfNeeded: points.trailingZeroBitCount) & ~7
            guard point > lead, point < 56 else { return small(longText: value) }
            decimals = (56 &- point) &>> 3
            // What stands before it closes up.
            let before = (1 &<< point) &- 1
            digits = (digits & before) &<< 8 | digits & ~before & ~(0xFF &<< point)
            first = lead &+ 8
        }
        digits ^= 0x3030_3030_3030_3030 &<< first
        guard ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 == 0 else {
            return small(longText: value)
        }
        // Pairs of digits, then pairs of pairs.
        digits = digits &* 10 &+ digits &>> 8
        let upper = (digits & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let lower = (digits &>> 16 & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        let coefficient = (upper &+ lower) &>> 32
        return Value(bits: Value.decimal << 60 | ((0 &- decimals) & 0xFF) &<< 52 | coefficient)
    }

    /// As ``small(text:)``, for any length and sign.
    @inline(never)
    private func small(longText value: Value) -> Value? {
        let length = value.length
        guard length > 0, length <= 17 else { return nil }
        let start = tape.fixed.bytes + value.offset
        let end = start + length
        var at = start.pointee == UInt8(ascii: "-") ? start + 1 : start
        // Seventeen digits fit, so nothing overflows.
        var coefficient = 0
        let first = at
        while at < end, at.pointee &- 48 < 10 {
            coefficient = coefficient &* 10 &+ Int(truncatingIfNeeded: at.pointee &- 48)
            at += 1
        }
        if at == first { return nil }
        var decimals = 0
        if at < end {
            guard at.pointee == UInt8(ascii: "."), at + 1 < end else { return nil }
            at += 1
            decimals = end - at
            while at < end, at.pointee &- 48 < 10 {
                coefficient = coefficient &* 10 &+ Int(truncatingIfNeeded: at.pointee &- 48)
                at += 1
            }
            if at < end { return nil }
        }
        return Value(coefficient: first == start ? coefficient : 0 &- coefficient, exponent: 0 &- decimals)
    }

    /// The result of an operator on two numbers.
    @inline(__always)
    func calculate(_ kind: Operation.Kind, _ left: Value, _ right: Value) throws(MappingFailure) -> Value {
        if let a = small(left), let b = small(right), let result = Self.quick(kind, a, b) { return result }
        return try calculateRarer(kind, left, right)
    }

    @inline(never)
    private func calculateRarer(
        _ kind: Operation.Kind, _ left: Value, _ right: Value
    ) throws(MappingFailure) -> Value {
        if let a = small(left), let b = small(right) {
            switch kind {
            case .divide:
                if let quotient = Self.endless(a, b) { return try value(real: quotient) }
                if let quotient = Self.quotient(a, b) { return quotient }
            case .add: if let sum = Self.sum(a, b) { return sum }
            case .subtract: if let difference = Self.difference(a, b) { return difference }
            default: break
            }
        }
        if left.isReal || right.isReal { return try calculateRarer(kind, settled(left), settled(right)) }
        return try slow(kind, left, right)
    }

    /// Products, and sums and differences of numbers with as many decimals, that fit in words.
    @inline(__always)
    private static func quick(_ kind: Operation.Kind, _ left: Value, _ right: Value) -> Value? {
        switch kind {
        case .add, .subtract:
            guard left.exponent == right.exponent else { return nil }
            // Two of 52 bits don't overflow.
            let sum = left.coefficient &+ (kind == .add ? right.coefficient : 0 &- right.coefficient)
            return Value(coefficient: sum, exponent: sum == 0 ? 0 : left.exponent)
        case .multiply:
            let (product, overflow) = left.coefficient.multipliedReportingOverflow(by: right.coefficient)
            return overflow
                ? nil : Value(coefficient: product, exponent: product == 0 ? 0 : left.exponent &+ right.exponent)
        default: return nil
        }
    }

    /// A sum that fits in a word.
    static func sum(_ left: Value, _ right: Value) -> Value? {
        var (a, b) = (left.coefficient, right.coefficient)
        let shift = left.exponent &- right.exponent
        guard shift.magnitude <= 15 else { return nil }
        let overflow: Bool
        if shift > 0 {
            (a, overflow) = a.multipliedReportingOverflow(by: powers[shift])
        } else {
            (b, overflow) = b.multipliedReportingOverflow(by: powers[0 &- shift])
        }
        if overflow { return nil }
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver
            ? nil : Value(coefficient: sum, exponent: sum == 0 ? 0 : min(left.exponent, right.exponent))
    }

    /// A difference that fits in a word.
    static func difference(_ left: Value, _ right: Value) -> Value? {
        Value(coefficient: 0 &- right.coefficient, exponent: right.exponent).flatMap { sum(left, $0) }
    }

    /// The sum of an array's numbers, or of the one number that there is, where all of it fits in words.
    func sum(ofSmall list: Value) -> Value? {
        guard isArray(list), !list.has(Value.outer) else { return small(list) }
        let index = container(list)
        let count = count(at: index)
        guard count > 0, var total = small(value(at: index + 1)) else { return nil }
        // Numbers take a word each.
        for place in 1..<count {
            guard let next = small(value(at: index + 1 + place)),
                let sum = Self.quick(.add, total, next) ?? Self.sum(total, next)
            else { return nil }
            total = sum
        }
        return total
    }

    /// A quotient that terminates soon: tens of the divisor move the point, and a few zeros behind the dividend are tried.
    private static func quotient(_ left: Value, _ right: Value) -> Value? {
        var divisor = right.coefficient
        var exponent = left.exponent - right.exponent
        guard divisor != 0 else { return nil }
        while true {
            let (tenth, rest) = divisor.quotientAndRemainder(dividingBy: 10)
            guard rest == 0 else { break }
            divisor = tenth
            exponent -= 1
        }
        var dividend = left.coefficient
        for _ in 0..<3 {
            let (quotient, rest) = dividend.quotientAndRemainder(dividingBy: divisor)
            if rest == 0 { return Value(coefficient: quotient, exponent: quotient == 0 ? 0 : exponent) }
            let (longer, overflow) = dividend.multipliedReportingOverflow(by: 1000)
            if overflow { return nil }
            dividend = longer
            exponent -= 3
        }
        return nil
    }

    /// A quotient that never terminates, as the nearest double of both sides' doubles.
    private static func endless(_ left: Value, _ right: Value) -> Double? {
        var divisor = right.coefficient.magnitude
        guard divisor != 0, left.exponent.magnitude <= 22, right.exponent.magnitude <= 22 else { return nil }
        divisor >>= UInt(divisor.trailingZeroBitCount)
        while true {
            let (fifth, rest) = divisor.quotientAndRemainder(dividingBy: 5)
            guard rest == 0 else { break }
            divisor = fifth
        }
        guard left.coefficient.magnitude % divisor != 0 else { return nil }
        return double(small: left) / double(small: right)
    }

    /// The nearest double of any number: the same for all that are equal.
    func nearest(_ value: Value) -> Double {
        if let small = small(value), small.exponent.magnitude <= 22 { return Self.double(small: small) }
        return value.isReal ? double(value) : number(value).double
    }

    /// The nearest double: coefficient and power are exact, so one rounding is all there is.
    private static func double(small value: Value) -> Double {
        let coefficient = Double(value.coefficient)
        return value.exponent < 0 ? coefficient / tens[-value.exponent] : coefficient * tens[value.exponent]
    }

    /// The powers of ten that are doubles.
    nonisolated(unsafe) static let tens: UnsafePointer<Double> = {
        let tens = UnsafeMutablePointer<Double>.allocate(capacity: 23)
        tens[0] = 1
        for place in 1...22 { tens[place] = tens[place - 1] * 10 }
        return UnsafePointer(tens)
    }()

    /// The powers of ten that are integers; they live as long as the process.
    nonisolated(unsafe) static let powers: UnsafePointer<Int> = {
        let powers = UnsafeMutablePointer<Int>.allocate(capacity: 19)
        powers[0] = 1
        for place in 1...18 { powers[place] = powers[place - 1] * 10 }
        return UnsafePointer(powers)
    }()
}
