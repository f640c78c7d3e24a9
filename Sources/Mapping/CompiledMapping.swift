import Document

/// What a mapping may use.
public struct MappingOptions: Sendable {
    /// The variables that the caller binds to each record; any other unbound variable is refused. Nil: whatever isn't
    /// bound is undefined, as JSONata has it.
    public var variables: Set<String>?
    /// Whether `$random` and `$shuffle` are allowed; they draw from the context's seed.
    public var allowsRandom: Bool
    /// Whether `$eval` is allowed: it runs text that nothing has checked before the record came.
    public var allowsEval: Bool
    /// The tables there are: `$omni_table` of another one is refused. Nil: told when a record asks.
    public var tables: Set<String>?

    /// The options. The defaults are JSONata's, without chance.
    public init(variables: Set<String>? = nil, allowsRandom: Bool = false, allowsEval: Bool = true) {
        self.variables = variables
        self.allowsRandom = allowsRandom
        self.allowsEval = allowsEval
    }

    /// What a connector's mapping may use: no chance (I11), no `$eval`, no variables but its own and the given ones.
    public static func connector(variables: Set<String> = []) -> MappingOptions {
        MappingOptions(variables: variables, allowsRandom: false, allowsEval: false)
    }
}

/// A JSONata mapping, checked and compiled: made once, used by any number of threads.
///
/// ```swift
/// let mapping = try CompiledMapping(source: "{ \"gtin\": $omni_gtin(ean), \"name\": title }", file: "product.jsonata")
/// var evaluator = MappingEvaluator()                       // one a thread
/// let product = try evaluator.evaluate(mapping, input: tape.root, tape: &tape, context: context)
/// ```
public struct CompiledMapping: Sendable {
    /// The file's name, as it appears in errors.
    public let file: String
    let code: Code

    /// Parses, checks and compiles. What the language or this implementation doesn't have is refused here, with its place.
    public init(
        source: String, file: String = "mapping", options: MappingOptions = MappingOptions()
    ) throws(MappingError) {
        try self.init(source: Array(source.utf8), file: file, options: options)
    }

    /// Parses, checks and compiles UTF-8.
    public init(
        source: [UInt8], file: String = "mapping", options: MappingOptions = MappingOptions()
    ) throws(MappingError) {
        let text = SourceText(file: file, bytes: source)
        guard String(validating: source, as: UTF8.self) != nil else {
            throw text.error("U1005", "the mapping is not valid UTF-8", at: 0)
        }
        guard source.count < 1 << 24 else { throw text.error("U1005", "the mapping is larger than 16 MiB", at: 0) }
        var parser = Parser(text)
        var shaper = Shaper(text)
        var compiler = Compiler(text, options)
        let tree = try shaper.shape(tree: try parser.parse())
        self.file = file
        self.code = Code(try compiler.compile(tree: tree))
    }
}

extension CompiledMapping {
    /// Whether it mentions one of the library's functions, named without its `$`.
    public func mentions(_ function: String) -> Bool {
        guard let number = Library.standard.number(of: function) else { return false }
        return code.program.operations.contains {
            [.callLibrary, .toNumber, .round, .sum, .function].contains($0.kind) && $0.a == Int32(number)
        }
    }

    /// The lines on which its object constructors name a member, from 1.
    ///
    /// - Parameter outer: only those in what a member of this name is given. Where that is made elsewhere (a variable's value, the
    ///   result of a function of the mapping), all of them.
    public func lines(ofMember name: String, within outer: String? = nil) -> [Int] {
        var parser = Parser(code.program.source)
        guard let tree = try? parser.parse() else { return [] }
        guard let outer else { return lines(of: name, in: [tree]) }
        let values = Self.members(in: [tree]).filter { $0.key.text == outer }.map(\.value)
        return lines(of: name, in: values.contains(where: Self.isMadeElsewhere) ? [tree] : values)
    }

    /// Whether an object that an expression gives may have been made outside of it.
    private static func isMadeElsewhere(_ value: Syntax) -> Bool {
        switch value.kind {
        case .variable, .apply: return true
        case .block: return value.children.last.map(isMadeElsewhere) ?? false
        case .condition: return [value.right, value.third].contains { $0.map(isMadeElsewhere) ?? false }
        case .elvis, .coalesce: return [value.left, value.right].contains { $0.map(isMadeElsewhere) ?? false }
        case .array: return value.children.contains(where: isMadeElsewhere)
        case .call:
            // What the library makes an object of, it is given.
            let isOwn = value.left.map { $0.kind != .variable || Library.standard.number(of: $0.text) == nil } ?? false
            return isOwn || value.children.contains(where: isMadeElsewhere)
        default: return false
        }
    }

    private func lines(of name: String, in trees: [Syntax]) -> [Int] {
        let source = code.program.source
        let keys = Self.members(in: trees).map(\.key).filter { $0.text == name }
        return Set(keys.map { source.place(of: $0.offset).line }).sorted()
    }

    /// The members of object constructors whose names are texts.
    private static func members(in trees: [Syntax]) -> [(key: Syntax, value: Syntax)] {
        var members: [(key: Syntax, value: Syntax)] = []
        var pending = trees
        while let node = pending.popLast() {
            pending += node.children + [node.left, node.right, node.third].compactMap { $0 }
            guard node.kind == .object || node.kind == .group else { continue }
            let keys = stride(from: 0, to: node.children.count - 1, by: 2)
            for place in keys where node.children[place].kind == .string {
                members.append((node.children[place], node.children[place + 1]))
            }
        }
        return members
    }

    /// Whether it speaks of a variable, named without its `$`: binding another one has no effect.
    public func uses(variable name: String) -> Bool { code.program.symbol(name) != nil }
}

/// A program where the evaluator reads it: plain memory, owned by one object.
final class Code: @unchecked Sendable {
    /// The program's tables, as pointers.
    struct Tables: BitwiseCopyable {
        let operations: UnsafePointer<Operation>
        let lists: UnsafePointer<Int32>
        let steps: UnsafePointer<Step>
        let stages: UnsafePointer<StageCode>
        let suffixes: UnsafePointer<Suffix>
        let groups: UnsafePointer<GroupCode>
        let pairs: UnsafePointer<PairCode>
        let accesses: UnsafePointer<Access>
        let shapes: UnsafePointer<Shape>
        let names: UnsafePointer<Name>
        let buckets: UnsafePointer<Int32>
        let pool: UnsafePointer<UInt8>
        let lookUps: UnsafePointer<UInt8>
        /// The first of the keys under which plans are kept with layouts; see ``Machine``.
        let planKeys: UInt64
    }

    let program: Program
    let tables: Tables
    let poolCount: Int

    init(_ program: Program) {
        self.program = program
        poolCount = program.pool.bytes.count
        tables = Tables(
            operations: Self.copy(program.operations), lists: Self.copy(program.lists),
            steps: Self.copy(program.steps), stages: Self.copy(program.stages),
            suffixes: Self.copy(program.suffixes), groups: Self.copy(program.groups), pairs: Self.copy(program.pairs),
            accesses: Self.copy(program.accesses), shapes: Self.copy(program.shapes),
            names: Self.copy(program.names), buckets: Self.copy(program.buckets),
            pool: Self.copy(program.pool.bytes),
            // Names are compared eight bytes at a time.
            lookUps: Self.copy(program.lookUps.bytes + [UInt8](repeating: 0, count: 8)),
            planKeys: ObjectLayout.newKeys())
    }

    deinit {
        tables.operations.deallocate()
        tables.lists.deallocate()
        tables.steps.deallocate()
        tables.stages.deallocate()
        tables.suffixes.deallocate()
        tables.groups.deallocate()
        tables.pairs.deallocate()
        tables.accesses.deallocate()
        tables.shapes.deallocate()
        tables.names.deallocate()
        tables.buckets.deallocate()
        tables.pool.deallocate()
        tables.lookUps.deallocate()
    }

    private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        memory.initialize(from: elements, count: elements.count)
        return UnsafePointer(memory)
    }
}
