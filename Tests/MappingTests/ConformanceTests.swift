import Document
import Glibc
import Testing

@testable import Mapping

/// JSONata's own test suite, when its folder is named by OMNI_JSONATA_SUITE (`groups/`, `datasets/`).
@Suite struct ConformanceTests {
    static let folder = getenv("OMNI_JSONATA_SUITE").map { String(cString: $0) }

    enum Outcome: Equatable {
        case passed
        case failed(String)
        case refused(String)
    }

    @Test("JSONata's test suite", .enabled(if: folder != nil))
    func suite() throws {
        let folder = Self.folder!
        let verbose = getenv("OMNI_JSONATA_VERBOSE") != nil
        var totals = (passed: 0, failed: 0, refused: 0)
        for group in Self.entries(folder + "/groups") {
            var counts = (passed: 0, failed: 0, refused: 0)
            for file in Self.entries("\(folder)/groups/\(group)") where file.hasSuffix(".json") {
                let bytes = try Self.read("\(folder)/groups/\(group)/\(file)")
                guard let json = try? JSON(parsing: bytes) else {
                    // Half surrogates, which UTF-8 has none of.
                    counts.failed += 1
                    if verbose { print("FAILED \(group)/\(file): the case itself is not JSON for us") }
                    continue
                }
                for (place, test) in (json.array ?? [json]).enumerated() {
                    let outcome = try Self.run(test, folder: folder, group: group)
                    switch outcome {
                    case .passed: counts.passed += 1
                    case .failed(let why):
                        counts.failed += 1
                        if verbose { print("FAILED \(group)/\(file)[\(place)] \(test["expr"]?.string ?? ""): \(why)") }
                    case .refused(let why):
                        counts.refused += 1
                        if verbose { print("REFUSED \(group)/\(file)[\(place)] \(test["expr"]?.string ?? ""): \(why)") }
                    }
                }
            }
            print("\(group): \(counts.passed) passed, \(counts.failed) failed, \(counts.refused) refused")
            totals.passed += counts.passed
            totals.failed += counts.failed
            totals.refused += counts.refused
        }
        print("all: \(totals.passed) passed, \(totals.failed) failed, \(totals.refused) refused")
        // Raise it with each case that is won; it must never fall.
        #expect(totals.passed >= 1150)
    }

    static func run(_ test: JSON, folder: String, group: String) throws -> Outcome {
        var source = test["expr"]?.string ?? ""
        if let file = test["expr-file"]?.string {
            source = String(decoding: try read("\(folder)/groups/\(group)/\(file)"), as: UTF8.self)
        }
        var tape = Tape()
        var input: Node?
        if let data = test["data"] {
            try tape.parse(data.utf8)
            input = tape.root
        } else if let name = test["dataset"]?.string {
            try tape.parse(try read("\(folder)/datasets/\(name).json"))
            input = tape.root
        }
        let bindings = (test["bindings"]?.object ?? []).map { (name: $0.key, value: $0.value) }
        let code = test["code"]?.string ?? test["error"]?["code"]?.string
        let context = EvaluationContext(milliseconds: 1_738_324_800_000, bindings: bindings)
        do {
            let mapping = try CompiledMapping(source: source, file: group)
            let result = try mapping.evaluate(input: input, tape: &tape, context: context).map { JSON($0) }
            return judge(test, result: result, expectedCode: code)
        } catch let error as MappingError {
            return error.code == code
                ? .passed : error.code.hasPrefix("U1") ? .refused(error.description) : .failed(error.description)
        } catch MappingFailure.error(let error) {
            return error.code == code ? .passed : .failed("\(error) instead of \(code ?? test["result"]?.text ?? "?")")
        }
    }

    private static func judge(_ test: JSON, result: JSON?, expectedCode: String?) -> Outcome {
        let found = result?.text ?? "undefined"
        if let expectedCode { return .failed("\(found) instead of the error \(expectedCode)") }
        if test["undefinedResult"] != nil { return result == nil ? .passed : .failed("\(found) instead of undefined") }
        guard let expected = test["result"] else { return .failed("the case expects nothing") }
        guard let result else { return .failed("undefined instead of \(expected.text)") }
        let unordered = test["unordered"]?.bool == true
        return same(result, expected, unordered) ? .passed : .failed("\(found) instead of \(expected.text)")
    }

    /// Equality with numbers compared at 15 significant digits.
    private static func same(_ left: JSON, _ right: JSON, _ unordered: Bool) -> Bool {
        switch (left, right) {
        case (.number(let a), .number(let b)):
            return a == b || abs(a.double - b.double) <= 1e-15 * max(abs(a.double), abs(b.double))
        case (.array(let a), .array(let b)):
            guard a.count == b.count else { return false }
            if unordered { return a.allSatisfy { element in b.contains { same(element, $0, true) } } }
            return zip(a, b).allSatisfy { same($0, $1, false) }
        case (.object(let a), .object(let b)):
            return a.count == b.count
                && a.allSatisfy { member in right[member.key].map { same(member.value, $0, unordered) } ?? false }
        default: return left == right
        }
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    struct Unreadable: Error { let path: String }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}
