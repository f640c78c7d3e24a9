import Document
import Testing

@testable import Schema

/// Random pairs of schemas and random documents: no document contradicts a verdict.
@Suite struct CompatibilityPropertyTests {
    @Test(arguments: 0..<16) func noDocumentContradictsAVerdict(round: Int) throws {
        var dice = SeededNumbers(seed: UInt64(round) &* 7_919 + 1)
        for _ in 0..<6 {
            let old = SchemaMaker.root(&dice)
            let new = dice.below(3) == 0 ? SchemaMaker.root(&dice) : SchemaMaker.changed(old, &dice)
            try judge(old, new, &dice)
        }
    }

    /// A schema that another one extends all the way down, by `$dynamicRef`.
    @Test(arguments: 0..<12) func noDocumentContradictsAVerdictAboutAnExtendedTree(round: Int) throws {
        var dice = SeededNumbers(seed: UInt64(round) &* 104_729 + 3)
        for _ in 0..<8 {
            let old = TreeMaker(&dice)
            var new = old
            new.change(&dice)
            try judge(old.schema, new.schema, closed: TreeMaker.closed, &dice) { TreeMaker.document(&$0, depth: 3) }
        }
    }

    /// - Parameters:
    ///   - closed: a schema for documents that hold no fields but those that a schema names.
    ///   - document: a document at random; nil: some of them after the writer's schema.
    private func judge(
        _ old: JSON, _ new: JSON, closed: (JSON) -> JSON = { SchemaMaker.closedRoot($0) }, _ dice: inout SeededNumbers,
        document: ((inout SeededNumbers) -> JSON)? = nil
    ) throws {
        // What applies itself to the same value without end is no schema.
        guard let before = try? compile(old.text), let after = try? compile(new.text) else { return }
        let verdict = try compare(old.text, new.text, seed: dice.next())
        for finding in verdict.backward + verdict.forward {
            guard let witness = finding.witness else { continue }
            let isBackward = verdict.backward.contains(finding)
            #expect(fits(witness, isBackward ? before : after), "\(old.text) → \(new.text): \(witness.text)")
            #expect(!fits(witness, isBackward ? after : before), "\(old.text) → \(new.text): \(witness.text)")
            #expect(
                finding.violations.first?.contains("(\(finding.schemaPath)") == true,
                "\(old.text) → \(new.text): \(finding)")
        }
        let directions = [(verdict.backward, old, before, after), (verdict.forward, new, after, before)]
        for (findings, schema, writer, reader) in directions where findings.isEmpty {
            guard let closed = try? compile(closed(schema).text) else { continue }
            for number in 0..<200 {
                let document =
                    document?(&dice)
                    ?? (number % 3 == 0
                        ? SchemaMaker.document(&dice, depth: 3)
                        : SchemaMaker.document(after: schema, in: schema, &dice, depth: 5))
                guard fits(document, writer), fits(document, closed) else { continue }
                #expect(fits(document, reader), "\(old.text) → \(new.text): \(document.text)")
            }
        }
    }

    @Test func aVerdictIsTheSameForTheSameSeed() throws {
        var dice = SeededNumbers(seed: 5)
        for _ in 0..<20 {
            let (old, new) = (SchemaMaker.schema(&dice, depth: 2), SchemaMaker.schema(&dice, depth: 2))
            guard let once = try? compare(old.text, new.text, seed: 3) else { continue }
            let again = try compare(old.text, new.text, seed: 3)
            #expect(once.backward == again.backward && once.forward == again.forward)
        }
    }

    private func fits(_ document: JSON, _ schema: CompiledSchema) -> Bool {
        var tape = Tape()
        tape.setRoot(tape.append(document))
        return schema.isValid(tape.root)
    }
}
