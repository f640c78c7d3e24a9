import Document
import Patterns

/// Keywords on values as a whole, on strings and on numbers.
extension Machine {
    mutating func value(_ instruction: Instruction, _ node: Node) -> Bool {
        switch instruction.operation {
        case .constant:
            let constant = program.constants[Int(instruction.a)]
            return constant.equals(node) || fail(instruction.place, node, "must be \(JSON(constant).text)")
        case .names:
            if node.kind == .string, program.names.find(.init(node.utf8), in: instruction.c) != nil { return true }
            return failChoice(instruction, node)
        case .enumeration:
            for constant in program.constants[Int(instruction.a)..<Int(instruction.b)] where constant.equals(node) {
                return true
            }
            return failChoice(instruction, node)
        default: return fail(instruction.place, node, "must not be there")
        }
    }

    private mutating func failChoice(_ instruction: Instruction, _ node: Node) -> Bool {
        if Listener.isSilent { return false }
        let choices = program.choices(instruction)
        return fail(instruction.place, node, choices)
    }

    mutating func string(_ instruction: Instruction, _ node: Node) -> Bool {
        let text = node.utf8
        switch instruction.operation {
        case .minLength:
            let least = Int(instruction.a)
            // A code point takes one byte to four: most lengths need no counting.
            if text.count >= 4 * least || (text.count >= least && codePoints(text) >= least) { return true }
            return fail(
                instruction.place, node, "must be at least \(least) \(least == 1 ? "character" : "characters") long")
        case .maxLength:
            let most = Int(instruction.a)
            if text.count <= most || codePoints(text) <= most { return true }
            return fail(
                instruction.place, node, "must be at most \(most) \(most == 1 ? "character" : "characters") long")
        case .pattern:
            let pattern = program.patterns.baseAddress.unsafelyUnwrapped + Int(instruction.a)
            if pattern.pointee.matches(text) { return true }
            return fail(instruction.place, node, "must match the pattern \(pattern.pointee.source)")
        default:
            let format = program.formats[Int(instruction.a)]
            return format.matches(text) || fail(instruction.place, node, "must be \(format.meaning)")
        }
    }

    mutating func number(_ instruction: Instruction, _ node: Node) -> Bool {
        let limit = program.numbers[Int(instruction.a)]
        guard let number = node.number else { return true }
        switch instruction.operation {
        case .minimum: return number >= limit || fail(instruction.place, node, "must be at least \(limit)")
        case .maximum: return number <= limit || fail(instruction.place, node, "must be at most \(limit)")
        case .exclusiveMinimum: return number > limit || fail(instruction.place, node, "must be above \(limit)")
        case .exclusiveMaximum: return number < limit || fail(instruction.place, node, "must be below \(limit)")
        default:
            return number.isMultiple(of: limit) || fail(instruction.place, node, "must be a multiple of \(limit)")
        }
    }
}

extension Program {
    fileprivate func choices(_ instruction: Instruction) -> String {
        let values = constants[Int(instruction.a)..<Int(instruction.b)]
        let shown = values.prefix(12).map { JSON($0).text }.joined(separator: ", ")
        return "must be one of \(shown)" + (values.count > 12 ? " … (\(values.count) in all)" : "")
    }
}

func codePoints(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
