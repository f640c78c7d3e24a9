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
    /// What a number's text alone can tell: it is above zero, or has few decimals. Saves reading most prices.
    @inline(__always)
    private func isPlainlyWithin(_ instruction: UnsafePointer<Instruction>, _ text: UnsafeBufferPointer<UInt8>) -> Bool
    {
        let limit = program.numbers + Int(instruction.pointee.a)
        switch instruction.pointee.operation {
        case .minimum, .exclusiveMinimum:
            return limit.pointee.coefficient == 0 && text[0] >= UInt8(ascii: "1")
        case .multipleOf:
            guard limit.pointee.coefficient == 1, limit.pointee.exponent <= 0 else { return false }
            var place = 0
            while place < text.count, text[place] != UInt8(ascii: ".") {
                if text[place] > UInt8(ascii: "9") { return false }
                place += 1
            }
            let decimals = place + 1
            while place < text.count {
                if text[place] > UInt8(ascii: "9") { return false }
                place += 1
            }
            return place - decimals <= -limit.pointee.exponent
        default: return false
        }
    }
}

func codePoints(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
