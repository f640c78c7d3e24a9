import Document
import Testing

@testable import Mapping

/// A mapping, its input, and what it must give; nil is undefined.
struct Row: CustomTestStringConvertible, Sendable {
    let source: String
    let input: String
    let result: String?
    var testDescription: String { "\(source) over \(input)" }

    init(_ source: String, _ input: String = "{}", _ result: String?) {
        self.source = source
        self.input = input
        self.result = result
    }

    /// Compares texts, so that digits and the order of members count.
    func check() throws {
        #expect(try map(source, input) == result)
    }
}

@Suite struct LanguageTests {
    @Test(
        "A result of one element is that element; an array of the input stays an array",
        arguments: [
            Row("a.b", #"{"a":[{"b":1}]}"#, "1"),
            Row("a.b", #"{"a":[{"b":1},{"b":2}]}"#, "[1,2]"),
            Row("a.b", #"{"a":{"b":[1]}}"#, "[1]"),
            Row("a.b", #"{"a":[{"b":[1]}]}"#, "[1]"),
            Row("a.b", #"{"a":[{"b":[1]},{"b":[2,3]}]}"#, "[1,2,3]"),
            Row("a.b[]", #"{"a":[{"b":1}]}"#, "[1]"),
            Row("a[].b", #"{"a":[{"b":1}]}"#, "[1]"),
            Row("a[0]", #"{"a":1}"#, "1"),
            Row("a[1]", #"{"a":1}"#, nil),
            Row("a[-1]", #"{"a":[1,2,3]}"#, "3"),
            Row("a[[0,2]]", #"{"a":[1,2,3]}"#, "[1,3]"),
            Row("a.b[0]", #"{"a":[{"b":[1,2]},{"b":[3]}]}"#, "[1,3]"),
            Row("(a.b)[0]", #"{"a":[{"b":[1,2]},{"b":[3]}]}"#, "1"),
            Row("a.[b]", #"{"a":[{"b":1},{"b":2}]}"#, "[[1],[2]]"),
            Row("[a.b]", #"{"a":[{"b":1}]}"#, "[1]"),
            Row("[a, [b]]", #"{"a":[1,2],"b":3}"#, "[1,2,[3]]"),
            Row("$.x", #"[{"x":1},{"x":2}]"#, "[1,2]"),
            Row("$[1].x", #"[{"x":1},{"x":2}]"#, "2"),
            Row("*", #"{"a":1,"b":[2,[3]]}"#, "[1,2,3]"),
            Row("**.c", #"{"a":{"c":1},"b":[{"c":2}]}"#, "[1,2]"),
        ])
    func sequences(_ row: Row) throws { try row.check() }

    @Test(
        "I8: absent, null and empty are three things",
        arguments: [
            Row("a", #"{"a":null}"#, "null"),
            Row("b", #"{"a":null}"#, nil),
            Row("a", #"{"a":""}"#, #""""#),
            Row("a", #"{"a":[]}"#, "[]"),
            Row("{\"x\": a, \"y\": b}", #"{"a":null}"#, #"{"x":null}"#),
            Row("{\"x\": a, \"y\": b}", #"{"a":[],"b":""}"#, #"{"x":[],"y":""}"#),
            Row("[a, b, c]", #"{"a":null,"c":1}"#, "[null,1]"),
            Row("$exists(a)", #"{"a":null}"#, "true"),
            Row("$exists(b)", #"{"a":null}"#, "false"),
            Row("a ?? 5", #"{"a":null}"#, "null"),
            Row("b ?? 5", #"{"a":null}"#, "5"),
            Row("a ?: 5", #"{"a":null}"#, "5"),
            Row("b & \"!\"", #"{"a":null}"#, #""!""#),
            Row("a & \"!\"", #"{"a":null}"#, #""null!""#),
            Row("b + 1", #"{"a":1}"#, nil),
            Row("b = null", #"{"a":null}"#, "false"),
            Row("a = null", #"{"a":null}"#, "true"),
            Row("a.x", #"{"a":null}"#, nil),
            Row("a.x", #"{"a":[]}"#, nil),
        ])
    func absence(_ row: Row) throws { try row.check() }

    static let lines = """
        [{"sku":"b","qty":2,"price":1.50},{"sku":"a","qty":1,"price":20},{"sku":"b","qty":3,"price":1.25}]
        """

    @Test(
        "Grouping and order-by",
        arguments: [
            Row("{sku: $sum(qty)}", "{}", "{}"),
            Row("$.{sku: qty}", lines, #"[{"b":2},{"a":1},{"b":3}]"#),
            Row("$.sku{$: $count($)}", lines, #"{"b":2,"a":1}"#),
            Row("${sku: $sum(qty)}", lines, #"{"b":5,"a":1}"#),
            Row("${sku: qty}", lines, #"{"b":[2,3],"a":1}"#),
            Row(
                "${sku: {\"n\": $sum(qty), \"first\": qty[0]}}", lines,
                #"{"b":{"n":5,"first":[2,3]},"a":{"n":1,"first":1}}"#),
            Row("$^(sku).qty", lines, "[1,2,3]"),
            Row("$^(sku, >qty).qty", lines, "[1,3,2]"),
            Row("$^(>price).sku", lines, #"["a","b","b"]"#),
            Row("$^(none).qty", lines, "[2,1,3]"),
            Row("$^(price)[0].price", lines, "1.25"),
            Row("$[qty > 1]^(qty)[-1].qty", lines, "3"),
            Row("$.[sku]{$[0]: 1}", lines, #"{"b":1,"a":1}"#),
            Row("{\"l\": $}.[l]{sku: $sum(qty)}", lines, #"{"b":5,"a":1}"#),
            Row("$[[0, 0, 1]].qty", lines, "[2,2,1]"),
        ])
    func grouping(_ row: Row) throws { try row.check() }

    static let loans = """
        {"loans":[{"isbn":1,"who":"x"},{"isbn":2,"who":"y"}],"books":[{"isbn":3,"t":"A"},{"isbn":2,"t":"B"}]}
        """

    static let orders = """
        {"shop":"S1","orders":[{"id":1,"lines":[{"p":"x","n":2},{"p":"y","n":1}]},{"id":2,"lines":[{"p":"x","n":5}]}]}
        """

    @Test(
        "Parents, focus and position bindings",
        arguments: [
            Row("orders.lines.{\"o\": %.id, \"p\": p}", orders, #"[{"o":1,"p":"x"},{"o":1,"p":"y"},{"o":2,"p":"x"}]"#),
            Row("orders.lines.{\"s\": %.%.shop, \"o\": %.id}[0].s", orders, #""S1""#),
            Row("orders.lines[%.id = 2].n", orders, "5"),
            Row(
                "orders.lines@$l.{\"n\": $l.n, \"id\": id}", orders, #"[{"n":2,"id":1},{"n":1,"id":1},{"n":5,"id":2}]"#),
            Row("loans@$l.books@$b[$l.isbn = $b.isbn].{\"t\": $b.t, \"who\": $l.who}", loans, #"{"t":"B","who":"y"}"#),
            Row("loans@$l.books@$b{$b.t: $count($l)}", loans, #"{"A":2,"B":2}"#),
            Row("orders.lines#$i.{\"i\": $i, \"p\": p}", orders, #"[{"i":0,"p":"x"},{"i":1,"p":"y"},{"i":0,"p":"x"}]"#),
            Row("orders.lines.{\"o\": %.id, \"n\": n}^(>n).n", orders, "[5,2,1]"),
            Row("orders.lines#$i[n > 1].($i & \":\" & n)", orders, #"["0:2","0:5"]"#),
        ])
    func bindings(_ row: Row) throws { try row.check() }

    @Test(
        "Functions: closures, recursion, partial application, chains, transforms",
        arguments: [
            Row("($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(20))", "{}", "2432902008176640000"),
            Row("($f := function($n, $s) { $n = 0 ? $s : $f($n - 1, $s + $n) }; $f(20000, 0))", "{}", "200010000"),
            Row("($add := function($a) { function($b) { $a + $b } }; $add(1)(2))", "{}", "3"),
            Row("$map([\"abc\", \"def\"], $substring(?, 0, 2))", "{}", #"["ab","de"]"#),
            Row("($f := $trim ~> $uppercase; $f(\"  a b \"))", "{}", #""A B""#),
            Row("($f := $sum ~> function($x) { $x + 1 }; $f([1, 2], \"\"))", "{}", "4"),
            Row("($f := $uppercase ~> $lowercase; \"a\".$f())", "{}", nil),
            Row("\" x \" ~> $trim ~> $pad(3, \"-\")", "{}", #""x--""#),
            Row("function($x)<n:n> { $x * 2 }(21)", "{}", "42"),
            Row(
                "a ~> |lines|{\"n\": n + 1}, \"p\"|", #"{"a":{"lines":[{"n":1,"p":2},{"n":2}],"k":0}}"#,
                #"{"lines":[{"n":2},{"n":3}],"k":0}"#),
            Row("[a, a ~> |$|{\"b\": 2}|]", #"{"a":{"b":1}}"#, #"[{"b":1},{"b":2}]"#),
            Row("($sum := function($x) { 0 }; $sum([1]))", "{}", "0"),
            Row("(($sum := function($x) { 0 }); $sum([1]))", "{}", "1"),
            Row("($x := 1; ($x := 2); $x)", "{}", "1"),
        ])
    func functions(_ row: Row) throws { try row.check() }

    @Test(
        "Digits are kept; arithmetic is exact to 34 digits",
        arguments: [
            Row("p", #"{"p":19.90}"#, "19.90"),
            Row("{\"x\": p}", #"{"p":1.0e2}"#, #"{"x":1.0e2}"#),
            Row("[p]", #"{"p":12345678901234567890.10}"#, "[12345678901234567890.10]"),
            Row("p & \"\"", #"{"p":19.90}"#, #""19.9""#),
            Row("p + 0.1", #"{"p":0.2}"#, "0.3"),
            Row("p * 3", #"{"p":19.90}"#, "59.7"),
            Row("$sum(p)", #"{"p":[0.1,0.2,0.3,1e-20]}"#, "0.60000000000000000001"),
            Row("a * b", #"{"a":12345678901234567,"b":1000000000000.01}"#, "12345678901234690456789012345.67"),
            Row("a - b", #"{"a":1e15,"b":0.000000000001}"#, "999999999999999.999999999999"),
            Row("1 / 8", "{}", "0.125"),
            Row("1 / 3", "{}", "0.3333333333333333"),
            Row("$string(1 / 3)", "{}", #""0.333333333333333""#),
            Row("1 / 3 * 3", "{}", "1"),
            Row("a = b", #"{"a":19.90,"b":19.9}"#, "true"),
            Row("a < b", #"{"a":0.30000000000000000000001,"b":0.30000000000000000000002}"#, "true"),
            Row("-a", #"{"a":0.10}"#, "-0.1"),
            Row("$number(\"19.90\")", "{}", "19.9"),
            Row("a % b", #"{"a":5.5,"b":2}"#, "1.5"),
            Row("0.00", "{}", "0"),
            Row("0.000001 & \" \" & 0.0000001", "{}", #""0.000001 1e-7""#),
        ])
    func digits(_ row: Row) throws { try row.check() }

    @Test(
        "Strings: escapes, quotes, code points",
        arguments: [
            Row(#""a\"b\u00e4" & 'c''"#.replacing("''", with: "'"), "{}", #""a\"bäc""#),
            Row("a & b", #"{"a":"x\"y","b":"\n"}"#, #""x\"y\n""#),
            Row("a & \"-\" & b & \"-\" & a", #"{"a":"1","b":"2"}"#, #""1-2-1""#),
            Row("a & (b & c) & d", #"{"a":"1","b":"2","c":"3","d":"4"}"#, #""1234""#),
            Row("($x := a & \"b\"; [$x & \"c\", $x & \"d\", $x])", #"{"a":"a"}"#, #"["abc","abd","ab"]"#),
            Row("$length(\"😀ä\")", "{}", "2"),
            Row("`a b`.'c d'", #"{"a b":{"c d":1}}"#, "1"),
            Row("and.or.in", #"{"and":{"or":{"in":1}}}"#, "1"),
            Row("/* c */ 1 /* d */", "{}", "1"),
            Row("$string(a)", #"{"a":{"b":[1.50,"x\"",null,true]}}"#, #""{\"b\":[1.5,\"x\\\"\",null,true]}""#),
        ])
    func strings(_ row: Row) throws { try row.check() }

    @Test("A moved subtree is a link: what it holds is not copied")
    func moving() throws {
        var tape = Tape()
        try tape.parse(Array(#"{"big":{"a":[1,2,{"b":"c"}]}}"#.utf8))
        let mapping = try CompiledMapping(source: "{\"moved\": big}")
        let before = tape.words.count
        let result = try mapping.evaluate(
            input: tape.root, tape: &tape, context: EvaluationContext(milliseconds: 0))
        // One object with one key and one link.
        #expect(tape.words.count == before + 3)
        #expect(result?["moved"]?.position == tape.root["big"]?.position)
    }

    @Test("One evaluator maps many records, and errors leave nothing behind")
    func reuse() throws {
        let mapping = try CompiledMapping(
            source: "($x := a; {\"b\": $x + 1, \"c\": $map([1], function($v) { $v + $x })})")
        var evaluator = MappingEvaluator()
        var tape = Tape()
        let context = EvaluationContext(milliseconds: 0)
        for number in 0..<100 {
            try tape.parse(Array("{\"a\":\(number % 3 == 2 ? "\"x\"" : "\(number)")}".utf8))
            do {
                let result = try evaluator.evaluate(mapping, input: tape.root, tape: &tape, context: context)
                #expect(number % 3 != 2)
                #expect(
                    result.map { JSON($0) }
                        == .object([.init("b", .number(Number(number + 1))), .init("c", .number(Number(number + 1)))]))
            } catch {
                #expect(number % 3 == 2, "\(error)")
            }
        }
    }
}
