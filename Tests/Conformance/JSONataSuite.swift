import Document
import Mapping

/// JSONata's own test suite: `groups/<group>/case*.json`, and the datasets that they map.
enum JSONataSuite {
    static func run(_ folder: String) throws -> Outcome {
        var outcome = Outcome()
        for group in Files.names(in: folder + "/groups") {
            for file in Files.names(in: "\(folder)/groups/\(group)") where file.hasSuffix(".json") {
                let name = "\(group)/\(file)"
                guard let json = try? JSON(parsing: Files.read("\(folder)/groups/\(name)")) else {
                    outcome.note("\(name)[0]", "the case itself is not JSON for us")
                    continue
                }
                for (place, test) in (json.array ?? [json]).enumerated() {
                    outcome.note("\(name)[\(place)]", try failure(of: test, folder, group))
                }
            }
        }
        return outcome
    }

    /// Why a case fails; nil when it passes.
    private static func failure(of test: JSON, _ folder: String, _ group: String) throws -> String? {
        var source = test["expr"]?.string ?? ""
        if let file = test["expr-file"]?.string {
            source = String(decoding: try Files.read("\(folder)/groups/\(group)/\(file)"), as: UTF8.self)
        }
        var tape = Tape()
        var input: Node?
        if let data = test["data"] {
            // Read twice more, the tape knows its names: as with the second record of a kind.
            for _ in 0..<3 { try tape.parse(data.utf8) }
            input = tape.root
        } else if let name = test["dataset"]?.string {
            try tape.parse(try Files.read("\(folder)/datasets/\(name).json"))
            input = tape.root
        }
        let bindings = (test["bindings"]?.object ?? []).map { (name: $0.key, value: $0.value) }
        let code = test["code"]?.string ?? test["error"]?["code"]?.string
        let context = EvaluationContext(milliseconds: 1_738_324_800_000, bindings: bindings)
        do {
            let mapping = try CompiledMapping(source: source, file: group)
            let result = try mapping.evaluate(input: input, tape: &tape, context: context).map { JSON($0) }
            return difference(test, result, expectedCode: code)
        } catch let error as MappingError {
            return error.code == code ? nil : error.description
        } catch MappingFailure.error(let error) {
            return error.code == code ? nil : "\(error) instead of \(code ?? test["result"]?.text ?? "undefined")"
        }
    }

    private static func difference(_ test: JSON, _ result: JSON?, expectedCode: String?) -> String? {
        let found = result?.text ?? "undefined"
        if let expectedCode { return "\(found) instead of the error \(expectedCode)" }
        if test["undefinedResult"] != nil { return result == nil ? nil : "\(found) instead of undefined" }
        guard let expected = test["result"] else { return "the case expects nothing" }
        guard let result else { return "undefined instead of \(expected.text)" }
        return same(result, expected, test["unordered"]?.bool == true) ? nil : "\(found) instead of \(expected.text)"
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
}
