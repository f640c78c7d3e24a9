import Document

/// Compares one direction: does the writer's schema guarantee all that the reader's asks for?
struct Comparison {
    let writer: SchemaVersion
    let reader: SchemaVersion
    let seed: UInt64

    /// How many documents are tried at random, beside those made for a finding.
    private static let trials = 200
    /// Of how many values all of them may consist.
    private static let mostValues = 8_000

    func findings() -> [Compatibility.Finding] {
        // What didn't change needs no proof, however it refers to itself.
        if writer.set.documents.map(\.root) == reader.set.documents.map(\.root) { return [] }
        var prover = Prover(writer: writer, reader: reader, seed: seed)
        let written = Conjunction([Part(version: writer, location: writer.root)])
        let suspicions = prover.prove(
            written, Part(version: reader, location: reader.root), Surroundings(embed: { [$0] }))
        var findings: [Compatibility.Finding] = []
        var unshown: [Suspicion] = []
        for suspicion in suspicions {
            // Where it is alone in being wrong, it is seen best.
            let shown = suspicion.candidates.filter { shows($0, suspicion) }
                .map { (document: $0, violations: reader.violations($0).count) }
                .min { $0.violations < $1.violations }
            if let witness = shown?.document {
                note(suspicion, witness, &findings)
            } else {
                unshown.append(suspicion)
            }
        }
        // Documents at random: for what nothing was found for, and in case the proof has missed something.
        var strays = randomWitnesses(written)
        for suspicion in unshown where !suspicion.needsShowing {
            let place = strays.firstIndex { reader.violations($0).contains(where: suspicion.isSeen) }
            note(suspicion, place.map { strays.remove(at: $0) }, &findings)
        }
        if findings.allSatisfy({ $0.witness == nil }), let witness = strays.first {
            let violation = reader.violations(witness)[0]
            let suspicion = Suspicion(
                path: violation.instancePath, field: JSONPointer(violation.instancePath)?.tokens.last,
                schemaPath: violation.schemaPath,
                cause: "the \(reader.label) version: \(violation.message)", candidates: [])
            note(suspicion, witness, &findings)
        }
        return findings
    }

    private func shows(_ document: JSON) -> Bool { writer.accepts(document) && !reader.accepts(document) }

    /// Whether a document fails for this very cause: one that fails for another shows nothing of it.
    private func shows(_ document: JSON, _ suspicion: Suspicion) -> Bool {
        shows(document) && reader.violations(document).contains(where: suspicion.isSeen)
    }

    private func note(
        _ suspicion: Suspicion, _ witness: JSON?, _ findings: inout [Compatibility.Finding]
    ) {
        if let known = findings.firstIndex(where: {
            $0.path == suspicion.path && $0.schemaPath == suspicion.schemaPath && $0.cause == suspicion.cause
        }) {
            if findings[known].witness != nil || witness == nil { return }
            findings.remove(at: known)
        }
        findings.append(
            .init(
                path: suspicion.path, field: suspicion.field, schemaPath: suspicion.schemaPath, cause: suspicion.cause,
                witness: witness, violations: witness.map { says($0, suspicion) } ?? []))
    }

    /// What the reader says of a document, what it is about first.
    private func says(_ document: JSON, _ suspicion: Suspicion) -> [String] {
        let violations = reader.violations(document)
        return (violations.filter(suspicion.isSeen) + violations.filter { !suspicion.isSeen($0) }).map(\.description)
    }

    private func randomWitnesses(_ written: Conjunction) -> [JSON] {
        var sampler = Sampler(numbers: SeededNumbers(seed: seed), hints: reader)
        var found: [JSON] = []
        for _ in 0..<Self.trials where found.count < 16 && sampler.made < Self.mostValues {
            let document = sampler.value(written, .random)
            if !found.contains(document), shows(document) { found.append(document) }
        }
        return found
    }
}

/// A place where the reader asks for what the writer doesn't guarantee, and documents that might show it.
struct Suspicion {
    let path: String
    /// The field that it is about.
    let field: String?
    let schemaPath: String
    let cause: String
    /// Whole documents, best first.
    var candidates: [JSON]
    /// What the reader says where it is seen, as far as the keyword speaks of several fields; else nil.
    var words: String?
    /// Whether it is dropped where no document shows it.
    var needsShowing = false

    /// Whether it is what a violation is about: at its place in the schema, and in the document.
    func isSeen(_ violation: Violation) -> Bool {
        guard violation.schemaPath == schemaPath || violation.schemaPath.hasPrefix("\(schemaPath)/") else {
            return false
        }
        guard words.map(violation.message.hasPrefix) ?? true else { return false }
        let asked = path.split(separator: "/", omittingEmptySubsequences: false)
        let found = violation.instancePath.split(separator: "/", omittingEmptySubsequences: false)
        // "*" stands for any item or name here, for a masked name there.
        return asked.count <= found.count && zip(asked, found).allSatisfy { $0 == $1 || $0 == "*" || $1 == "*" }
    }
}

/// What is around a value that is looked at.
struct Surroundings {
    var path: [String] = []
    var depth = 0
    /// Whole documents with that value in its place.
    let embed: (JSON) -> [JSON]

    var pointer: String { path.map { "/" + ($0 == "*" ? $0 : JSONPointer.escape($0)) }.joined() }

    func below(_ token: String, _ embed: @escaping (JSON) -> [JSON]) -> Surroundings {
        Surroundings(path: path + [token], depth: depth + 1) { value in
            embed(value).prefix(4).flatMap { self.embed($0) }
        }
    }
}
