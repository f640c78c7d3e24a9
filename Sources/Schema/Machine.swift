import Document
import Patterns

/// Runs a program on a value. Recurs with the depth of the value, which the parser bounds, and of the schema.
///
/// There are two of it: with ``Silence`` it stops at the first violation and allocates nothing; with ``ViolationLog``
/// it goes on and notes them all.
struct Machine<Listener: Log> {
    let program: Program.Tables
    var log: Listener

    /// What is evaluated of a value, for `unevaluated…`; nil when nobody asks.
    typealias Tracking = UnsafeMutablePointer<Evaluated>?

    /// Whether the value fits the subschema.
    mutating func check(_ number: Int32, _ node: Node, _ tracking: Tracking) -> Bool {
        let schema = program.subschemas + Int(number)
        if schema.pointee.isTrivial { return true }
        if !Listener.isSilent, schema.pointee.isPersonal { log.markPersonal() }
        if schema.pointee.tracks { return checkTracking(number, node, tracking) }
        return run(number, node, tracking)
    }

    @inline(never)
    private mutating func checkTracking(_ number: Int32, _ node: Node, _ tracking: Tracking) -> Bool {
        var own = Evaluated()
        guard run(number, node, &own) else { return false }
        // What failed evaluates nothing, so what follows would be noise behind a failure.
        guard run(program.spans[Int(number) * 8 + Subschema.unevaluated], node, &own) else { return false }
        if let tracking { tracking.pointee.merge(own) }
        return true
    }

    @inline(__always)
    private mutating func run(_ number: Int32, _ node: Node, _ tracking: Tracking) -> Bool {
        let schema = program.subschemas + Int(number)
        let tag = node.kind
        var valid = true
        if schema.pointee.kinds.rawValue & (1 << tag.rawValue) == 0
            || (tag == .number && schema.pointee.wholeNumbers && !node.isWhole)
        {
            if Listener.isSilent { return false }
            let names = schema.pointee.typeNames.joined(separator: " or ")
            valid = fail(schema.pointee.kindsPlace, node, "must be of type \(names)")
        }
        return run(program.spans[Int(number) * 8 + Int(tag.rawValue)], node, tracking) && valid
    }

    @inline(__always)
    private mutating func run(_ span: Span, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        var instruction = program.instructions + Int(span.start)
        let end = program.instructions + Int(span.end)
        while instruction < end {
            if !run(instruction, node, tracking) {
                if Listener.isSilent { return false }
                valid = false
            }
            instruction += 1
        }
        return valid
    }

    @inline(__always)
    private mutating func run(_ instruction: UnsafePointer<Instruction>, _ node: Node, _ tracking: Tracking) -> Bool {
        let operand = Int(instruction.pointee.a)
        switch instruction.pointee.operation {
        case .apply: return check(instruction.pointee.a, node, tracking)
        case .properties, .object: return object(instruction, node, tracking)
        case .array: return array(program.arrays + operand, node, tracking)
        case .pattern:
            return program.patterns[operand].matches(padded: node.utf8) || string(instruction, node)
        case .minLength:
            // A code point takes one byte to four: most lengths need no counting.
            return node.utf8.count >= 4 * operand || string(instruction, node)
        case .maxLength: return node.utf8.count <= operand || string(instruction, node)
        case .format: return program.formats[operand].matches(node.utf8) || string(instruction, node)
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf: return number(instruction, node)
        case .names:
            if node.kind == .string, program.names.find(.init(node.utf8), in: instruction.pointee.c) != nil {
                return true
            }
            return value(instruction, node)
        case .constant, .enumeration, .fail: return value(instruction, node)
        case .anyOf, .oneOf, .not, .conditional: return combination(instruction, node, tracking)
        case .dependentRequired, .dependentSchema: return dependent(instruction, node, tracking)
        case .unevaluatedItems, .unevaluatedProperties: return unevaluated(instruction, node, tracking)
        }
    }

    @inline(never)
    private mutating func object(_ instruction: UnsafePointer<Instruction>, _ node: Node, _ tracking: Tracking) -> Bool
    {
        if Listener.isSilent, tracking == nil, let plan = plan(instruction.pointee.a, node) {
            return follows(plan, node)
        }
        let rules = program.objects + Int(instruction.pointee.a)
        return instruction.pointee.operation == .properties
            ? properties(rules, node, tracking) : object(rules, node, tracking)
    }

    /// Notes a violation; never valid.
    @inline(__always)
    mutating func fail(_ place: Int32, _ node: Node, _ message: @autoclosure () -> String) -> Bool {
        if !Listener.isSilent { log.add(.plain(message()), place, node) }
        return false
    }
}

extension Node {
    /// Whether a number is whole, however it is written.
    @inline(__always)
    var isWhole: Bool { isWrittenAsInteger || (number?.isMultiple(of: 1) ?? false) }
}
