import Document

extension Machine {
    // MARK: Functions as values

    mutating func closure(_ closure: Closure) -> Value {
        functions.append(closure)
        functions[functions.count - 1].unit = unit
        return Value(bits: Value.function << 60 | UInt64(functions.count - 1))
    }

    mutating func libraryFunction(_ number: Int32) -> Value {
        closure(Closure(kind: .library, a: number))
    }

    mutating func lambda(_ number: Int32, _ input: Value) -> Value {
        closure(Closure(kind: .lambda, a: number, frame: frame, input: input))
    }

    /// How many arguments a function takes.
    func arity(_ function: Value) -> Int {
        let closure = functions[function.index]
        switch closure.kind {
        case .library: return Library.standard.functions[Int(closure.a)].arity
        case .lambda: return Int(code(of: closure.unit).tables.operations[Int(closure.a)].c)
        case .partial:
            var count = 0
            for place in 0..<Int(closure.c) where held[Int(closure.b) + place] == .placeholder { count += 1 }
            return count
        case .regex: return closure.c == 1 ? 0 : 2
        case .chain, .transform: return 1
        }
    }

    /// How many parameters a function has; nil when it takes any number.
    private func parameters(of function: Value) -> Int? {
        let closure = functions[function.index]
        guard closure.kind == .library else { return arity(function) }
        let parameters = Library.standard.signatures[Int(closure.a)].parameters
        return parameters.contains(where: \.repeats) ? nil : parameters.count
    }

    // MARK: Calls

    /// Calls a function of the library by its number. A value before the arguments comes from `~>`.
    mutating func callLibrary(_ number: Int32, _ input: Value, _ first: Value?) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let base = stack.count
        if let first { stack.append(first) }
        for place in 0..<Int(operation.pointee.c) {
            stack.append(try operand(tables.lists[Int(operation.pointee.b) &+ place], input))
        }
        let function = Int(operation.pointee.a)
        do throws(MappingFailure) {
            let result = try applyLibrary(function, from: base, input)
            return operation.pointee.flags.isDisjoint(with: .keepsSequence) ? collapsed(result) : result
        } catch {
            throw place(error, at: number, token: Library.standard.functions[function].name, input: input)
        }
    }

    /// Applies a library function to the arguments on the stack from `base`, and takes them off.
    mutating func applyLibrary(_ function: Int, from base: Int, _ input: Value) throws(MappingFailure) -> Value {
        if try !fits(library.signatures[function], from: base) {
            try validate(
                Library.standard.signatures[function], of: Library.standard.functions[function].name, from: base, input)
        }
        let arguments = Arguments(base: base, count: stack.count - base)
        callInput = input
        let result = try library.bodies[function](&self, arguments)
        stack.truncate(base)
        return result
    }

    /// Calls whatever an expression gives.
    mutating func call(_ number: Int32, _ input: Value, _ first: Value?) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let function = try evaluate(operation.pointee.a, input)
        if function.isUndefined, operation.pointee.flags.contains(.special) {
            throw failure(
                "T1005", "this is a path, not a function: the function's name begins with $", at: number, input: input)
        }
        let base = stack.count
        if let first { stack.append(first) }
        for place in 0..<Int(operation.pointee.c) {
            stack.append(try evaluate(tables.lists[Int(operation.pointee.b) + place], input))
        }
        guard function.isFunction else {
            throw failure("T1006", "what is called here is not a function", at: number, input: input)
        }
        if operation.pointee.flags.contains(.tail), first == nil {
            tailFunction = function
            tailBase = base
            return .tailCall
        }
        do throws(MappingFailure) {
            let result = try apply(function, from: base, input)
            return operation.pointee.flags.isDisjoint(with: .keepsSequence) ? collapsed(result) : result
        } catch {
            throw place(error, at: number, token: nil, input: input)
        }
    }

    /// Applies a function to the arguments on the stack from `base`, and takes them off.
    mutating func apply(_ function: Value, from base: Int, _ input: Value) throws(MappingFailure) -> Value {
        try enter()
        let unit = unit
        defer {
            depth -= 1
            if self.unit != unit { switchUnit(unit) }
        }
        let mark = mark
        var function = function
        /// What is applied in part has no signature.
        var isChecked = true
        while true {
            let closure = functions[function.index]
            if closure.unit != self.unit { switchUnit(closure.unit) }
            switch closure.kind {
            case .library:
                frame = mark.frame
                return try applyLibrary(Int(closure.a), from: base, input)
            case .lambda:
                let result = try enterLambda(closure, from: base, input, isChecked: isChecked)
                isChecked = true
                if result == .tailCall {
                    // The callee's arguments become the only ones; what the caller bound goes, unless it is held.
                    moveArguments(to: base)
                    function = tailFunction
                    release(mark)
                    try step()
                    continue
                }
                stack.truncate(base)
                if result.isTuples { frame = mark.frame } else { release(mark) }
                return result
            case .partial:
                try fill(closure, from: base)
                isChecked = false
                function = Value(bits: Value.function << 60 | UInt64(closure.a))
            case .chain:
                // A chain takes one argument, whatever it is called with.
                if stack.count == base { stack.append(.undefined) }
                stack.truncate(base + 1)
                let inner = try apply(Value(bits: Value.function << 60 | UInt64(closure.a)), from: base, input)
                stack.append(collapsed(inner))
                isChecked = true
                function = Value(bits: Value.function << 60 | UInt64(closure.b))
            case .transform:
                let result = try transform(closure, from: base)
                stack.truncate(base)
                return result
            case .regex:
                let result = try matchRegex(closure, from: base)
                stack.truncate(base)
                return result
            }
        }
    }

    /// Bounds recursion: by the caller's limit, and by the stack that is left.
    private mutating func enter() throws(MappingFailure) {
        depth += 1
        var local: UInt8 = 0
        let here = withUnsafePointer(to: &local) { UInt(bitPattern: $0) }
        if depth > context.limits.depth || here < stackFloor {
            throw failure("D1011", "functions call each other too deep: is there an end to the recursion?")
        }
    }

    private mutating func enterLambda(
        _ closure: Closure, from base: Int, _ input: Value, isChecked: Bool
    ) throws(MappingFailure) -> Value {
        let operation = operations + Int(closure.a)
        if isChecked, operation.pointee.flags.contains(.special) {
            try validate(code.program.signatures[Int(operation.pointee.word)], of: nil, from: base, input)
        }
        frame = closure.frame
        pushFrame()
        for place in 0..<Int(operation.pointee.c) {
            let argument = base + place < stack.count ? stack[base + place] : .undefined
            bind(tables.lists[Int(operation.pointee.b) + place], argument)
        }
        return try evaluate(operation.pointee.a, closure.input)
    }

    private mutating func moveArguments(to base: Int) {
        let count = stack.count - tailBase
        for place in 0..<count { stack[base + place] = stack[tailBase + place] }
        stack.truncate(base + count)
    }

    /// Completes a partial application's arguments with the ones on the stack.
    private mutating func fill(_ closure: Closure, from base: Int) throws(MappingFailure) {
        let supplied = stack.count - base
        var used = 0
        for place in 0..<Int(closure.c) {
            var argument = held[Int(closure.b) + place]
            if argument == .placeholder {
                argument = used < supplied ? stack[base + used] : .undefined
                used += 1
            }
            stack.append(argument)
        }
        for place in 0..<Int(closure.c) { stack[base + place] = stack[base + supplied + place] }
        stack.truncate(base + Int(closure.c))
    }

    mutating func partialApplication(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let operation = operations + Int(number)
        let base = stack.count
        for place in 0..<Int(operation.pointee.c) {
            stack.append(try evaluate(tables.lists[Int(operation.pointee.b) + place], input))
        }
        let function = try evaluate(operation.pointee.a, input)
        if function.isUndefined, operation.pointee.flags.contains(.special) {
            throw failure(
                "T1007", "this is a path, not a function: the function's name begins with $", at: number, input: input)
        }
        guard function.isFunction else {
            throw failure("T1008", "only a function can be applied in part", at: number, input: input)
        }
        // As many as it has parameters: others are dropped, what is left out is nothing.
        let count = parameters(of: function) ?? stack.count - base
        while stack.count - base < count { stack.append(.undefined) }
        let start = Int32(held.count)
        for place in base..<base + count { held.append(stack[place]) }
        stack.truncate(base)
        return closure(Closure(kind: .partial, a: Int32(function.index), b: start, c: Int32(count)))
    }

    /// `value ~> function`, or two functions chained into one.
    mutating func application(_ number: Int32, _ input: Value) throws(MappingFailure) -> Value {
        let left = try evaluate(operations[Int(number)].a, input)
        let function = try evaluate(operations[Int(number)].b, input)
        guard function.isFunction else {
            throw failure("T2006", "the right side of '~>' must be a function", at: number, token: "~>", input: input)
        }
        if left.isFunction {
            return closure(Closure(kind: .chain, a: Int32(left.index), b: Int32(function.index)))
        }
        let base = stack.count
        stack.append(left)
        do throws(MappingFailure) {
            return collapsed(try apply(function, from: base, .null))
        } catch {
            throw place(error, at: number, token: "~>", input: input)
        }
    }

    // MARK: Signatures

    /// What kind of value it is, for signatures.
    @inline(__always)
    func type(of value: Value) -> Signature.Types {
        guard value.tag == Value.link else { return Signature.Types(tag: value.tag) }
        return tape[container(value)] >> 60 == Value.array ? .array : .object
    }

    /// Whether the arguments on the stack from `base` fit a signature as they are, one by one.
    /// A single value where an array is wanted becomes an array.
    mutating func fits(_ signature: QuickSignature, from base: Int) throws(MappingFailure) -> Bool {
        let count = stack.count &- base
        guard count >= signature.least, count <= signature.most else { return false }
        var place = 0
        while place < count {
            let value = stack[base &+ place]
            let type = type(of: value)
            guard signature.types(place) & type.rawValue != 0 else { return false }
            defer { place &+= 1 }
            guard signature.arrays &>> UInt8(truncatingIfNeeded: place) & 1 != 0, type != .missing else { continue }
            let elements = signature.elements(place)
            guard type == .array else {
                guard elements == 0 || elements & type.rawValue != 0 else { return false }
                let top = stack.count
                stack.append(value)
                let array = try array(from: top)
                stack[base &+ place] = array
                continue
            }
            guard !value.isTuples else { return false }
            if elements != 0, !holdsOnly(value, elements) { return false }
        }
        return true
    }

    private func holdsOnly(_ array: Value, _ types: UInt16) -> Bool {
        let index = container(array)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            guard type(of: value(at: cursor)).rawValue & types != 0 else { return false }
            cursor = next(cursor)
        }
        return true
    }

    /// Checks the arguments on the stack from `base` against a signature, and completes them: with the context, and with
    /// arrays around single values where arrays are wanted.
    private mutating func validate(
        _ signature: Signature, of name: String?, from base: Int, _ input: Value
    ) throws(MappingFailure) {
        var types: [Signature.Types] = []
        for place in base..<stack.count { types.append(type(of: stack[place])) }
        guard let counts = signature.match(types[...]) else { throw misfit(signature, types, name) }
        var validated: [Value] = []
        var place = base
        // An optional parameter that doesn't fit takes its argument all the same, as in the reference: the last ones may be
        // left with nothing.
        let end = stack.count
        for (parameter, taken) in zip(signature.parameters, counts) {
            if taken == 0 {
                if parameter.usesContext {
                    let context = input.isLink && input.has(Value.outer) ? element(input, 0) : input
                    guard parameter.types.contains(type(of: context)) else {
                        throw failure(
                            "T0411",
                            "\(Self.named(name)) takes \(parameter.types.described) as argument \(validated.count + 1), which is left out, and the context is \(type(of: context).described)"
                        )
                    }
                    validated.append(context)
                } else {
                    validated.append(place < end ? stack[place] : .undefined)
                    place += 1
                }
                continue
            }
            for _ in 0..<taken {
                let value = place < end ? stack[place] : .undefined
                place += 1
                validated.append(
                    parameter.isArray ? try arrayArgument(value, parameter, place - base, of: name) : value)
            }
        }
        stack.truncate(base)
        for value in validated { stack.append(value) }
    }

    /// Which argument isn't what a signature says.
    private func misfit(_ signature: Signature, _ types: [Signature.Types], _ name: String?) -> MappingFailure {
        let place = signature.mismatch(types)
        let function = Self.named(name)
        guard place < types.count else {
            return failure("T0410", "\(function) takes more than the \(types.count) given (\(signature.text))")
        }
        return failure(
            "T0410",
            "argument \(place + 1) of \(function) is \(types[place].described), which does not fit \(signature.text)")
    }

    private static func named(_ function: String?) -> String { function.map { "$\($0)" } ?? "the function" }

    /// An argument where an array is wanted.
    private mutating func arrayArgument(
        _ value: Value, _ parameter: Signature.Parameter, _ number: Int, of name: String?
    ) throws(MappingFailure) -> Value {
        let type = type(of: value)
        if type == .missing { return value }
        if let elements = parameter.elements {
            let elements = elements.subtracting(.missing)
            var strange: Signature.Types = type == .array || elements.contains(type) ? [] : type
            if type == .array {
                let index = container(value)
                var cursor = index + 1
                for _ in 0..<count(at: index) {
                    let found = self.type(of: self.value(at: cursor))
                    if strange.isEmpty, !elements.contains(found) { strange = found }
                    cursor = next(cursor)
                }
            }
            guard strange.isEmpty else {
                throw failure(
                    "T0412",
                    "argument \(number) of \(Self.named(name)) must be an array of which each is \(elements.described); one is \(strange.described)"
                )
            }
        }
        if type == .array { return value }
        let base = stack.count
        stack.append(value)
        return try array(from: base)
    }
}

/// A library function's arguments, on the machine's stack.
struct Arguments {
    let base: Int
    let count: Int
}
