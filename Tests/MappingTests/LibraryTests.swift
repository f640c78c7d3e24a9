import Document
import Testing

@testable import Mapping

@Suite struct LibraryTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let function: String
        let example: Function.Example
        var testDescription: String { example.expression }
    }

    static let cases = Library.standard.functions.flatMap { function in
        function.examples.map { Case(function: function.name, example: $0) }
    }

    @Test("Every example of the library holds", arguments: cases)
    func example(_ test: Case) throws {
        let options = MappingOptions(allowsRandom: true)
        let result = try map(test.example.expression, options: options).map { try JSON(parsing: $0) }
        let expected = try test.example.result.map { try JSON(parsing: $0) }
        #expect(result == expected)
    }

    @Test("The reference lists every function; the product's own bear its prefix")
    func reference() {
        let all = MappingFunction.all
        #expect(all.count == Library.standard.functions.count)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(all.filter(\.isExtension).allSatisfy { $0.name.hasPrefix("$omni_") || $0.name == "$reject" })
        #expect(all.filter { !$0.isAllowedInConnectors }.map(\.name) == ["$random", "$shuffle", "$eval"])
    }

    @Test("Every function has a summary, and an example unless it only ends the record")
    func documented() {
        for function in Library.standard.functions {
            #expect(!function.summary.isEmpty)
            #expect(!function.examples.isEmpty || ["error", "reject"].contains(function.name), "\(function.name)")
            #expect(function.examples.allSatisfy { $0.expression.contains("$\(function.name)") }, "\(function.name)")
        }
    }
}
