internal import CBytes
import Document

/// Keywords on values as a whole, on strings and on numbers.
extension Machine {
    @inline(never)
    mutating func value(_ instruction: UnsafePointer<Instruction>, _ node: Node) -> Bool {
        let place = instruction.pointee.place
        switch instruction.pointee.operation {
        case .constant:
            let constant = program.constants[Int(instruction.pointee.a)]
            return constant.equals(node) || fail(place, node, "must be \(JSON(constant).text)")
        case .fail: return fail(place, node, "must not be there")
        default:
            let range = Int(instruction.pointee.a)..<Int(instruction.pointee.b)
            for constant in range where program.constants[constant].equals(node) { return true }
            if Listener.isSilent { return false }
            let values = range.map { JSON(program.constants[$0]) }
            let shown = values.prefix(12).map(\.text).joined(separator: ", ")
            let rest = range.count > 12 ? " … (\(range.count) in all)" : ""
            // What stands in another case, or with a slip, was meant most likely.
            let meant = node.kind == .string ? node.string?.meant(among: values.compactMap(\.string)) : nil
            log.add(.choice("must be one of \(shown)\(rest)", meant: meant), place, node)
            return false
        }
    }

    /// A string that the quick look did not let pass.
    @inline(never)
    mutating func string(_ instruction: UnsafePointer<Instruction>, _ node: Node) -> Bool {
        let place = instruction.pointee.place
        let operand = Int(instruction.pointee.a)
        switch instruction.pointee.operation {
        case .minLength:
            if codePoints(node.utf8) >= operand { return true }
            return fail(place, node, "must be at least \(operand) \(operand == 1 ? "character" : "characters") long")
        case .maxLength:
            if codePoints(node.utf8) <= operand { return true }
            return fail(place, node, "must be at most \(operand) \(operand == 1 ? "character" : "characters") long")
        case .pattern:
            if Listener.isSilent { return false }
            let source = program.patternSource(operand)
            return fail(place, node, "must match the pattern \(source)")
        default:
            let format = program.formats[operand]
            return fail(place, node, "must be \(format.meaning)")
        }
    }

    @inline(never)
    mutating func number(_ instruction: UnsafePointer<Instruction>, _ node: Node) -> Bool {
        if isPlainlyWithin(instruction, node.utf8) { return true }
        guard let number = node.number else { return true }
        let place = instruction.pointee.place
        let limit = program.numbers + Int(instruction.pointee.a)
        switch instruction.pointee.operation {
        case .minimum: return !(number < limit.pointee) || fail(place, node, "must be at least \(limit.pointee)")
        case .maximum: return !(limit.pointee < number) || fail(place, node, "must be at most \(limit.pointee)")
        case .exclusiveMinimum: return limit.pointee < number || fail(place, node, "must be above \(limit.pointee)")
        case .exclusiveMaximum: return number < limit.pointee || fail(place, node, "must be below \(limit.pointee)")
        default:
            return number.isMultiple(of: limit.pointee)
                || fail(place, node, "must be a multiple of \(limit.pointee)")
        }
    }
}

extension Machine {
    /// What a number's text alone can tell, where it is short and has neither sign nor exponent. Saves reading most.
    @inline(__always)
    private func isPlainlyWithin(_ instruction: UnsafePointer<Instruction>, _ text: UnsafeBufferPointer<UInt8>) -> Bool
    {
        guard text.count < 16, let start = text.baseAddress else { return false }
        // Behind the text anything may stand.
        let others = omni_no_digits(start) | UInt32.max << UInt32(text.count)
        let whole = others.trailingZeroBitCount
        var decimals = 0
        if whole < text.count {
            guard text[whole] == UInt8(ascii: "."), (others & (others - 1)).trailingZeroBitCount == text.count else {
                return false
            }
            decimals = text.count - whole - 1
        }
        if instruction.pointee.operation == .multipleOf {
            let divisor = program.numbers + Int(instruction.pointee.a)
            return divisor.pointee.coefficient == 1 && divisor.pointee.exponent <= 0
                && decimals <= -divisor.pointee.exponent
        }
        guard instruction.pointee.c == 1, whole > 0 else { return false }
        var value = 0
        for place in 0..<whole { value = value &* 10 &+ Int(text[place] &- 48) }
        let limit = Int(instruction.pointee.b)
        switch instruction.pointee.operation {
        case .minimum: return value >= limit
        case .exclusiveMinimum: return value > limit
        case .maximum: return value &+ (decimals > 0 ? 1 : 0) <= limit
        default: return value < limit
        }
    }
}

func codePoints(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
