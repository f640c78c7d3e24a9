import Document
import Formats
import Testing

@Suite struct OptionTests {
    @Test(
        arguments: [
            (["cvs": [:]], "did you mean 'csv'"), (["csv": ["delimeter": ";"]], "did you mean 'delimiter'"),
            (["csv": ["delimiter": ";;"]], "one ASCII character"), (["csv": ["delimiter": "\""]], "neither encloses"),
            (["csv": ["encoding": "latin1"]], "none of utf-8"), (["csv": ["header": 0]], "a row's number"),
            (["csv": ["header": "none"]], "'fields' to name"), (["csv": ["fields": ["a": "nmber"]]], "expected text"),
            (["csv": ["fields": ["a": ["date": "dd.MM"]]]], "expected text"),
            (["csv": ["fields": ["a": "text"], "optional": ["b"]]], "no field is called 'b'"),
            (["csv": ["skip": ["first": "x"]]], "no such rule"), (["csv": ["thousands": "."]], "not the decimal mark"),
            (["csv": "x"], "an object of options"), (["json": ["at": "a"]], "a JSON Pointer"),
            (["json-lines": ["at": "/a"]], "no such option"), (7, "expected a name"),
        ] as [(JSON, String)])
    func wrongOptionsAreRefusedWithTheirReason(configuration: JSON, reason: String) throws {
        let error = try #require(throws: OptionError.self) { try FormatCatalog.format(configuration) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func everyFormatHasItsNameOnceAndDocumentsItsOptions() {
        let names = FormatCatalog.all.map { $0.name }
        #expect(Set(names).count == names.count)
        for format in FormatCatalog.all {
            #expect(Set(format.options.map(\.name)).count == format.options.count)
            #expect(format.options.allSatisfy { !$0.meaning.isEmpty && !$0.values.isEmpty })
        }
    }

    @Test func aNameAloneIsAFormatWithItsStandardOptions() throws {
        for format in FormatCatalog.all { _ = try FormatCatalog.format(.string(format.name)) }
    }
}
