public import Document
public import Mapping
import Schema

/// What reads documents of earlier major versions: for each kind that has some, the versions that are kept and the mappings between them.
public struct Lifts: Sendable {
    private var ladders: [String: Ladder] = [:]

    /// None: documents of earlier versions are read as they are.
    public static let none = Lifts()

    private init() {}

    /// Compiles what a model keeps.
    ///
    /// - Throws: ``LiftError`` when a schema or a mapping can't be used.
    public init(_ model: Model) throws(LiftError) {
        for entity in model.entities where !entity.earlier.isEmpty {
            for kind in entity.kinds {
                let earlier = entity.earlier(of: kind.name)
                if !earlier.isEmpty { ladders[kind.name] = try Ladder(kind, earlier) }
            }
        }
    }

    /// The earlier versions of a kind; nil when none is kept.
    public subscript(kind: String) -> Ladder? { ladders[kind] }
}

/// A schema or mapping of an earlier version that can't be used.
public struct LiftError: Error, Sendable, CustomStringConvertible {
    /// The file, the place, and what is wrong.
    public let description: String
}

/// Why a document of an earlier version can't be read: what it lacks, or what the installation does.
public struct LiftFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The version, what is wrong, and what to do. Nothing of values that a schema marks as personal (I12).
    public let description: String
}

/// The earlier versions of one kind, each with what leads to the next one.
public final class Ladder: Sendable {
    /// The present version.
    public let kind: Kind
    private let present: CompiledSchema
    private let rungs: [Rung]

    private struct Rung: Sendable {
        let version: EarlierVersion
        let schema: CompiledSchema
        let lift: CompiledMapping?
    }

    /// What a mapping between versions may use: what a connector's may, but for variables and tables, which there are none of here.
    public static var options: MappingOptions {
        var options = MappingOptions.connector()
        options.tables = []
        return options
    }

    /// A record's work in the hub holds up all that comes behind it.
    private static var limits: EvaluationLimits {
        var limits = EvaluationLimits()
        limits.steps = 5_000_000
        limits.stack = 1 << 20
        return limits
    }

    /// A function that it calls all the same, and that asks what connectors alone know: named without its `$`.
    public static func foreign(in mapping: CompiledMapping) -> String? {
        ["omni_ref", "omni_idOf", "omni_decision"].first { mapping.mentions($0) }
    }

    init(_ kind: Kind, _ earlier: [EarlierVersion]) throws(LiftError) {
        self.kind = kind
        present = try Self.compiled(kind, as: kind.name)
        var rungs: [Rung] = []
        for version in earlier {
            let schema = try Self.compiled(version.kind, as: version.name)
            rungs.append(Rung(version: version, schema: schema, lift: try Self.compiled(version.lift)))
        }
        self.rungs = rungs
    }

    private static func compiled(_ kind: Kind, as name: String) throws(LiftError) -> CompiledSchema {
        do throws(SchemaError) {
            var set = SchemaSet()
            try set.add(kind.schema, file: name)
            return try set.compile(name)
        } catch {
            throw LiftError(description: "Schemas: \(error)")
        }
    }

    private static func compiled(_ lift: EarlierVersion.Lift?) throws(LiftError) -> CompiledMapping? {
        guard let lift else { return nil }
        let mapping: CompiledMapping
        do throws(MappingError) {
            mapping = try CompiledMapping(source: lift.source, file: lift.file, options: options)
        } catch {
            throw LiftError(description: error.description)
        }
        if let foreign = foreign(in: mapping) {
            throw LiftError(description: "\(lift.file): \(Self.refusal(of: foreign))")
        }
        return mapping
    }

    /// Why a function can't be called there.
    public static func refusal(of foreign: String) -> String {
        "$\(foreign) asks what connectors alone know: what lifts a version has the document and nothing else"
    }
}

// MARK: Lifting

extension Ladder {
    /// What a document of a version that is kept says in the present one; nil: it is one of the present version as it stands.
    ///
    /// - Parameters:
    ///   - document: lies on the tape, which what is made of it is written behind.
    ///   - milliseconds: when it is said to have happened, since 1970: what `$now()` gives.
    ///   - isWhole: whether it is all that somebody states, and so must fit its schema. What a system *holds* needn't.
    public func lifted(
        _ document: Node, from major: Int, at milliseconds: Int, on tape: inout Tape,
        by evaluator: inout MappingEvaluator, isWhole: Bool = true
    ) throws(LiftFault) -> [UInt8]? {
        guard let start = rungs.firstIndex(where: { $0.version.kind.major == major }) else { return nil }
        var place = document
        var lifted: JSON?
        if isWhole, !rungs[start].schema.isValid(document) {
            throw fault(major, "\(rungs[start].schema.violations(of: document).summary())")
        }
        for rung in rungs.indices[start...] {
            let isLast = rung + 1 == rungs.count
            let next = isLast ? kind : rungs[rung + 1].version.kind
            if let lift = rungs[rung].lift {
                let made = try run(
                    lift, over: place, of: rungs[rung].version, at: milliseconds, on: &tape, by: &evaluator)
                let listed = made.listing(next.lists)
                place = tape.append(listed)
                lifted = listed
            }
            let schema = isLast ? present : rungs[rung + 1].schema
            if isWhole, !schema.isValid(place) {
                throw misfit(rungs[rung].version, next, schema.violations(of: place).summary())
            }
        }
        return lifted?.utf8
    }

    private func run(
        _ lift: CompiledMapping, over document: Node, of version: EarlierVersion, at milliseconds: Int,
        on tape: inout Tape, by evaluator: inout MappingEvaluator
    ) throws(LiftFault) -> JSON {
        let context = EvaluationContext(
            milliseconds: milliseconds, hash: NameSHA1(), limits: Self.limits)
        let result: Node?
        do throws(MappingFailure) {
            result = try evaluator.evaluate(lift, input: document, tape: &tape, context: context)
        } catch {
            // The author's own words may quote the document (I12).
            let words = if case .error(let cause) = error { cause.withoutWords } else { error.description }
            throw fault(version.kind.major, words)
        }
        guard let result, result.kind == .object else {
            throw fault(version.kind.major, "\(lift.file) gives no document of it")
        }
        return JSON(result)
    }

    /// Why a document that was lifted can't be read any more: lifting has put levels around it.
    public func tooDeep(from major: Int) -> LiftFault {
        fault(major, "what was made of it nests deeper than a document may: send it again in version \(kind.major)")
    }

    private func fault(_ major: Int, _ reason: String) -> LiftFault {
        LiftFault(description: "of version \(major) of '\(kind.name)': \(reason)")
    }

    private func misfit(_ version: EarlierVersion, _ next: Kind, _ violations: String) -> LiftFault {
        guard let lift = version.lift else {
            return fault(
                version.kind.major,
                "it fits that version, but not version \(next.major), and nothing lifts it: put a mapping into "
                    + "\(version.liftFile) and send it again (docs/schemas.md, Raising the version): \(violations)")
        }
        return fault(
            version.kind.major, "\(lift.file) makes of it what isn't of version \(next.major): \(violations)")
    }
}
