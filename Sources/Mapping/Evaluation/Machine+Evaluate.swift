import Document

extension Machine {
    /// The value of an operation in a context.
    mutating func evaluate(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        try step()
        let operation = operations + Int(number)
        let result: Value
        switch operation.pointee.kind {
        case .constant: result = Value(bits: operation.pointee.word)
        case .text: result = Value(bits: operation.pointee.word &+ UInt64(truncatingIfNeeded: poolBase))
        case .fields: result = try names(operation, input)
        case .field: result = try field(operation.pointee.a, input)
        case .boundFields:
            let bound = operations + Int(operation.pointee.c)
            let value: Value
            if bound.pointee.kind == .root, bound.pointee.flags.isEmpty {
                try step()
                value = rootValue
            } else {
                value = try evaluate(operation.pointee.c, input)
            }
            result =
                isObject(value)
                ? try fields(operation.pointee.a, operation.pointee.b, value)
                : try path(Int32(truncatingIfNeeded: operation.pointee.word), input)
        case .path:
            result =
                operation.pointee.flags.contains(.hasTuples)
                ? try tuplePath(number, input) : try path(number, input)
        case .context: result = input.isLink && input.has(Value.outer) ? element(input, 0) : collapsed(input)
        case .root: result = rootValue
        case .variable, .parent:
            if let value = lookUp(operation.pointee.a) {
                result = operation.pointee.flags.contains(.suffix) ? value : collapsed(value)
            } else {
                result = operation.pointee.b > 0 ? libraryFunction(operation.pointee.b - 1) : .undefined
            }
        case .function: result = libraryFunction(operation.pointee.a)
        case .condition: result = own(try condition(operation, input), operation)
        case .record: result = try record(operation, input)
        case .and, .or: result = try logical(number, input)
        case .equal, .unequal: result = try equality(operation, input)
        case .less, .lessOrEqual, .greater, .greaterOrEqual: result = try comparison(number, input)
        case .add, .subtract, .multiply, .divide, .modulo: result = try arithmetic(number, input)
        case .concatenate: result = try concatenation(operation, input)
        case .callLibrary: result = try callLibrary(number, input, nil)
        case .toNumber: result = try toNumber(number, input)
        case .round: result = try round(number, input)
        case .sum: result = try sum(number, input)
        default: result = try evaluateRarer(number, input)
        }
        let flags = operation.pointee.flags
        if flags.isDisjoint(with: [.suffix, .keepsArray]) { return result }
        return try finish(operation, result)
    }

    @inline(never)
    private mutating func toNumber(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let text = try operand(Int32(truncatingIfNeeded: operations[Int(number)].word), input)
        if text.isString, let plain = standing(text: text) ?? small(text: text) { return plain }
        return try callLibrary(number, input, text)
    }

    @inline(never)
    private mutating func round(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let word = operations[Int(number)].word
        let value = try operand(Int32(truncatingIfNeeded: word), input)
        if value.isNumber, let rounded = rounded(value, places: Int(word >> 32)) { return rounded }
        return try callLibrary(number, input, value)
    }

    @inline(never)
    private mutating func sum(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let list = try operand(Int32(truncatingIfNeeded: operations[Int(number)].word), input)
        if list.isUndefined { return list }
        if let sum = sum(ofSmall: list) { return sum }
        return try callLibrary(number, input, list)
    }

    /// The value of an operand: most are names or constants, which need no further call.
    @inline(__always)
    mutating func operand(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        guard operation.pointee.flags.isEmpty else { return try evaluate(number, input) }
        switch operation.pointee.kind {
        case .constant:
            try step()
            return Value(bits: operation.pointee.word)
        case .text:
            try step()
            return Value(bits: operation.pointee.word &+ UInt64(truncatingIfNeeded: poolBase))
        case .fields:
            try step()
            return try names(operation, input)
        default: return try evaluate(number, input)
        }
    }

    /// A path of names. One name of the object that was looked in last, as most are, lies ready.
    @inline(__always)
    private mutating func names(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let access = tables.accesses + Int(operation.pointee.a)
        if operation.pointee.b == 1, input.isLink,
            findings.objects[Int(access.pointee.shape)] == UInt32(truncatingIfNeeded: input.bits)
        {
            return findings.slots[Int(access.pointee.slot)]
        }
        return try fields(operation.pointee.a, operation.pointee.b, input)
    }

    @inline(never)
    private mutating func evaluateRarer(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        switch operation.pointee.kind {
        case .wildcard: return try wildcard(operation, input)
        case .descendant: return try descendants(operation, input)
        case .elvis:
            let left = try evaluate(operation.pointee.a, input)
            return own(try truth(left) ? left : try evaluate(operation.pointee.b, input), operation)
        case .coalesce:
            let left = try evaluate(operation.pointee.a, input)
            return own(collapsed(left).isUndefined ? try evaluate(operation.pointee.b, input) : left, operation)
        case .block: return own(try block(operation, input), operation)
        case .bind:
            let value = try evaluate(operation.pointee.b, input)
            bind(operation.pointee.a, value)
            return value
        case .negate: return try negation(number, input)
        case .range: return try range(number, input)
        case .contains: return try membership(operation, input)
        case .array: return try arrayConstructor(operation, input)
        case .object:
            let base = stack.count
            pushItems(input)
            return try group(operation.pointee.c, from: base)
        case .call: return try call(number, input, nil)
        case .partial: return try partialApplication(number, input)
        case .lambda: return lambda(number, input)
        case .apply: return try application(number, input)
        case .applyCall:
            let first = try evaluate(operation.pointee.a, input)
            let right = operation.pointee.b
            return operations[Int(right)].kind == .call
                ? try call(right, input, first) : try callLibrary(right, input, first)
        case .transform:
            return closure(Closure(kind: .transform, a: number, frame: frame, input: input))
        case .regex: return closure(Closure(kind: .regex, a: operation.pointee.a))
        default: preconditionFailure("an operation that is evaluated elsewhere")
        }
    }

    /// A part's value as the whole expression's own: a sequence in a sequence becomes its value at each level.
    @inline(__always)
    private func own(_ value: Value, _ operation: UnsafePointer<Operation>) -> Value {
        operation.pointee.flags.isDisjoint(with: .keepsSequence) ? collapsed(value) : value
    }

    /// Applies what follows an operand: predicates, a grouping, `[]`.
    @inline(never)
    private mutating func finish(
        _ operation: UnsafePointer<Operation>, _ value: Value
    ) throws(MappingFailure) -> Value {
        var value = value
        let keeps = operation.pointee.flags.contains(.keepsArray)
        if operation.pointee.flags.contains(.suffix) {
            let suffix = tables.suffixes[Int(operation.pointee.suffix)]
            if suffix.stageCount > 0 {
                // A result of one element becomes that element once, behind all of them.
                value = try filtered(value, suffix.stages, suffix.stageCount, keepsSingleton: true)
            }
            if suffix.group >= 0 {
                if value.isTuples {
                    value = try groupTuples(suffix.group, value)
                } else {
                    let base = stack.count
                    pushItems(value)
                    value = try group(suffix.group, from: base)
                }
            }
        }
        if keeps, value.isLink, value.has(Value.sequence) { value = value.adding(Value.keepsSingleton) }
        return collapsed(value)
    }

    /// Pushes an array's elements, or the value itself (undefined too).
    mutating func pushItems(_ value: Value) {
        if isArray(value) { pushElements(value) } else { stack.append(value) }
    }

    // MARK: Control

    private mutating func condition(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        if try truth(try operand(operation.pointee.a, input)) { return try evaluate(operation.pointee.b, input) }
        return operation.pointee.c >= 0 ? try evaluate(operation.pointee.c, input) : .undefined
    }

    private mutating func block(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let mark = mark
        let scoped = operation.pointee.flags.contains(.special)
        if scoped { pushFrame() }
        var result = Value.undefined
        for place in 0..<Int(operation.pointee.b) {
            result = try evaluate(tables.lists[Int(operation.pointee.a) + place], input)
        }
        if scoped {
            // Tuples hold bindings: those must stay.
            if result.isTuples { frame = mark.frame } else { release(mark) }
        }
        return result
    }

    /// JSONata's truth of a value; undefined counts as false.
    func truth(_ value: Value) throws(MappingFailure) -> Bool {
        switch value.tag {
        case 2: return true
        case Value.string: return value.length > 0
        case Value.tuples: return tupleCount(value) > 0
        case Value.number, Value.decimal, Value.real: return !isZero(value)
        case Value.link:
            let index = container(value)
            if tape[index] >> 60 == Value.object { return count(at: index) > 0 }
            try guardStack()
            var cursor = index + 1
            for _ in 0..<count(at: index) {
                if try truth(self.value(at: cursor)) { return true }
                cursor = next(cursor)
            }
            return false
        default: return false
        }
    }

    private mutating func logical(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let left = try truth(try operand(operation.pointee.a, input))
        if operation.pointee.kind == .and {
            return Value(try left ? truth(try operand(operation.pointee.b, input)) : false)
        }
        return Value(try left ? true : truth(try operand(operation.pointee.b, input)))
    }
}
