public import Document

/// A schema that is ready to validate: immutable, so any number of threads may use it.
public struct CompiledSchema: Sendable {
    let program: Program

    /// Whether the value fits. Stops at the first violation. Allocates nothing, but for arrays of more than 32 items that
    /// must be unique, and values with more than 64 members or items whose evaluation must be noted (`unevaluated…`).
    public func isValid(_ node: Node) -> Bool {
        withExtendedLifetime(program) {
            var machine = Machine(program: program.tables, log: Silence())
            return machine.check(program.tables.root, node, nil)
        }
    }

    /// Validates a value and adds every violation to a report.
    /// - Returns: Whether the value fits.
    @discardableResult
    public func validate(_ node: Node, into report: inout Report) -> Bool {
        // Documents that fit are the rule: only the others pay for paths and messages.
        if isValid(node) { return true }
        withExtendedLifetime(program) {
            var machine = Machine(program: program.tables, log: ViolationLog(limit: report.limit))
            _ = machine.check(program.tables.root, node, nil)
            machine.log.write(to: &report, places: program.places)
        }
        return false
    }

    /// Every violation of a value; empty when it fits.
    public func violations(of node: Node) -> [Violation] {
        var report = Report()
        validate(node, into: &report)
        return report.violations
    }
}

extension SchemaSet {
    /// Compiles a schema and all it refers to.
    /// - Parameter reference: A document's file name or `$id`; with a fragment, a schema inside of it.
    /// - Throws: ``SchemaError`` with all that is wrong, misspelt or not supported, each with its place.
    public func compile(_ reference: String) throws(SchemaError) -> CompiledSchema {
        let set = try withMetaschema()
        guard let root = set.find(reference, from: Self.uri(ofFile: ""))?.location else {
            throw SchemaError([.init(file: reference, pointer: "", message: "no such schema was added")])
        }
        var compiler = Compiler(set)
        return CompiledSchema(program: try compiler.compile(root))
    }
}
