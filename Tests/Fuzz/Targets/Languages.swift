import Document
import Mapping
import Patterns
import Schema

/// The languages that people write: JSON, JSONata, JSON Schema, regular expressions.
enum Languages {
    /// RFC 8259: what parses, written and parsed again, is the same; and so is its tree.
    static func json(_ bytes: [UInt8]) {
        var tape = Tape()
        guard (try? tape.parse(bytes)) != nil else { return }
        let tree = JSON(tape.root)
        // What a tape recalls changes nothing.
        for _ in 0..<3 {
            check((try? tape.parse(bytes)) != nil && JSON(tape.root) == tree, "read again, it is something else")
        }
        var writer = JSONWriter()
        writer.write(tape.root)
        for written in [writer.bytes, tree.utf8, Array(tree.pretty.utf8)] {
            var again = Tape()
            check((try? again.parse(written)) != nil, "what was written doesn't parse")
            check(JSON(again.root) == tree, "what was written is something else")
        }
    }

    static func jsonata(_ bytes: [UInt8]) {
        _ = try? CompiledMapping(source: bytes, file: "fuzz")
        _ = try? CompiledMapping(source: bytes, file: "fuzz", options: .connector(variables: ["key"]))
        _ = try? MappingInspection(source: bytes, file: "fuzz", options: MappingOptions(), input: .any)
    }

    /// A mapping is a function of its record, and its result is JSON (I11).
    static func mapping(_ bytes: [UInt8]) {
        let (source, input) = FuzzTarget.halves(bytes)
        guard let mapping = try? CompiledMapping(source: source, file: "fuzz") else { return }
        var limits = EvaluationLimits()
        (limits.steps, limits.depth, limits.memory, limits.stack) = (100_000, 100, 4 << 20, 1 << 20)
        let context = EvaluationContext(milliseconds: 1_738_324_800_000, limits: limits)
        var evaluator = MappingEvaluator()
        func run(knowing times: Int) -> JSON? {
            var tape = Tape()
            var node: Node?
            if !input.isEmpty {
                for _ in 0...times { guard (try? tape.parse(input)) != nil else { return nil } }
                node = tape.root
            }
            do throws(MappingFailure) {
                guard let result = try evaluator.evaluate(mapping, input: node, tape: &tape, context: context) else {
                    return nil
                }
                var writer = JSONWriter()
                writer.write(result)
                var again = Tape()
                check((try? again.parse(writer.bytes)) != nil, "the result is no JSON")
                return JSON(result)
            } catch {
                return ["failed": .string("\(error)")]
            }
        }
        let first = run(knowing: 0)
        check(run(knowing: 0) == first && run(knowing: 2) == first, "the same record gives something else")
        // What is inspected holds for what it gives.
        let sample = (try? JSON(parsing: input)).map { Outline(sampling: $0) } ?? .nothing
        _ = try? MappingInspection(source: source, file: "fuzz", options: MappingOptions(), input: sample)
    }

    /// A value is valid when it has no violations.
    static func schema(_ bytes: [UInt8]) {
        let (text, value) = FuzzTarget.halves(bytes)
        guard let compiled = compiled(text) else { return }
        var tape = Tape()
        guard (try? tape.parse(value)) != nil else { return }
        let violations = compiled.violations(of: tape.root)
        check(compiled.isValid(tape.root) == violations.isEmpty, "valid, and it has violations")
        for violation in violations { _ = violation.description }
        for _ in 0..<3 {
            _ = try? tape.parse(value)
            check(compiled.isValid(tape.root) == violations.isEmpty, "read again, it fits otherwise")
        }
    }

    private static func set(of text: [UInt8]) -> SchemaSet? {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        var set = SchemaSet(options: options)
        return (try? set.add(text, file: "fuzz")) == nil ? nil : set
    }

    private static func compiled(_ text: [UInt8]) -> CompiledSchema? { try? set(of: text)?.compile("fuzz") }

    /// A schema is compatible with itself, and what is said of two of them comes to an end.
    static func compatibility(_ bytes: [UInt8]) {
        let (one, other) = FuzzTarget.halves(bytes)
        guard let old = set(of: one), let new = set(of: other) else { return }
        _ = try? Compatibility(old: old, "fuzz", new: new, "fuzz")
        guard let itself = try? Compatibility(old: old, "fuzz", new: old, "fuzz") else { return }
        check(
            (itself.backward + itself.forward).allSatisfy { $0.witness == nil },
            "a document is shown that fits a schema and doesn't")
    }

    static func pattern(_ bytes: [UInt8]) {
        let (source, text) = FuzzTarget.halves(bytes)
        guard let source = String(validating: source, as: UTF8.self),
            let text = String(validating: text, as: UTF8.self), let pattern = try? Pattern(source)
        else { return }
        _ = pattern.matches(text)
    }
}
