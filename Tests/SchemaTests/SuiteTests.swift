import Document
import Glibc
import Schema
import Testing

/// The official test suite (json-schema-org/JSON-Schema-Test-Suite), when OMNI_JSON_SCHEMA_SUITE names a folder that
/// holds its `tests-draft2020-12` and `remotes`.
@Suite(.enabled(if: Suite2020.folder != nil, "OMNI_JSON_SCHEMA_SUITE names no folder"))
struct SuiteTests {
    @Test func everyCaseIsAsTheSuiteSays() throws {
        let folder = try #require(Suite2020.folder)
        var total = 0
        var wrong: [String] = []
        for name in Suite2020.files(below: folder + "/tests-draft2020-12") {
            let file = try Suite2020(folder: folder, name: name)
            let outcome = file.run()
            total += outcome.total
            wrong += outcome.wrong
        }
        print("JSON Schema suite: \(total - wrong.count) of \(total) cases")
        let unexpected = wrong.filter { line in !Suite2020.unsupported.contains { line.hasPrefix($0) } }
        #expect(unexpected.isEmpty, "\(unexpected.joined(separator: "\n"))")
        for entry in Suite2020.unsupported {
            #expect(wrong.contains { $0.hasPrefix(entry) }, "'\(entry)' works now: take it from the list")
        }
    }
}

struct Suite2020 {
    static var folder: String? { getenv("OMNI_JSON_SCHEMA_SUITE").map { String(cString: $0) } }

    /// What is refused, or differs on purpose: beginnings of `file: group`.
    static let unsupported: [String] = []

    let name: String
    let groups: [JSON]
    private let remotes: [(uri: String, text: JSON)]

    init(folder: String, name: String) throws {
        self.name = name
        groups = try JSON(parsing: Self.read("\(folder)/tests-draft2020-12/\(name)")).array ?? []
        var remotes: [(String, JSON)] = []
        for remote in Self.files(below: folder + "/remotes") where !remote.hasPrefix("v1/") {
            remotes.append(
                ("http://localhost:1234/" + remote, try JSON(parsing: Self.read("\(folder)/remotes/\(remote)"))))
        }
        self.remotes = remotes
    }

    /// How many cases there are, and which of them come out wrong.
    func run() -> (total: Int, wrong: [String]) {
        var total = 0
        var wrong: [String] = []
        for (number, group) in groups.enumerated() {
            let title = "\(name): \(group["description"]?.string ?? "")"
            let tests = group["tests"]?.array ?? []
            total += tests.count
            let schema: CompiledSchema
            do { schema = try compile(group["schema"] ?? .null, number) } catch {
                wrong += tests.map { _ in "\(title): \(error)" }
                continue
            }
            for test in tests {
                var tape = Tape()
                tape.setRoot(tape.append(test["data"] ?? .null))
                let expected = test["valid"]?.bool
                let silent = schema.isValid(tape.root)
                let report = schema.violations(of: tape.root).isEmpty
                if silent != expected || report != expected {
                    wrong.append("\(title): \(test["description"]?.string ?? "") → \(silent), \(report)")
                }
            }
        }
        return (total, wrong)
    }

    private func compile(_ schema: JSON, _ number: Int) throws -> CompiledSchema {
        var options = SchemaSet.Options()
        options.refusesUnknownKeywords = false
        options.assertsFormats = name.hasPrefix("optional/format/")
        var set = SchemaSet(options: options)
        for remote in remotes { try set.add(remote.text, file: remote.uri) }
        try set.add(schema, file: "group\(number).json")
        return try set.compile("group\(number).json")
    }

    // MARK: Files

    static func files(below folder: String, _ path: String = "") -> [String] {
        guard let directory = opendir(folder + "/" + path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let below = path.isEmpty ? name : "\(path)/\(name)"
            if entry.pointee.d_type == DT_DIR { names += files(below: folder, below) }
            if name.hasSuffix(".json") { names.append(below) }
        }
        return names.sorted()
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw POSIXFailure(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    struct POSIXFailure: Error { let path: String }
}
