import Document

/// Functions whose result nothing can check beforehand: a connector's mapping must not call them.
enum Chance {
    static let functions: [Function] = [
        Function(
            "random", "<:n>", "A number from 0 to below 1, drawn from the context's seed.", purity: .random,
            examples: [.init("$random() < 1", "true")]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.value(Double(machine.draw() >> 11) * 0x1p-53)
        },
        Function(
            "shuffle", "<a:a>", "An array in an order drawn from the context's seed.", purity: .random,
            examples: [.init("$sort($shuffle([3, 1, 2]))", "[1,2,3]"), .init("$shuffle(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let list = machine.argument(arguments, 0)
            guard list.isLink else { return list }
            let base = machine.stack.count
            machine.pushElements(list)
            for place in stride(from: machine.stack.count - base - 1, to: 0, by: -1) {
                let other = base + Int(machine.draw() % UInt64(place + 1))
                let value = machine.stack[base + place]
                machine.stack[base + place] = machine.stack[other]
                machine.stack[other] = value
            }
            return try machine.array(from: base)
        },
        Function(
            "eval", "<sx?:x>", "The result of a JSONata expression that is given as a string.", purity: .dynamic,
            examples: [.init("($x := 2; $eval(\"[1, $x, $sum([1, 2])]\"))", "[1,2,3]"), .init("$eval(nothing)", nil)]
        ) { (machine, arguments) throws(MappingFailure) in
            let source = machine.argument(arguments, 0)
            let focus = machine.argument(arguments, 1)
            if source.isUndefined { return source }
            let input = machine.callInput
            return try machine.evaluate(text: machine.text(source), focus.isUndefined ? input : focus)
        },
    ]
}

/// The programs of a run: the mapping's own, and those that `$eval` made. They share one list of symbols.
struct Evaluated {
    var codes: [Code] = []
    /// Where each program's strings lie on the tape; empty until the first `$eval` of a record.
    var poolBases: [Int] = []
    private var units: [String: Int32] = [:]

    init() {}

    init(_ code: Code) { codes = [code] }

    func unit(of source: String) -> Int32? { units[source] }

    mutating func add(_ code: Code, _ source: String) -> Int32 {
        codes.append(code)
        units[source] = Int32(codes.count - 1)
        return Int32(codes.count - 1)
    }
}

extension Machine {
    /// The next number of the seed's sequence (SplitMix64).
    mutating func draw() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    func code(of unit: Int32) -> Code { unit == 0 ? evaluated.codes[0] : evaluated.codes[Int(unit)] }

    /// Goes on in another program.
    mutating func switchUnit(_ unit: Int32) {
        code = evaluated.codes[Int(unit)]
        tables = code.tables
        operations = tables.operations
        poolBase = evaluated.poolBases[Int(unit)]
        self.unit = unit
        findings.reset(shapes: code.program.shapes.count, names: code.program.names.count)
    }

    /// Compiles and evaluates an expression in the scope that runs.
    mutating func evaluate(text: String, _ input: Value) throws(MappingFailure) -> Value {
        if evaluated.poolBases.isEmpty { evaluated.poolBases = [poolBase] }
        let unit = try unit(of: text)
        while evaluated.poolBases.count < evaluated.codes.count {
            let code = evaluated.codes[evaluated.poolBases.count]
            try reserve(bytes: code.poolCount)
            evaluated.poolBases.append(tape.append(bytes: code.tables.pool, count: code.poolCount))
        }
        let outer = self.unit
        switchUnit(unit)
        depth += 1
        defer {
            depth -= 1
            switchUnit(outer)
        }
        guard depth <= context.limits.depth else { throw failure("D1011", "$eval calls itself too deep") }
        var input = input
        if isArray(input), !input.has(Value.sequence) {
            let base = stack.count
            stack.append(input)
            input = try array(from: base, flags: Value.sequence | Value.outer)
        }
        do throws(MappingFailure) {
            return try evaluate(code.program.root, input)
        } catch {
            guard case .error(let inner) = error, !inner.code.hasPrefix("U2") else { throw error }
            throw failure("D3121", "the expression given to $eval failed: \(inner.code): \(inner.message)")
        }
    }

    private mutating func unit(of text: String) throws(MappingFailure) -> Int32 {
        if let known = evaluated.unit(of: text) { return known }
        guard evaluated.codes.count < 1000 else {
            throw failure("U2007", "$eval was given more than 1000 different expressions")
        }
        let source = SourceText(file: "$eval", bytes: Array(text.utf8))
        do throws(MappingError) {
            var parser = Parser(source)
            var shaper = Shaper(source)
            var options = code.program.options
            options.variables = nil
            var compiler = Compiler(source, options, symbols: evaluated.codes.last!.program.symbols)
            let tree = try shaper.shape(tree: try parser.parse())
            return evaluated.add(Code(try compiler.compile(tree: tree)), text)
        } catch {
            // What the reference finds only when it runs the expression is an error of running it.
            let code = error.code.hasPrefix("T") ? "D3121" : "D3120"
            throw failure(code, "the expression given to $eval can't be compiled: \(error.code): \(error.message)")
        }
    }
}
