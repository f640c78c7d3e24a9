public import Document

/// Runs mappings over records: one a thread, so that its memory is reused.
public struct MappingEvaluator: ~Copyable {
    private var machine: Machine?

    /// An evaluator; its memory grows with use.
    public init() {}

    /// Maps one record.
    ///
    /// The result is appended to the input's tape and links to the input: it is valid until the tape is parsed or reset
    /// again. Nil is JSONata's *undefined*: the mapping yields nothing, which filters the record. An array holds several
    /// results.
    ///
    /// - Parameters:
    ///   - mapping: the compiled mapping.
    ///   - input: a value on `tape`; nil is no input.
    ///   - tape: where the input lies and the result is written.
    ///   - context: the record's time, variables, tables and limits.
    public mutating func evaluate(
        _ mapping: CompiledMapping, input: Node?, tape: inout Tape, context: EvaluationContext
    ) throws(MappingFailure) -> Node? {
        if machine == nil {
            machine = Machine(mapping.code, tape: tape.words, context: context)
        }
        return try machine!.run(mapping.code, input: input, tape: tape.words, context: context)
    }
}

extension CompiledMapping {
    /// Maps one record with an evaluator of its own. A loop over records keeps a ``MappingEvaluator`` instead.
    public func evaluate(
        input: Node?, tape: inout Tape, context: EvaluationContext
    ) throws(MappingFailure) -> Node? {
        var evaluator = MappingEvaluator()
        return try evaluator.evaluate(self, input: input, tape: &tape, context: context)
    }
}

extension Machine {
    /// Runs a program over an input.
    mutating func run(
        _ code: Code, input: Node?, tape: TapeWords, context: EvaluationContext
    ) throws(MappingFailure) -> Node? {
        if self.code !== code || evaluated.codes.isEmpty { evaluated = Evaluated(code) }
        self.code = code
        self.tables = code.tables
        self.operations = code.tables.operations
        self.tape = tape
        self.context = context
        reset()
        let limits = context.limits
        stepsLeft = limits.steps
        wordLimit = min(tape.count + limits.memory / 8, Int(Int32.max))
        // No text gets longer than a word of the tape can say: all that is written is shorter.
        byteLimit = min(
            tape.byteCount + min(limits.memory, TapeWords.longestText) + code.poolCount, Int(UInt32.max))
        workLimit = limits.memory
        bytesPerWord = tape.byteCount / max(tape.count, 1) + 1
        var local: UInt8 = 0
        stackFloor = withUnsafePointer(to: &local) { UInt(bitPattern: $0) } - UInt(limits.stack)
        try reserve(words: 2, bytes: code.poolCount + 16)
        poolBase = tape.append(bytes: tables.pool, count: code.poolCount)
        evaluated.poolBases.removeAll(keepingCapacity: true)
        firstWord = tape.count
        rootValue = input.map { value(at: Int($0.position)) } ?? .undefined
        do throws(MappingFailure) {
            try bindVariables()
            var start = rootValue
            if isArray(rootValue) {
                // An input that is an array is one input, not many.
                stack.append(rootValue)
                start = try array(from: 0, flags: Value.sequence | Value.outer)
            }
            return try seal(try evaluate(code.program.root, start))
        } catch {
            throw place(error, at: code.program.root, token: nil, input: .undefined)
        }
    }

    private mutating func reset() {
        findings.reset(shapes: code.program.shapes.count, names: code.program.names.count)
        stack.truncate(0)
        tuples.truncate(0)
        frames.truncate(0)
        bindings.truncate(0)
        functions.truncate(0)
        held.truncate(0)
        frame = -1
        depth = 0
        unit = 0
        random = context.seed
        pushFrame()
    }

    private mutating func bindVariables() throws(MappingFailure) {
        for (name, json) in context.bindings {
            guard let symbol = code.program.symbol(name) else { continue }
            let value = try self.value(json)
            bind(Int32(symbol), value)
        }
    }

    /// An owned JSON value, appended to the tape.
    mutating func value(_ json: JSON) throws(MappingFailure) -> Value {
        switch json {
        case .null: return .null
        case .bool(let truth): return Value(truth)
        case .number(let number): return try value(number)
        case .string(let text): return try string(text)
        case .array(let elements):
            let base = stack.count
            for element in elements { stack.append(try value(element)) }
            return try array(from: base)
        case .object(let members):
            let base = stack.count
            for member in members {
                stack.append(try string(member.key))
                stack.append(try value(member.value))
            }
            return try object(from: base)
        }
    }
}
