import Document
import Patterns

/// Turns a shaped tree into a ``Program``, and refuses what the evaluator can't do: with code and place, before the first
/// record.
struct Compiler {
    let source: SourceText
    let options: MappingOptions
    var program: Program
    private var symbolNumbers: [String: Int32] = [:]
    /// Every variable the mapping itself binds somewhere.
    var bound: Set<String> = []
    private var shapes = ShapeBuilder()
    /// The context that names are looked up in here; those of variables' values.
    var scope: ShapeBuilder.Scope
    /// The expressions whose result is the function's: their places, by identity.
    var tails: Set<ObjectIdentifier> = []
    /// Those that are looked at before they become the result: a call of the mapping's own function must come back.
    var handsOn: Set<ObjectIdentifier> = []
    private let rootScope = ShapeBuilder.Scope()
    private var variableScopes: [String: ShapeBuilder.Scope] = [:]

    /// A compiler; of an expression inside a running mapping, with that one's symbols.
    init(_ source: SourceText, _ options: MappingOptions, symbols: [String] = []) {
        self.source = source
        self.options = options
        self.program = Program(source: source, options: options)
        scope = rootScope
        program.symbols = symbols
        for (number, name) in symbols.enumerated() { symbolNumbers[name] = Int32(number) }
        bound = Set(symbols)
    }

    /// Compiles a whole mapping.
    mutating func compile(tree: Syntax) throws(MappingError) -> Program {
        bound.formUnion(tree.boundNames)
        program.root = try compile(tree)
        shapes.finish(&program)
        return program
    }

    // MARK: Tables

    mutating func symbol(_ name: String) -> Int32 {
        if let known = symbolNumbers[name] { return known }
        let number = Int32(program.symbols.count)
        program.symbols.append(name)
        symbolNumbers[name] = number
        return number
    }

    private mutating func access(_ name: String, _ scope: ShapeBuilder.Scope) -> Int32 {
        shapes.access(name, at: program.lookUps.place(of: name), in: scope)
    }

    /// Compiles what is evaluated in another context than what surrounds it.
    mutating func compile(_ node: Syntax, in inner: ShapeBuilder.Scope) throws(MappingError) -> Int32 {
        let outer = scope
        scope = inner
        defer { scope = outer }
        return try compile(node)
    }

    mutating func list(_ entries: [Int32]) -> Int32 {
        let start = Int32(program.lists.count)
        program.lists += entries
        return start
    }

    mutating func emit(_ operation: Operation) -> Int32 {
        program.operations.append(operation)
        return Int32(program.operations.count - 1)
    }

    private mutating func textWord(_ text: String) -> UInt64 {
        let utf8 = Array(text.utf8)
        let escapes = utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        return TapeWords.text(.string, offset: program.pool.place(of: text), length: utf8.count, flag: escapes)
    }

    // MARK: Variables

    /// Whether a block's own frame is needed: it binds, outside of blocks and functions within.
    private func binds(_ node: Syntax) -> Bool {
        if node.kind == .bind { return true }
        if node.kind == .lambda { return false }
        let parts = node.children + (node.groupPairs ?? []) + [node.left, node.right, node.third].compactMap { $0 }
        if parts.contains(where: { $0.kind != .block && binds($0) }) { return true }
        return (node.stages + node.predicates).contains {
            if case .filter(let predicate) = $0 { predicate.kind != .block && binds(predicate) } else { false }
        }
    }

    /// The library's function of that name, unless the mapping or its caller binds the name otherwise.
    func libraryFunction(_ name: String) -> Int? {
        bound.contains(name) ? nil : Library.standard.number(of: name)
    }

    func check(function number: Int, at offset: Int) throws(MappingError) {
        let function = Library.standard.functions[number]
        switch function.purity {
        case .random where !options.allowsRandom:
            throw source.error(
                "U1003", "$\(function.name) depends on chance: a connector's mapping must not call it", at: offset,
                token: function.name)
        case .dynamic where !options.allowsEval:
            throw source.error(
                "U1003",
                "$\(function.name) runs text that can't be checked before: a connector's mapping must not call it",
                at: offset, token: function.name)
        default: break
        }
    }

    func unknown(variable name: String, at offset: Int, called: Bool) -> MappingError? {
        if bound.contains(name) || options.variables?.contains(name) == true { return nil }
        if called {
            return source.error("T1006", "there is no function $\(name)\(advice(for: name))", at: offset, token: name)
        }
        if options.variables != nil {
            return source.error(
                "U1004", "nothing binds the variable $\(name)\(advice(for: name))", at: offset, token: name)
        }
        return nil
    }

    /// The name that was meant, most likely.
    private func advice(for name: String) -> String {
        let known = bound.union(options.variables ?? []).sorted() + Library.standard.functions.map(\.name)
        return name.meant(among: known).map { "; did you mean $\($0)?" } ?? ""
    }

    // MARK: Operations

    /// Whether parentheses stand around arithmetic or a comparison alone: they mean nothing then.
    private static func isTransparent(_ node: Syntax) -> Bool {
        guard node.kind == .block, node.children.count == 1, let inner = node.children.first else { return false }
        return inner.kind == .binary && inner.predicates.isEmpty && inner.groupPairs == nil && !inner.keepsArray
            && ["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">="].contains(inner.text)
            && node.predicates.isEmpty && node.stages.isEmpty && node.groupPairs == nil && !node.keepsArray
            && node.ancestor == nil && node.focusName == nil && node.indexName == nil
    }

    mutating func compile(_ node: Syntax) throws(MappingError) -> Int32 {
        if Self.isTransparent(node) { return try compile(node.children[0]) }
        var operation = try operation(for: node)
        switch node.kind {
        case .block, .condition, .elvis, .coalesce:
            if tails.contains(ObjectIdentifier(node)) { operation.flags.insert(.tail) }
        default: break
        }
        if node.keepsArray { operation.flags.insert(.keepsArray) }
        if node.constructsArray, node.kind == .array { operation.flags.insert(.constructsArray) }
        let group = node.groupPairs
        if !node.predicates.isEmpty || (group != nil && node.kind != .path) {
            let (start, count) = try stages(node.predicates)
            let outer = scope
            scope = ShapeBuilder.Scope()
            defer { scope = outer }
            let groupNumber = try group.map { (pairs) throws(MappingError) in
                try self.group(pairs, at: node.groupOffset)
            }
            program.suffixes.append(
                Suffix(stages: start, stageCount: count, group: node.kind == .path ? -1 : groupNumber ?? -1))
            operation.suffix = Int32(program.suffixes.count - 1)
            operation.flags.insert(.suffix)
        }
        return emit(operation)
    }

    mutating func compile(all nodes: [Syntax]) throws(MappingError) -> [Int32] {
        var numbers: [Int32] = []
        for node in nodes { numbers.append(try compile(node)) }
        return numbers
    }

    private mutating func stages(_ stages: [Syntax.Stage]) throws(MappingError) -> (Int32, Int32) {
        var codes: [StageCode] = []
        for stage in stages {
            switch stage {
            case .filter(let predicate):
                codes.append(StageCode(operation: try compile(predicate, in: ShapeBuilder.Scope()), symbol: -1))
            case .index(let name): codes.append(StageCode(operation: -1, symbol: symbol(name)))
            }
        }
        let start = Int32(program.stages.count)
        program.stages += codes
        return (start, Int32(codes.count))
    }

    private mutating func group(_ pairs: [Syntax], at offset: Int) throws(MappingError) -> Int32 {
        let code = GroupCode(
            pairs: list(try compile(all: pairs)), count: Int32(pairs.count / 2), offset: Int32(offset))
        program.groups.append(code)
        return Int32(program.groups.count - 1)
    }

    private mutating func operation(for node: Syntax) throws(MappingError) -> Operation {
        var result = Operation(kind: .context, offset: Int32(node.offset))
        switch node.kind {
        case .string: (result.kind, result.word) = (.text, textWord(node.text))
        case .literal:
            result.kind = .constant
            result.word = (node.truth.map { $0 ? Value.true : .false } ?? .null).bits
        case .number: number(node.number, &result)
        case .name: (result.kind, result.a) = (.field, access(node.text, scope))
        case .wildcard: result.kind = .wildcard
        case .descendant: result.kind = .descendant
        case .parent: (result.kind, result.a) = (.parent, symbol("!\(node.slot!.label)"))
        case .variable: try variable(node, &result)
        case .regex: try regex(node, &result)
        case .path: try path(node, &result)
        case .binary: try binary(node, &result)
        case .negate: (result.kind, result.a) = (.negate, try compile(node.left!))
        case .array: try array(node, &result)
        case .object: try object(node, &result)
        case .condition:
            result.kind = .condition
            result.a = try compile(node.left!)
            result.b = try compile(node.right!)
            result.c = try node.third.map { (third) throws(MappingError) in try compile(third) } ?? -1
        case .elvis, .coalesce:
            result.kind = node.kind == .elvis ? .elvis : .coalesce
            result.a = try compile(node.left!)
            result.b = try compile(node.right!)
        case .block:
            result.kind = .block
            result.a = list(try compile(all: node.children))
            result.b = Int32(node.children.count)
            if node.children.contains(where: { $0.kind != .block && binds($0) }) { result.flags.insert(.special) }
        case .bind:
            (result.kind, result.a) = (.bind, symbol(node.left!.text))
            result.b = try compile(node.right!)
        case .call, .partial: try call(node, &result)
        case .lambda: try lambda(node, &result)
        case .apply: try apply(node, &result)
        case .transform:
            result.kind = .transform
            let match = ShapeBuilder.Scope()
            result.a = try compile(node.left!, in: ShapeBuilder.Scope())
            result.b = try compile(node.right!, in: match)
            result.c = try node.third.map { (third) throws(MappingError) in try compile(third, in: match) } ?? -1
        case .sort:
            result.kind = .sort
            var entries: [Int32] = []
            let item = ShapeBuilder.Scope()
            for (term, descends) in zip(node.children, node.descending) {
                entries += [try compile(term, in: item), descends ? 1 : 0]
            }
            (result.a, result.b) = (list(entries), Int32(node.children.count))
        case .placeholder: (result.kind, result.word) = (.constant, Value.placeholder.bits)
        case .dot, .predicate, .group, .orderBy, .focus, .index, .end:
            throw source.error("S0206", "an expression of an unknown kind", at: node.offset)
        }
        return result
    }

    private mutating func number(_ number: Number, _ result: inout Operation) {
        if let value = Value(exact: number) {
            (result.kind, result.word) = (.constant, value.bits)
        } else {
            let text = number.normalized.description
            result.kind = .text
            result.word = TapeWords.text(
                .number, offset: program.pool.place(of: text), length: text.utf8.count, flag: false)
        }
    }

    private mutating func variable(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        switch node.text {
        case "": result.kind = .context
        case "$": result.kind = .root
        default:
            if let number = libraryFunction(node.text) {
                try check(function: number, at: node.offset)
                (result.kind, result.a) = (.function, Int32(number))
            } else {
                if let error = unknown(variable: node.text, at: node.offset, called: false) { throw error }
                (result.kind, result.a) = (.variable, symbol(node.text))
                // Where the mapping's own variable of the name isn't in scope, the library's function is.
                if let number = Library.standard.number(of: node.text) {
                    try check(function: number, at: node.offset)
                    result.b = Int32(number) + 1
                }
            }
        }
    }

    private mutating func regex(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        var flags: Pattern.Flags = []
        if node.extra.contains("i") { flags.insert(.ignoreCase) }
        if node.extra.contains("m") { flags.insert(.multiline) }
        do {
            program.regexes.append(try Pattern(node.text, flags: flags))
        } catch {
            throw source.error("U1006", "regular expression: \(error.reason)", at: node.offset, token: "/")
        }
        (result.kind, result.a) = (.regex, Int32(program.regexes.count - 1))
    }

    private mutating func path(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        if node.keepsSingleton || node.keepsArray { result.flags.insert(.keepsSingleton) }
        if node.isTuple { result.flags.insert(.yieldsTuples) }
        let plain = node.children.allSatisfy {
            $0.kind == .name && $0.stages.isEmpty && $0.predicates.isEmpty && !$0.isTuple && $0.groupPairs == nil
        }
        let isFields = plain && !node.keepsSingleton && !node.keepsArray && node.groupPairs == nil && !node.isTuple
        if isFields {
            result.kind = .fields
            // Consecutive numbers: the accesses are made in turn.
            (result.a, result.b) = (accesses(node.children[...], scope)[0], Int32(node.children.count))
            return
        }
        let outer = scope
        defer { scope = outer }
        let bound = try boundFields(node)
        var steps: [Step] = []
        for child in node.children {
            steps.append(try step(child))
            scope = scope(behind: child)
        }
        result.kind = .path
        (result.a, result.b) = (Int32(program.steps.count), Int32(steps.count))
        program.steps += steps
        if steps.contains(where: \.isTuple) { result.flags.insert(.hasTuples) }
        result.word = UInt64(steps.dropLast().prefix(while: isName).count)
        scope = ShapeBuilder.Scope()
        result.c =
            try node.groupPairs.map { (pairs) throws(MappingError) in
                try group(pairs, at: node.groupOffset)
            } ?? -1
        guard let bound else { return }
        // Where the variable holds no object, the path goes its usual way.
        let general = Int(emit(result))
        result = bound
        result.word = UInt64(general)
    }

    /// Whether a step is a name and nothing else.
    private func isName(_ step: Step) -> Bool {
        step.kind == .field && step.stageCount == 0 && !step.isTuple && !step.constructsArray
            && program.operations[Int(step.operation)].flags.isEmpty
    }

    /// A variable with names behind it, as `$$.store`; nil for any other path.
    private mutating func boundFields(_ node: Syntax) throws(MappingError) -> Operation? {
        guard let first = node.children.first, first.kind == .variable, node.children.count > 1,
            !node.keepsSingleton, !node.keepsArray, node.groupPairs == nil, !node.isTuple,
            node.children.dropFirst().allSatisfy({ $0.kind == .name }),
            node.children.allSatisfy({
                $0.stages.isEmpty && $0.predicates.isEmpty && !$0.isTuple && $0.groupPairs == nil && !$0.keepsArray
            })
        else { return nil }
        var result = Operation(kind: .boundFields, offset: Int32(node.offset))
        result.c = try compile(first)
        let names = node.children.dropFirst()
        (result.a, result.b) = (accesses(names, scope(behind: first))[0], Int32(names.count))
        return result
    }

    private mutating func accesses(_ steps: ArraySlice<Syntax>, _ first: ShapeBuilder.Scope) -> [Int32] {
        var scope = first
        var numbers: [Int32] = []
        for step in steps {
            numbers.append(access(step.text, scope))
            scope = shapes.scope(of: step.text, in: scope)
        }
        // The same names for the elements of arrays: there, nobody asks the same object for more.
        for step in steps { numbers.append(access(step.text, ShapeBuilder.Scope())) }
        return numbers
    }

    /// The context of what follows a step: names behind the same variable are looked up in the same object.
    private mutating func scope(behind step: Syntax) -> ShapeBuilder.Scope {
        guard step.kind == .variable, step.stages.isEmpty, step.predicates.isEmpty, step.groupPairs == nil else {
            return ShapeBuilder.Scope()
        }
        switch step.text {
        case "": return scope
        case "$": return rootScope
        default:
            let known = variableScopes[step.text] ?? ShapeBuilder.Scope()
            variableScopes[step.text] = known
            return known
        }
    }

    private mutating func step(_ node: Syntax) throws(MappingError) -> Step {
        let (start, count) = try stages(node.stages)
        let number = try compile(node)
        return Step(
            operation: number, stages: start, stageCount: count,
            focus: node.focusName.map { symbol($0) } ?? -1, index: node.indexName.map { symbol($0) } ?? -1,
            ancestor: node.ancestor.map { symbol("!\($0.label)") } ?? -1, isTuple: node.isTuple,
            kind: program.operations[Int(number)].kind, constructsArray: node.constructsArray)
    }

    private static let binaries: [String: Operation.Kind] = [
        "+": .add, "-": .subtract, "*": .multiply, "/": .divide, "%": .modulo, "&": .concatenate, "..": .range,
        "in": .contains, "=": .equal, "!=": .unequal, "<": .less, "<=": .lessOrEqual, ">": .greater,
        ">=": .greaterOrEqual, "and": .and, "or": .or,
    ]

    private mutating func binary(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        guard let kind = Self.binaries[node.text] else {
            throw source.error("S0204", "no such operator: \(node.text)", at: node.offset, token: node.text)
        }
        result.kind = kind
        result.a = try compile(node.left!)
        result.b = try compile(node.right!)
    }

    private mutating func array(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        result.kind = .array
        var entries: [Int32] = []
        // An array constructor inside is one element; whatever else gives an array gives its elements.
        for child in node.children { entries += [try compile(child), child.kind == .array ? 1 : 0] }
        (result.a, result.b) = (list(entries), Int32(node.children.count))
    }

    private mutating func object(_ node: Syntax, _ result: inout Operation) throws(MappingError) {
        let group = try group(node.children, at: node.offset)
        (result.kind, result.c) = (.object, group)
        let keys = stride(from: 0, to: node.children.count, by: 2).map { node.children[$0] }
        let texts = Set(keys.map(\.text))
        guard keys.allSatisfy({ $0.kind == .string && $0.predicates.isEmpty && $0.groupPairs == nil }),
            texts.count == keys.count
        else { return }
        result.kind = .record
        (result.a, result.b) = (Int32(program.pairs.count), program.groups[Int(group)].count)
        for place in 0..<Int(result.b) {
            let entry = Int(program.groups[Int(group)].pairs) + 2 * place
            program.pairs.append(pair(program.lists[entry], program.lists[entry + 1]))
        }
    }

    private func pair(_ key: Int32, _ value: Int32) -> PairCode {
        var pair = PairCode(
            key: program.operations[Int(key)].word, operation: value, access: -1, inner: -1)
        let operation = program.operations[Int(value)]
        guard operation.kind == .fields, operation.flags.isEmpty, operation.b <= 2 else { return pair }
        pair.access = operation.a
        if operation.b == 2 { pair.inner = operation.a + 1 }
        return pair
    }
}
