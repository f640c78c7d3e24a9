public import Document

/// Whether two versions of a schema can live side by side, in the words of Confluent's registry: *backward* means that
/// whoever reads with the new version can read what was written with the old one, *forward* the other way round.
///
/// A document is taken to hold the fields that its writer's schema names, and those it leaves open on purpose
/// (`additionalProperties` with a schema, `patternProperties`): so a new optional field is compatible, though somebody may
/// have written that name already. Lists are open: without `items` anything may stand in them.
///
/// What is called compatible is proved, keyword by keyword: the writer's schema guarantees all that the reader's asks for.
/// What is called broken is shown by a document that both validators have judged. In between lies what could neither be
/// proved nor shown: ``Finding/witness`` is nil there.
public struct Compatibility: Sendable {
    /// Reading old documents with the new version.
    public let backward: [Finding]
    /// Reading new documents with the old version.
    public let forward: [Finding]

    /// Both directions at once.
    public enum Level: String, Sendable, CaseIterable {
        case full, backward, forward, none
    }

    /// What is certain: a direction with findings that nothing shows counts as broken.
    public var level: Level {
        switch (backward.isEmpty, forward.isEmpty) {
        case (true, true): .full
        case (true, false): .backward
        case (false, true): .forward
        case (false, false): .none
        }
    }

    /// One thing that a reader asks for and a writer doesn't guarantee.
    public struct Finding: Sendable, Hashable {
        /// Where in documents, as a JSON Pointer; `*` stands for every item, or every name.
        public let path: String
        /// The field that it is about: the one at the path, or one that is asked for there.
        public let field: String?
        /// The reader's keyword: file, `#`, and a JSON Pointer.
        public let schemaPath: String
        /// What the reader asks for, and what the writer may write.
        public let cause: String
        /// A document that is valid for the writer and not for the reader; nil when none was found, and it could also
        /// be that there is none.
        public let witness: JSON?
        /// What the reader says of that document.
        public let violations: [String]
    }

    /// Compares two versions of a schema.
    ///
    /// - Parameters:
    ///   - old: The old version, with all it refers to.
    ///   - new: The new version.
    ///   - schema: What both are called in their sets: a file's name or an `$id`.
    ///   - seed: Documents are searched at random, the same for the same seed (I11).
    /// - Throws: ``SchemaError`` when one of them doesn't compile.
    public init(
        old: SchemaSet, _ oldSchema: String, new: SchemaSet, _ newSchema: String, seed: UInt64 = 1
    ) throws(SchemaError) {
        let before = try SchemaVersion(old, oldSchema, label: "old")
        let after = try SchemaVersion(new, newSchema, label: "new")
        backward = Comparison(writer: before, reader: after, seed: seed).findings()
        forward = Comparison(writer: after, reader: before, seed: seed).findings()
    }
}

/// One version of a schema, as it is compared.
struct SchemaVersion {
    let set: SchemaSet
    let root: SchemaSet.Location
    let compiled: CompiledSchema
    /// `old` or `new`
    let label: String

    init(_ set: SchemaSet, _ reference: String, label: String) throws(SchemaError) {
        self.set = try set.withMetaschema()
        compiled = try set.compile(reference)
        guard let root = self.set.find(reference, from: SchemaSet.uri(ofFile: ""))?.location else {
            throw SchemaError([.init(file: reference, pointer: "", message: "no such schema was added")])
        }
        self.root = root
        self.label = label
    }

    func accepts(_ document: JSON) -> Bool {
        var tape = Tape()
        tape.setRoot(tape.append(document))
        return compiled.isValid(tape.root)
    }

    func violations(_ document: JSON) -> [Violation] {
        var tape = Tape()
        tape.setRoot(tape.append(document))
        return compiled.violations(of: tape.root)
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below a bound above 0.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
