import Document
import Testing

@testable import Mapping

@Suite struct ErrorTests {
    struct Failing: CustomTestStringConvertible, Sendable {
        let source: String
        let code: String
        let line: Int
        let column: Int
        var testDescription: String { source }

        init(_ source: String, _ code: String, _ line: Int, _ column: Int) {
            self.source = source
            self.code = code
            self.line = line
            self.column = column
        }
    }

    @Test(
        "An error's position is the reference's: behind the token or the call's parenthesis, in UTF-16 units",
        arguments: [
            ("\"\u{1F4A9}\" + 1", 6), ("a b", 3), ("(a", 2), ("\"abc", 4), ("`abc", 4), ("1 /* c", 2), ("//", 1),
            ("$sum(\"x\")", 5), ("$foo()", 5), ("2()", 2), ("-\"a\"", 1), ("1 + $number(\"x\")", 12),
            ("$assert(false, \"no\")", 8), ("1 > \"a\"", 3), ("\"a\\q\"", 3), ("1e999", 0), ("1 := 2", 1),
            ("1$keys(a)", 6), ("a^$sum(b)", 6), ("(a $f(1))", 5),
        ])
    func position(_ source: String, _ position: Int) {
        #expect(mappingError(source, "{}")?.position == position)
    }

    @Test("Two names in a row are taken for one that lacks its backticks")
    func backticks() {
        let message = mappingError("{\"n\": line no}")?.message
        #expect(message == "expected '}', found no; a name that is no plain word stands in backticks, as `line no`")
    }

    @Test(
        "A mapping that doesn't compile says why, where",
        arguments: [
            Failing("", "S0207", 1, 1),
            Failing("1 +", "S0207", 1, 4),
            Failing("{\n  \"ä\": a b\n}", "S0202", 2, 10),
            Failing("{\n  \"a\" a\n}", "S0202", 2, 7),
            Failing("(a", "S0203", 1, 3),
            Failing("a b", "S0201", 1, 3),
            Failing("\"abc", "S0101", 1, 1),
            Failing("a &\n  \"\\q\"", "S0103", 2, 4),
            Failing("\"\\u12\"", "S0104", 1, 2),
            Failing("`abc", "S0105", 1, 1),
            Failing("1 /* c", "S0106", 1, 3),
            Failing("1e999", "S0102", 1, 1),
            Failing("a ! b", "S0204", 1, 3),
            Failing("a + )", "S0211", 1, 5),
            Failing("1 := 2", "S0212", 1, 1),
            Failing("a.1", "S0213", 1, 3),
            Failing("a@b", "S0214", 1, 3),
            Failing("function(x) { 1 }", "S0208", 1, 10),
            Failing("$a{b: c}[0]", "S0209", 1, 9),
            Failing("a{b: c}{d: e}", "S0210", 1, 8),
            Failing("a[0]@$x.b", "S0215", 1, 5),
            Failing("a^(b)@$x.c", "S0216", 1, 6),
            Failing("%.a", "S0217", 1, 1),
            Failing(#""a\"#, "S0103", 1, 3),
            Failing("//", "S0301", 1, 1),
            Failing("/a", "S0302", 1, 1),
            Failing("/(?=a)/", "U1006", 1, 1),
            Failing("function($x)<s<n>> { 1 }", "S0401", 1, 15),
            Failing("{\"a\": $uppercas(name)}", "T1006", 1, 7),
            Failing("$random()", "U1003", 1, 1),
            Failing("$map(a, $shuffle)", "U1003", 1, 9),
        ])
    func compiling(_ failing: Failing) {
        #expect(throws: MappingError.self) { try CompiledMapping(source: failing.source) }
        let error = mappingError(failing.source)
        #expect(error?.code == failing.code)
        #expect(error.map { [$0.line, $0.column] } == [failing.line, failing.column], "\(String(describing: error))")
        #expect(error?.file == "test.jsonata")
    }

    @Test("Hostile nesting is refused, not a crash")
    func nesting() {
        #expect(mappingError(String(repeating: "(", count: 100_000))?.code == "U1002")
        #expect(mappingError(String(repeating: "[", count: 100_000))?.code == "U1002")
        #expect(mappingError(String(repeating: "-", count: 100_000) + "1")?.code == "U1002")
        #expect(mappingError("1" + String(repeating: "+1", count: 100_000))?.code == "U1002")
        let layers = (0..<20).reduce("1") { inner, _ in "(" + inner + String(repeating: "+1", count: 30) + ")" }
        #expect(mappingError(layers)?.code == "U1002")
        #expect(mappingError("a" + String(repeating: ".a", count: 100_000))?.code == "U1002")
        #expect(mappingError("1" + String(repeating: "+1", count: 390)) == nil)
    }

    @Test(
        "A connector's mapping knows its variables and functions before the first record",
        arguments: [
            ("$sytem", "U1004"), ("$f(1)", "T1006"), ("$eval(\"1\")", "U1003"), ("$random()", "U1003"),
            ("$system & $key", nil), ("$map([1], $power(?, 2))", nil), ("$random(?)", "U1003"), ("$nix(?)", "U1004"),
            ("($x := 1; $x)", nil), ("a@$o.b.{\"c\": $o.d}", nil),
        ] as [(String, String?)])
    func connector(_ source: String, _ code: String?) {
        let options = MappingOptions.connector(variables: ["system", "key"])
        #expect(mappingError(source, "{}", options: options)?.code == code)
    }

    @Test(
        "An error while mapping names code, place and the input's path",
        arguments: [
            ("orders.lines.(\n  price * qty)", "T2001", 2, 9, "/orders/0/lines/1"),
            ("orders.lines.{\"p\": $number(price)}", "D3030", 1, 20, "/orders/0/lines/1"),
            ("orders.lines.(-price)", "D1002", 1, 15, "/orders/0/lines/1"),
            ("orders.lines[price < 1]", "T2009", 1, 20, "/orders/0/lines/1"),
            ("orders.lines^(price)", "T2007", 1, 13, nil),
            ("orders{id: 1}", "T1003", 1, 7, nil),
            ("$uppercase(orders)", "T0410", 1, 1, ""),
            ("orders.$sum(lines.sku)", "T0412", 1, 8, "/orders/0"),
            ("nix(1)", "T1006", 1, 1, ""),
            ("$replace(\"abc\", \"b\", function($m) { \"x\" })", "D3012", 1, 1, ""),
            ("function($x)<a<(sn)>:x> { $x }([true])", "T0412", 1, 1, ""),
            ("function($x)<a<(sn)>:x> { $x }(true)", "T0412", 1, 1, ""),
            ("sum(1)", "T1005", 1, 1, ""),
            ("$error(\"why\")", "D3137", 1, 1, ""),
            ("(1; 1 / 0)", "D1001", 1, 7, ""),
            ("$string(1 / 0)", "D3001", 1, 11, ""),
            ("$string(1e308 * 10)", "D3001", 1, 15, ""),
            ("$string([1 / 0])", "D1001", 1, 12, ""),
            ("\"a\" ~> 5", "T2006", 1, 5, ""),
            ("[1..\"a\"]", "T2004", 1, 3, ""),
        ] as [(String, String, Int, Int, String?)])
    func evaluating(_ source: String, _ code: String, _ line: Int, _ column: Int, _ path: String?) throws {
        let input = """
            {"orders":[{"id":7,"lines":[{"sku":"a","price":1,"qty":2},{"sku":"secret","price":"secret","qty":1}]}]}
            """
        let error = try #require(mappingError(source, input))
        #expect(error.code == code)
        #expect([error.line, error.column] == [line, column], "\(error)")
        #expect(error.inputPath == path)
        #expect(!error.description.contains("secret"), "I12: an error must not quote the input")
    }

    @Test("Names in an input path are escaped as JSON Pointer wants it")
    func pointer() {
        #expect(mappingError("`a/b`.`c~d`.(x + 1)", #"{"a/b":{"c~d":{"x":"1"}}}"#)?.inputPath == "/a~1b/c~0d")
    }

    @Test(
        "A record's work is bounded",
        arguments: [
            ("[1..1000000].($ + 1)", "U2001"), ("($f := function() { 1 + $f() }; $f())", "D1011"),
            ("($f := function() { $f() }; $f())", "U2001"),
            ("($f := function($s) { $f($s & $s) }; $f(\"0123456789\"))", "U2003"),
            ("$pad(\"a\", 900000000)", "U2003"), ("[1..10000001]", "D2014"),
            ("($f := function($x) { $f([$x, $x]) }; $f(1))", "U2003"),
        ])
    func limits(_ source: String, _ code: String) {
        var limits = EvaluationLimits()
        limits.steps = 100_000
        limits.memory = 16 << 20
        #expect(mappingError(source, "{}", limits: limits)?.code == code)
    }

    @Test(
        "Values that nest without end are refused, wherever they go",
        arguments: [
            "$deep", "[$deep]", "$boolean($deep)", "$deep = $other", "$deep.x", "$deep.**", "$deep.*", "$deep & \"\"",
            "$deep ? 1 : 2", "$string($deep)", "$distinct([$deep, $other])", "$deep ~> |$|{}|", "[1, 2][$deep]",
            "$deep and true", "$sum($deep)", "$append($deep, $other)", "$lookup($deep, \"x\")", "$keys($deep)",
            "$deep in $other", "$filter([1], function($v) { $deep })",
            "$sort([$deep, $other], function($a, $b) { $a = $b })",
            "$objects", "$objects = $others", "$objects.**", "$string($objects)", "$merge([$objects, $others])",
        ])
    func deepValues(_ use: String) {
        let source = """
            ($nest := function($x, $n) { $n = 0 ? $x : $nest([[$x]], $n - 1) };
             $wrap := function($x, $n) { $n = 0 ? $x : $wrap({"x": [$x]}, $n - 1) };
             $deep := $nest([], lists); $other := $nest([], lists);
             $objects := $wrap(1, objects); $others := $wrap(1, objects);
             \(use))
            """
        let isOfObjects = use.contains("$objects")
        let input = "{\"lists\": \(isOfObjects ? 1 : 15_000), \"objects\": \(isOfObjects ? 15_000 : 1)}"
        // It ends, with a result or an error of its own: what must not happen is that the process does.
        if let error = mappingError(source, input) {
            #expect(["U2002", "T0412", "D3070", "T0410", "D1011"].contains(error.code), "\(error)")
        }
    }

    @Test(
        "Little that stands for much is refused: what is written is bounded, too",
        arguments: [
            "($f := function($x, $n) { $n = 0 ? $x : $f([$x, $x], $n - 1) }; $f([1], 40))",
            "($f := function($x, $n) { $n = 0 ? $x : $f({\"a\": $x, \"b\": $x}, $n - 1) }; $f(1, 40))",
            "[1..20000].($$)", "[1..20000].($$.text)", "[1..20000].{\"all\": $$.text}",
        ])
    func bombs(_ source: String) {
        var limits = EvaluationLimits()
        limits.memory = 16 << 20
        let text = String(repeating: "a", count: 2000)
        #expect(mappingError(source, "{\"text\": \"\(text)\"}", limits: limits)?.code == "U2003")
    }

    @Test("A text that a word can't tell the length of is refused")
    func longTexts() {
        var limits = EvaluationLimits()
        limits.memory = 1 << 30
        #expect(mappingError("$pad(\"a\", 40000000) & $pad(\"b\", 40000000)", limits: limits)?.code == "U2003")
    }

    @Test(
        "Hostile patterns take linear time",
        arguments: ["/(a+)+$/", "/(a|a)*b/", "/(.*)*x/", "/^(([a-z])+.)+[A-Z]([a-z])+$/", "/(a?){30}a{30}b/"])
    func hostilePatterns(_ pattern: String) throws {
        var limits = EvaluationLimits()
        limits.steps = 10_000_000
        let text = String(repeating: "a", count: 20_000) + "!"
        #expect(try map("$contains(t, \(pattern))", "{\"t\": \"\(text)\"}", limits: limits) == "false")
    }

    @Test("$eval can't call itself, or be given texts, without end")
    func evalBombs() {
        let endless = "($f := function($s) { $eval($s) }; $g := \"$f($g)\"; $f($g))"
        #expect(mappingError(endless)?.code.isEmpty == false)
        let texts = "$sum([1..5000].$eval(\"1+\" & $))"
        #expect(mappingError(texts)?.code == "U2007")
    }

    @Test("The caller's depth limit holds; tail calls don't count")
    func depth() throws {
        var limits = EvaluationLimits()
        limits.depth = 10
        let source = "($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(n))"
        #expect(try map(source, #"{"n":8}"#, limits: limits) == "8")
        #expect(mappingError(source, #"{"n":11}"#, limits: limits)?.code == "D1011")
        let tail = "($f := function($n) { $n = 0 ? 0 : $f($n - 1) }; $f(n))"
        #expect(try map(tail, #"{"n":100000}"#, limits: limits) == "0")
    }

    @Test("The default limits stop recursion before the stack ends")
    func stack() {
        let source = "($f := function($n) { $map([$n], function($v) { $f($v + 1) }) }; $f(0))"
        #expect(mappingError(source)?.code == "D1011")
    }

    @Test("$reject ends the record with its reason, and its place")
    func rejection() throws {
        let source = "{\"gtin\":\n  $omni_gtin(ean) ?? $reject(\"no GTIN: \" & ean)}"
        #expect(try map(source, #"{"ean":"6438012345675"}"#) == #"{"gtin":"06438012345675"}"#)
        #expect(throws: MappingFailure.rejected(Rejection(reason: "no GTIN: 1", file: "test.jsonata", line: 2))) {
            try map(source, #"{"ean":"1"}"#)
        }
    }

    @Test("An unknown reference is an outcome of its own: it parks the record")
    func references() throws {
        #expect(
            throws: MappingFailure.unknownReference(
                UnknownReference(entity: "product", system: "till", id: "1", key: nil, file: "test.jsonata", line: 1))
        ) { try map("$omni_ref(\"product\", \"till\", art)", #"{"art":"1"}"#) }
        #expect(
            throws: MappingFailure.unknownReference(
                UnknownReference(entity: "product", system: "till", id: nil, key: "9", file: "test.jsonata", line: 1))
        ) { try map("$omni_idOf(\"product\", key)", #"{"key":"9"}"#) }
        #expect(mappingError("$omni_table(\"nope\", \"a\")")?.code == "U2006")
    }

    @Test("A function can neither be the result nor hide in it")
    func functions() throws {
        #expect(mappingError("$sum")?.code == "U2004")
        #expect(mappingError("{\"a\": [$sum]}")?.code == "U2004")
        #expect(try map("($fs := [$sum, $max]; $fs[1]([1, 2]))") == "2")
    }
}
