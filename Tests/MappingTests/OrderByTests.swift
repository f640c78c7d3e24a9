import Document
import Testing

@testable import Mapping

/// Order-by asks for a term only where those before it leave two items alike, as the reference does.
@Suite struct OrderByTests {
    @Test(arguments: [
        Row("[{\"a\":1,\"b\":1},{\"a\":2,\"b\":\"x\"}]^(a, b*2).a", "{}", "[1,2]"),
        Row("[{\"a\":2},{\"a\":1}]^(a, $error(\"no\")).a", "{}", "[1,2]"),
        Row("[{\"a\":1,\"b\":2},{\"a\":1,\"b\":1},{\"a\":0,\"b\":\"x\"}]^(a, b*2).b", "{}", #"["x",1,2]"#),
        Row(
            "l#$i^(>a, $error(\"no\")).{\"a\":a,\"i\":$i}", #"{"l":[{"a":1},{"a":2}]}"#,
            #"[{"a":2,"i":1},{"a":1,"i":0}]"#),
        Row("[{\"a\":1}]^($error(\"no\")).a", "{}", "1"),
    ])
    func termsThatNoComparisonNeedsAreNotEvaluated(_ row: Row) throws { try row.check() }

    @Test(arguments: [
        ("[{\"a\":1,\"b\":1},{\"a\":1,\"b\":\"x\"}]^(a, b*2)", "T2001"),
        ("[{\"a\":1},{\"a\":null},{\"a\":2}]^(a, ({\"w\":a})*$)", "T2008"),
        ("[{\"a\":1},{\"a\":1}]^(a, $error(\"no\"))", "D3137"),
    ])
    func thoseThatOneNeedsFail(source: String, code: String) {
        #expect(mappingError(source)?.code == code)
    }
}
