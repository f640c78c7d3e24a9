import Document

/// Runs a program on a value. Recurs with the depth of the value, which the parser bounds, and of the schema.
///
/// There are two of it: with ``Silence`` it stops at the first violation and allocates nothing; with ``ViolationLog``
/// it goes on and notes them all.
struct Machine<Listener: Log> {
    let program: Program
    var log: Listener

    /// What is evaluated of a value, for `unevaluated…`; nil when nobody asks.
    typealias Tracking = UnsafeMutablePointer<Evaluated>?

    /// Whether the value fits the subschema.
    mutating func check(_ number: Int32, _ node: Node, _ tracking: Tracking) -> Bool {
        let schema = program.subschemas.baseAddress.unsafelyUnwrapped + Int(number)
        if schema.pointee.isTrivial { return true }
        if !Listener.isSilent, schema.pointee.isPersonal { log.markPersonal() }
        guard schema.pointee.tracks else { return run(schema, node, tracking) }
        var own = Evaluated()
        let valid = run(schema, node, &own)
        if valid, let tracking { tracking.pointee.merge(own) }
        return valid
    }

    private mutating func run(_ schema: UnsafePointer<Subschema>, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        if schema.pointee.kinds != .all, !schema.pointee.kinds.contains(node.kinds(asking: schema.pointee.kinds)) {
            if Listener.isSilent { return false }
            let names = schema.pointee.kinds.names
            log.add(.plain("must be of type \(names.joined(separator: " or "))"), schema.pointee.kindsPlace, node)
            valid = false
        }
        if !schema.pointee.any.isEmpty, !run(schema.pointee.any, node, tracking) {
            if Listener.isSilent { return false }
            valid = false
        }
        let span: Span
        switch node.kind {
        case .string: span = schema.pointee.string
        case .number: span = schema.pointee.number
        case .array: span = schema.pointee.array
        case .object: span = schema.pointee.object
        default: span = Span()
        }
        if !span.isEmpty, !run(span, node, tracking) {
            if Listener.isSilent { return false }
            valid = false
        }
        // What failed evaluates nothing: then all that follows would be noise.
        if valid, !schema.pointee.unevaluated.isEmpty { return run(schema.pointee.unevaluated, node, tracking) }
        return valid
    }

    private mutating func run(_ span: Span, _ node: Node, _ tracking: Tracking) -> Bool {
        var valid = true
        for place in span.range {
            let instruction = program.instructions.baseAddress.unsafelyUnwrapped + place
            if run(instruction.pointee, node, tracking) { continue }
            if Listener.isSilent { return false }
            valid = false
        }
        return valid
    }

    @inline(__always)
    private mutating func run(_ instruction: Instruction, _ node: Node, _ tracking: Tracking) -> Bool {
        switch instruction.operation {
        case .apply: return check(instruction.a, node, tracking)
        case .object: return object(program.objects.baseAddress.unsafelyUnwrapped + Int(instruction.a), node, tracking)
        case .array: return array(program.arrays.baseAddress.unsafelyUnwrapped + Int(instruction.a), node, tracking)
        case .minLength, .maxLength, .pattern, .format: return string(instruction, node)
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf: return number(instruction, node)
        case .constant, .enumeration, .names, .fail: return value(instruction, node)
        case .anyOf, .oneOf, .not, .conditional: return combination(instruction, node, tracking)
        case .dependentRequired, .dependentSchema: return dependent(instruction, node, tracking)
        case .unevaluatedItems, .unevaluatedProperties: return unevaluated(instruction, node, tracking)
        }
    }

    /// Notes a violation; never valid.
    @inline(__always)
    mutating func fail(_ place: Int32, _ node: Node, _ message: @autoclosure () -> String) -> Bool {
        if !Listener.isSilent { log.add(.plain(message()), place, node) }
        return false
    }
}

extension Node {
    /// The value's kind. Whether a number is whole is found out only where the answer matters.
    @inline(__always)
    func kinds(asking: Kinds) -> Kinds {
        switch kind {
        case .null, .link: return .null
        case .false, .true: return .boolean
        case .string: return .string
        case .array: return .array
        case .object: return .object
        case .number:
            if isWrittenAsInteger || asking.isSuperset(of: .number) { return .integer }
            return number?.isMultiple(of: 1) ?? false ? .integer : .fraction
        }
    }
}
