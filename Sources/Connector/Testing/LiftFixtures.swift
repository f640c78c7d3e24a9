import Canonical
import Document
public import Installation
import Mapping
import Transports

/// Runs the fixtures of what lifts earlier versions (`omni schema test`).
///
/// `Schemas/fixtures/product.v1/<case>.in.json` is a document of version 1, `<case>.out.json` beside it what it must be in the
/// present version.
public struct LiftFixtures {
    private let folder: String
    private let lifts: Lifts
    private let versions: [EarlierVersion]

    /// Reads what is kept of earlier versions.
    ///
    /// - Throws: `ConfigurationError`, or ``LiftError`` when a schema or a mapping can't be used.
    public init(_ installation: Installation) throws {
        let model = try installation.model()
        folder = "\(installation.folder)/Schemas/fixtures"
        lifts = try Lifts(model)
        versions = model.entities.flatMap(\.earlier)
    }

    /// Runs all fixtures, in the order of the versions and of their names.
    ///
    /// - Parameter updating: what is written as what is expected from now on.
    /// - Throws: `SystemError` when a file can't be read or written, ``Fixtures/Unusable`` when an input is no JSON.
    public func run(updating: Fixtures.Updating = .nothing) throws -> [Fixtures.Outcome] {
        try versions.flatMap { version in
            try cases(of: version).map { fixture in
                let found = try found(fixture, version)
                return try Fixtures.conclude(fixture.name, in: folder, found, updating) { _ in
                    found.refusals.isEmpty ? "a document" : "a refusal"
                }
            }
        }
    }

    /// Versions with a mapping that no fixture shows.
    public var unshown: [String] { versions.filter { $0.lift != nil && cases(of: $0).isEmpty }.map(\.name) }

    /// Folders of versions that aren't kept.
    public var strays: [String] {
        let names = Set(versions.map(\.name))
        return Folders.names(in: folder).filter { !names.contains($0) }
    }

    /// The fixtures of what one mapping lifts.
    ///
    /// - Parameter name: `product.v1`.
    func cases(of name: String) -> [Workbench.Case] {
        versions.first { $0.name == name }.map(cases) ?? []
    }

    private func cases(of version: EarlierVersion) -> [Workbench.Case] {
        let suffix = ".in.json"
        return Folders.names(in: "\(folder)/\(version.name)").filter { $0.hasSuffix(suffix) }.map { file in
            let name = "\(version.name)/\(file.dropLast(suffix.utf8.count))"
            let expected = try? JSON(parsing: AtomicFile.read("\(folder)/\(name).out.json"))
            return Workbench.Case(name: name, path: "\(folder)/\(name)\(suffix)", ext: "json", expected: expected)
        }
    }

    private func found(_ fixture: Workbench.Case, _ version: EarlierVersion) throws -> Fixtures.Found {
        let bytes = try AtomicFile.read(fixture.path)
        do { return try found(bytes, version) } catch let error as JSONError {
            throw Fixtures.Unusable(description: "Schemas/fixtures/\(fixture.name).in.json: \(error)")
        }
    }

    /// What a document of an earlier version is in the present one.
    ///
    /// - Parameter name: `product.v1`.
    /// - Throws: `JSONError` when it is no JSON.
    func found(_ bytes: [UInt8], _ name: String) throws -> Fixtures.Found {
        guard let version = versions.first(where: { $0.name == name }) else { return Fixtures.Found() }
        return try found(bytes, version)
    }

    private func found(_ bytes: [UInt8], _ version: EarlierVersion) throws -> Fixtures.Found {
        var tape = Tape()
        try tape.parse(bytes)
        var evaluator = MappingEvaluator()
        do throws(LiftFault) {
            let lifted = try lifts[version.kind.name]?.lifted(
                tape.root, from: version.kind.major, at: 0, on: &tape, by: &evaluator)
            return Fixtures.Found(results: [lifted.flatMap { try? JSON(parsing: $0) } ?? JSON(tape.root)])
        } catch {
            return Fixtures.Found(
                results: [["refused": .string(error.description)]], refusals: [error.description])
        }
    }
}
