import Document

/// What can be said of a mapping before any record comes: what it gives, and what in it can't be right.
///
/// ```swift
/// let inspection = try MappingInspection(
///     source: bytes, file: "price.jsonata", options: .connector(), input: Outline(sampling: record))
/// inspection.findings          // price.jsonata:4:12: no sample has "pirce"; did you mean "price"?
/// inspection.result            // objects with the members product, self, at
/// ```
public struct MappingInspection: Sendable {
    /// What the mapping gives.
    public let result: Outline
    /// What is to be looked at, in the order of the source.
    public let findings: [MappingFinding]

    /// Inspects a mapping.
    ///
    /// - Parameters:
    ///   - input: what its records look like.
    ///   - variables: what the caller binds.
    ///   - tables: the columns of the tables that `$omni_table` reads.
    ///   - fields: names of fields that records may have beside those that the input shows.
    /// - Throws: ``MappingError`` when it doesn't compile.
    public init(
        source: [UInt8], file: String, options: MappingOptions, input: Outline, variables: [String: Outline] = [:],
        tables: [String: [String]] = [:], fields: [String] = []
    ) throws(MappingError) {
        _ = try CompiledMapping(source: source, file: file, options: options)
        let text = SourceText(file: file, bytes: source)
        var parser = Parser(text)
        var shaper = Shaper(text)
        let tree = try shaper.shape(tree: try parser.parse())
        var inspector = Inspector(
            text, input: input, variables: variables, tables: tables, fields: fields, bound: tree.boundNames)
        result = inspector.inspect(tree, input)
        findings = inspector.findings.sorted { ($0.offset, $0.message) < ($1.offset, $1.message) }
    }
}

/// Walks a mapping's tree and works out what each expression may give.
///
/// Each expression is followed with what surrounds it: the context's shape, the variables' shapes. Where something isn't
/// known it is ``Outline/any``, so findings are certain.
struct Inspector {
    let source: SourceText
    let tables: [String: [String]]
    let root: Outline
    /// The names of fields that records have, at any place.
    let fields: Set<String>
    private(set) var findings: Set<MappingFinding> = []
    /// The variables in scope, the innermost last.
    private var scopes: [[String: Outline]]
    /// The names that the mapping binds anywhere. A function of the library that is called like one of them isn't meant.
    let bound: Set<String>
    /// How many expressions around this one may not be evaluated, whatever the record: branches, bodies of functions.
    private var doubts = 0

    init(
        _ source: SourceText, input: Outline, variables: [String: Outline], tables: [String: [String]],
        fields: [String], bound: Set<String>
    ) {
        self.source = source
        self.bound = bound
        self.fields = tables.values.reduce(input.names.union(fields)) { $0.union($1) }
        self.tables = tables
        root = input
        scopes = [variables]
    }

    // MARK: Findings

    mutating func report(
        _ severity: MappingFinding.Severity, _ rule: MappingFinding.Rule, _ message: String, at node: Syntax
    ) {
        report(severity, rule, message, at: node.offset)
    }

    /// An error is what fails every record: where it stands in what may not be evaluated, it is a warning.
    mutating func report(
        _ severity: MappingFinding.Severity, _ rule: MappingFinding.Rule, _ message: String, absent: String? = nil,
        at offset: Int
    ) {
        let severity: MappingFinding.Severity = doubts > 0 ? .warning : severity
        findings.insert(MappingFinding(severity, rule, message, absent: absent, at: offset, in: source.bytes))
    }

    /// Takes back what was said of a stretch of the source: something better is known of it.
    mutating func withdraw(_ rules: Set<MappingFinding.Rule>, in range: Range<Int>) {
        findings = findings.filter { !(range.contains($0.offset) && rules.contains($0.rule)) }
    }

    // MARK: Scopes

    func lookUp(_ name: String) -> Outline? {
        for scope in scopes.reversed() { if let shape = scope[name] { return shape } }
        return nil
    }

    mutating func bind(_ name: String, _ shape: Outline) { scopes[scopes.count - 1][name] = shape }

    /// The library's function of that name; nil where the mapping means something else by it.
    func libraryFunction(_ name: String) -> Int? {
        bound.contains(name) || lookUp(name) != nil ? nil : Library.standard.number(of: name)
    }

    /// Follows what may not be evaluated.
    ///
    /// - Parameter isOpen: false: it is evaluated as its surroundings are.
    mutating func maybe<Result>(_ isOpen: Bool = true, _ body: (inout Inspector) -> Result) -> Result {
        if isOpen { doubts += 1 }
        defer { if isOpen { doubts -= 1 } }
        return body(&self)
    }

    /// Follows what has variables of its own.
    mutating func scoped(_ body: (inout Inspector) -> Outline) -> Outline {
        scopes.append([:])
        defer { scopes.removeLast() }
        return body(&self)
    }

    // MARK: Expressions

    /// What an expression may give in a context.
    mutating func inspect(_ node: Syntax, _ context: Outline) -> Outline {
        var result = operand(node, context)
        if node.kind != .path {
            for stage in node.predicates { result = self.stage(stage, result) }
            if let pairs = node.groupPairs { result = group(pairs, result, at: node.groupOffset) }
        }
        if node.keepsArray || (node.kind == .path && node.keepsSingleton) {
            result = Outline(arrayOf: result.items.something).union(result.kinds.contains(.nothing) ? .nothing : .never)
        }
        return result
    }

    private mutating func operand(_ node: Syntax, _ context: Outline) -> Outline {
        switch node.kind {
        case .string: return made(.string(node.text), node)
        case .number: return made(.number(node.number), node)
        case .literal: return made(node.truth.map { .bool($0) } ?? .null, node)
        case .name: return member(node, of: context)
        case .wildcard: return everyMember(of: context)
        case .descendant, .parent: return .any
        case .variable: return variable(node, context)
        case .regex, .transform, .partial: return function(node, context)
        case .path: return path(node, context)
        case .binary: return binary(node, context)
        case .negate:
            // -1 is a number as 1 is one.
            if let digits = node.left, digits.kind == .number, digits.predicates.isEmpty {
                return made(.number(-digits.number), node)
            }
            return arithmetic([inspect(node.left!, context)], "-", node)
        case .array: return array(node, context)
        case .object: return group(node.children, context, at: node.offset)
        case .condition:
            _ = inspect(node.left!, context)
            return maybe { inspector in
                let yes = inspector.inspect(node.right!, context)
                return yes.union(node.third.map { inspector.inspect($0, context) } ?? .nothing)
            }
        case .elvis, .coalesce:
            let left = inspect(node.left!, context)
            return left.something.union(maybe { $0.inspect(node.right!, context) })
        case .block:
            return scoped { inspector in
                var last = Outline.nothing
                for statement in node.children { last = inspector.inspect(statement, context) }
                return last
            }
        case .bind:
            // A function may call itself.
            if node.right!.kind == .lambda { bind(node.left!.text, Outline(.function)) }
            let value = inspect(node.right!, context)
            bind(node.left!.text, value)
            return value
        case .call: return call(node, context)
        case .lambda: return lambda(node, context, with: [])
        case .apply: return apply(node, context)
        case .sort:
            maybe { inspector in for term in node.children { _ = inspector.inspect(term, context.items) } }
            return context
        case .placeholder, .dot, .predicate, .group, .orderBy, .focus, .index, .end: return .any
        }
    }

    private func made(_ value: JSON, _ node: Syntax) -> Outline {
        var shape = Outline(oneOf: [value])
        shape.offset = node.offset
        shape.constants = [value: node.offset]
        return shape
    }

    private func variable(_ node: Syntax, _ context: Outline) -> Outline {
        switch node.text {
        case "": return context
        case "$": return root
        default: return lookUp(node.text) ?? (libraryFunction(node.text) == nil ? .any : Outline(.function))
        }
    }

    private mutating func function(_ node: Syntax, _ context: Outline) -> Outline {
        maybe { inspector in
            for part in node.children where part.kind != .placeholder { _ = inspector.inspect(part, context) }
            // A transform's parts see what its pattern finds, wherever that is.
            for part in [node.left, node.right, node.third] where node.kind == .transform {
                if let part { _ = inspector.inspect(part, .any) }
            }
        }
        return Outline(.function)
    }

    private mutating func array(_ node: Syntax, _ context: Outline) -> Outline {
        var element = Outline.never
        for child in node.children {
            if child.kind == .binary, child.text == ".." {
                for side in [child.left!, child.right!] { _ = arithmetic([inspect(side, context)], "..", child) }
                element.formUnion(Outline(.number))
            } else {
                let shape = inspect(child, context)
                element.formUnion((child.kind == .array ? shape : shape.items).something)
            }
        }
        var result = Outline(arrayOf: element)
        result.offset = node.offset
        return result
    }

    /// An object constructor, or a grouping: it sees each item, or those of a group.
    mutating func group(_ pairs: [Syntax], _ context: Outline, at offset: Int) -> Outline {
        let items = context.items.something
        // Items that share a key are seen together.
        let seen = context.kinds.contains(.array) ? items.many.something : items
        var result = Outline(members: [])
        result.offset = offset
        var constants: Set<String> = []
        for place in stride(from: 0, to: pairs.count, by: 2) {
            let key = inspect(pairs[place], items)
            let value = inspect(pairs[place + 1], seen.kinds.isEmpty ? .nothing : seen)
            if let names = key.values, key.kinds.isSubset(of: [.string, .nothing]) {
                for case .string(let name) in names {
                    var member = Outline.Member(shape: value, offset: pairs[place].offset)
                    if names.count > 1 { member.shape = value.orNothing }
                    if let known = result.members[name] {
                        member.shape.formUnion(known.shape)
                        if pairs[place].kind == .string, constants.contains(name) {
                            report(
                                context.kinds.contains(.nothing) ? .warning : .error, .language,
                                "\"\(name)\" is given twice (D1009): it fails the record", at: pairs[place])
                        }
                    }
                    if pairs[place].kind == .string { constants.insert(name) }
                    result.members[name] = member
                }
            } else {
                result.isOpen = true
            }
        }
        return result
    }
}
