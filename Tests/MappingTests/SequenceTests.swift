import Document
import Testing

@testable import Mapping

/// Where a sequence stays one, though it holds one value or none: compared with the reference, expression by expression.
@Suite struct SequenceTests {
    static let orders = """
        {"o":[{"id":1,"l":[{"s":"A","n":2},{"s":"B","n":0}]},{"id":2,"l":[{"s":"A","n":0}]}],"s":[{"a":[7]}]}
        """

    @Test(
        "What a library function gives as the result of a function is no expression's result yet",
        arguments: [
            Row("$map(o, function($v) { $filter($v.l, function($x) { $x.n > 0 }) }).s", orders, #""A""#),
            Row("$map(o, function($v) { $filter($v.l.n, function($x) { $x > 0 }) })", orders, "[[2],[]]"),
            Row("$map(o, function($v) { ($v; $filter($v.l.n, function($x) { $x > 0 })) })", orders, "[[2],[]]"),
            Row(
                "$map(o, function($v) { $v.id = 1 ? $filter($v.l.n, function($x) { $x > 0 }) : 5 })", orders, "[[2],5]"),
            Row("$map(o, function($v) { $filter($v.l.n, function($x) { $x > 0 }) ?: 5 })", orders, "[[2],5]"),
            Row("$map(o, function($v) { $filter($v.l.n, function($x) { $x > 0 }) ?? 5 })", orders, "[[2],5]"),
            Row("$map(o, function($v) { ($r := $filter($v.l.n, function($x) { $x > 0 }); $r) })", orders, "2"),
            Row("$map(o, function($v) { $filter($v.l.n, function($x) { $x > 0 })[0] })", orders, "2"),
            Row("$map([{\"a\": 1}, {\"b\": 1}], $keys)", "{}", #"[["a"],["b"]]"#),
            Row("($f := function($v) { $keys($v) }; $map([{\"a\": 1}, {\"b\": 1}], $f))", "{}", #"[["a"],["b"]]"#),
            Row("($f := function($v) { $keys($v) }; $map([{\"a\": 1}], function($v) { $f($v) }))", "{}", #""a""#),
            Row("($f := function($v) { $keys($v) }; {\"k\": $f({\"a\": 1}), \"n\": $f({})})", "{}", #"{"k":"a"}"#),
            Row("$map([{\"a\": 1}, {\"b\": 1}], function($v) { $v ~> $keys })", "{}", #"["a","b"]"#),
            Row("$each({\"a\": 1, \"b\": 2}, function($v) { $keys({\"k\": $v}) })", "{}", #"[["k"],["k"]]"#),
            Row("$reduce([1, 2], function($a, $b) { $filter([1, 2], function($x) { $x = $b }) })", "{}", "2"),
            Row("$map([\"ab\", \"b\"], $match(?, /b/)).index", "{}", "[1,0]"),
            Row("$map(o, function($v) { $filter([], function() { true }) }).($ & \"!\")", orders, #"["!","!"]"#),
        ])
    func tailCalls(_ row: Row) throws { try row.check() }

    @Test(
        "What follows a call picks from its sequence before one value becomes that value",
        arguments: [
            Row("$map([1], function() { [5, 6] })[0]", "{}", "[5,6]"),
            Row("$map([1], function() { [5, 6] })[1]", "{}", nil),
            Row("$map([1], function() { [5, 6] })[0][0]", "{}", "5"),
            Row("$filter([[5, 6]], function() { true })[0]", "{}", "[5,6]"),
            Row("$each({\"a\": [5, 6]}, function($v) { $v })[0]", "{}", "[5,6]"),
            Row("($f := function() { $map([1], function() { [5, 6] }) }; $f()[0])", "{}", "[5,6]"),
            Row("($map([1], function() { [5, 6] }))[0]", "{}", "5"),
            Row("$filter([1], function() { false }){\"k\": 1}", "{}", #"{"k":1}"#),
            Row("$map([1], function() { [5, 6] }){\"k\": $}", "{}", #"{"k":[5,6]}"#),
        ])
    func suffixes(_ row: Row) throws { try row.check() }

    @Test(
        "Between two chained functions one value is that value; what $spread makes of an array is an array",
        arguments: [
            Row("($f := $keys ~> $type; $f({\"a\": 1}))", "{}", #""string""#),
            Row("$spread(s)", orders, #"[{"a":[7]}]"#),
            Row("$spread({\"a\": 1})", "{}", #"{"a":1}"#),
            Row("$spread([])", "{}", nil),
            Row("$spread([[]])", "{}", "[]"),
            Row("$sum = $sum", "{}", "true"),
            Row("$sum = $count", "{}", "false"),
        ])
    func chains(_ row: Row) throws { try row.check() }

    @Test(
        "A signature's optional parameter that does not fit takes its argument, and the last ones get nothing",
        arguments: [
            Row("function($p, $q)<f?x?>{ {\"p\": $p, \"q\": $q} }(null)", "{}", #"{"p":null}"#),
            Row("function($p, $q)<n?x?>{ {\"p\": $p, \"q\": $q} }(\"a\")", "{}", #"{"p":"a"}"#),
            Row("function($p, $q)<j?a>{ [$p, $q] }([[1]])", "{}", "[[1]]"),
        ])
    func signatures(_ row: Row) throws { try row.check() }
}
