import Document
import Testing

@testable import Mapping

/// Corners of the language where only the reference says what is right: compared with it, expression by expression.
@Suite struct ReferenceTests {
    @Test(
        "A comparator that contradicts itself orders as the reference's merge sort does: halves, the first one the shorter",
        arguments: [
            Row(
                "$sort(items, function($l, $r) { $l.p > $r.p }).n",
                #"{"items":[{"n":"A","p":3},{"n":"B"},{"n":"C","p":1}]}"#, #"["A","B","C"]"#),
            Row("$sort([1, 2, 1], function($l, $r) { $l - $r })", "{}", "[1,1,2]"),
            Row("$sort([5, 4, 3, 2, 1], function($l, $r) { $l - $r })", "{}", "[1,2,3,4,5]"),
            Row("$sort([3, 1, 2, 3, 1, 2, 0], function($l, $r) { $l - $r })", "{}", "[0,2,2,1,1,3,3]"),
            Row("$sort([3, 1, 2, 3, 1, 2, 0], function($l, $r) { $l > $r })", "{}", "[0,1,1,2,2,3,3]"),
            Row("$sort([1, 2, 3], function() { [] })", "{}", "[3,2,1]"),
            Row("$sort([1, 2, 3], function() { [0] })", "{}", "[3,2,1]"),
            Row("$sort([1, 2, 3], function() { {} })", "{}", "[3,2,1]"),
            Row("$sort([1, 2, 3], function() { \"\" })", "{}", "[1,2,3]"),
            Row(
                "o^(<p, n).n", #"{"o":[{"n":5,"p":2},{"n":4},{"n":3,"p":1},{"n":2},{"n":1,"p":2}]}"#, "[3,1,5,2,4]"),
        ])
    func sorting(_ row: Row) throws { try row.check() }

    static let named = #"{"o":{"b":1,"10":2,"9":[3,{"2":4,"1":5}],"010":6,"4294967295":7,"4294967294":8,"-1":9}}"#

    @Test(
        "An array of an object's members begins with the names that are array indexes, ascending",
        arguments: [
            Row(
                "$keys(items{$string(year): $sum(n)})",
                #"{"items":[{"year":2025,"n":1},{"year":2024,"n":2},{"year":2025,"n":3}]}"#, #"["2024","2025"]"#),
            Row("$keys(o)", named, #"["9","10","4294967294","b","010","4294967295","-1"]"#),
            Row("$keys([{\"b\": 1, \"7\": 1}, [{\"3\": 1}], {\"a\": 1, \"0\": 1}])", "{}", #"["0","3","7","b","a"]"#),
            Row("$join($each(o, function($v, $k) { $k }), \" \")", named, #""9 10 4294967294 b 010 4294967295 -1""#),
            Row("$spread({\"b\": 1, \"1\": 2, \"0\": 3})", "{}", #"[{"0":3},{"1":2},{"b":1}]"#),
            Row("o.*", named, #"[3,{"2":4,"1":5},2,8,1,6,7,9]"#),
            Row("o.**[$type($) = \"number\"]", named, "[3,5,4,2,8,1,6,7,9]"),
            Row("o.(**)[$type($) = \"number\"]", named, "[3,5,4,2,8,1,6,7,9]"),
            Row("$keys($merge([{\"b\": 1}, {\"2\": 1}, {\"1\": 1}]))", "{}", #"["1","2","b"]"#),
            // Objects themselves keep the order of appearance: a deviation that is named.
            Row("{\"b\": 1, \"0\": 2}", "{}", #"{"b":1,"0":2}"#),
            Row("$string({\"b\": 1, \"0\": 2})", "{}", #""{\"b\":1,\"0\":2}""#),
        ])
    func indexes(_ row: Row) throws { try row.check() }

    @Test(
        "A group that took no part is nothing, though it has its place",
        arguments: [
            Row("$exists($match(\"ab\", /(x)?(ab)/).groups[0])", "{}", "false"),
            Row("$match(\"ab\", /(x)?(ab)/)", "{}", #"{"match":"ab","index":0,"groups":[null,"ab"]}"#),
            Row("$match(\"ab\", /(x)?(ab)/).groups[1]", "{}", #""ab""#),
            Row("$match(\"xab\", /(a)|(b)/).groups[0]", "{}", #""a""#),
            Row("$count($match(\"ab\", /(x)?(ab)/).groups)", "{}", "2"),
            Row("$match(\"b\", /(x)?b/).groups", "{}", "[null]"),
            Row("$match(\"b\", /(x)?b/).groups[0]", "{}", nil),
            Row("$match(\"ab\", /(x)?(ab)/).groups.($ & \"!\")", "{}", #"["!","ab!"]"#),
            Row("$match(\"ab\", /(x)?(ab)/).groups[$ = \"ab\"]", "{}", #""ab""#),
            Row("$match(\"ab\", /(x)?(ab)/).groups[[0..1]]", "{}", #"[null,"ab"]"#),
            Row("$match(\"ab\", /(x)?(ab)/).groups^($)", "{}", #"["ab",null]"#),
            Row("$match(\"ab\", /(x)?(ab)/).*", "{}", #"["ab",0,null,"ab"]"#),
            Row("$match(\"ab\", /(x)?(ab)/).groups{\"k\": $}", "{}", #"{"k":"ab"}"#),
            Row("$match(\"ab\", /(x)?(ab)/).groups = [null, \"ab\"]", "{}", "false"),
            Row("null in $match(\"ab\", /(x)?(ab)/).groups", "{}", "false"),
            Row("$string($match(\"ab\", /(x)?(ab)/).groups)", "{}", #""[null,\"ab\"]""#),
            Row("$exists($clone($match(\"ab\", /(x)?(ab)/)).groups[0])", "{}", "true"),
            Row("$spread($match(\"ab\", /(x)?(ab)/).groups)", "{}", #"["ab"]"#),
            Row("$distinct($match(\"ab\", /(x)?(y)?(ab)/).groups)", "{}", #"[null,"ab"]"#),
            Row("$append($match(\"ab\", /(x)?(ab)/).groups, 1)", "{}", #"[null,"ab",1]"#),
            Row("$reverse($match(\"ab\", /(x)?(ab)/).groups)", "{}", #"["ab",null]"#),
            Row("$zip($match(\"ab\", /(x)?(ab)/).groups, [1, 2])", "{}", #"[[null,1],["ab",2]]"#),
            Row("$filter($match(\"ab\", /(x)?(ab)/).groups, function() { true })", "{}", #"[null,"ab"]"#),
            Row("$map($match(\"ab\", /(x)?(ab)/).groups, function($g) { $exists($g) })", "{}", "[false,true]"),
            Row("$reduce($match(\"ab\", /(x)?(ab)/).groups, function($a, $b) { $a & $b })", "{}", #""ab""#),
            Row(
                "$replace(\"ab\", /(x)?(ab)/, function($m) { $m.groups[0] & \"<\" & $m.groups[1] & \">\" })", "{}",
                #""<ab>""#),
            Row("/(x)?(ab)/(\"ab\").groups[0]", "{}", nil),
        ])
    func groups(_ row: Row) throws { try row.check() }

    @Test(
        "A function that wants an array of one type refuses one with an empty place",
        arguments: ["join", "sum", "max", "average"])
    func emptyPlaces(_ function: String) {
        #expect(mappingError("$\(function)($match(\"ab\", /(x)?(ab)/).groups)")?.code == "T0412")
    }

    @Test(
        "A regular expression that matches nothing at all is told even where a limit ends the search before",
        arguments: [
            ("$match(\"abc\", /x*/, 1)", "D1004"), ("$replace(\"abc\", /x*/, \"-\", 1)", "D1004"),
            ("$split(\"abc\", /x*/, 1)", "D1004"), ("$match(\"abc\", /x*/, 0)", nil),
            ("$match(\"abc\", /b|x*/, 1)", "D1004"), ("$match(\"b\", /b|x*/, 1)", nil),
            ("$replace(\"\", /x*/, \"-\", 1)", nil), ("$contains(\"abc\", /x*/)", nil),
            ("$match(\"aab\", /a+|$/, 1)", "D1004"), ("$match(\"aab\", /a|$/, 1)", nil),
        ] as [(String, String?)])
    func emptyMatches(_ source: String, _ code: String?) { #expect(mappingError(source)?.code == code, "\(source)") }

    @Test(
        "Letters change as Unicode's special casings say: one may become several, and a last sigma is another",
        arguments: [
            Row("$lowercase(\"ΟΔΥΣΣΕΥΣ\")", "{}", #""οδυσσευς""#),
            Row("$lowercase(\"ΣΑΣ Σ.Σ ΑΣ'Β ΑΣ' Α\u{AD}Σ\u{AD} 1Σ\")", "{}", "\"σας σ.ς ασ'β ας' α\u{AD}ς\u{AD} 1σ\""),
            Row("$lowercase(\"İ\")", "{}", "\"i\u{307}\""),
            Row("$uppercase(\"ß ŉ ﬁ ΐ ᾳ և ς\")", "{}", "\"SS ʼN FI Ι\u{308}\u{301} ΑΙ ԵՒ Σ\""),
        ])
    func casings(_ row: Row) throws { try row.check() }

    @Test(
        "A place that isn't there counts as a result: arrays that other items give are flattened",
        arguments: [
            Row("a.b[0]", #"{"a":[{"b":[]},{"b":[[5]]}]}"#, "5"),
            Row("a.b[0]", #"{"a":[{},{"b":[[5]]}]}"#, "5"),
            Row("a.b[0]", #"{"a":[{"b":[[5]]}]}"#, "[5]"),
            Row("a.b[0]", #"{"a":[{"b":[[5]]},{"b":[[6]]}]}"#, "[5,6]"),
            Row("a.b[0][0]", #"{"a":[{},{"b":[[[5]]]}]}"#, "5"),
            Row("a.b[-1]", #"{"a":[{"b":[[1],[5]]},{"b":[]}]}"#, "5"),
            Row("a.b[7]", #"{"a":[{},{"b":[[5]]}]}"#, nil),
        ])
    func places(_ row: Row) throws { try row.check() }

    @Test(
        "The name of a month or day that there is not counts as not given",
        arguments: [
            Row("$toMillis(\"Foo 2018\", \"[MNn] [Y0001]\")", "{}", "1514764800000"),
            Row("$toMillis(\"Tues 21/11/2018\", \"[FNn,3-3] [D]/[M]/[Y0001]\")", "{}", "1542758400000"),
            Row("$toMillis(\"Tue 21/11/2018\", \"[FNn,3-3] [D]/[M]/[Y0001]\")", "{}", "1542758400000"),
            Row("$toMillis(\"2018 Xxx\", \"[Y0001] [F]\")", "{}", "1514764800000"),
        ])
    func names(_ row: Row) throws { try row.check() }

    @Test("A month that isn't known leaves a gap before its day")
    func gap() {
        #expect(mappingError("$toMillis(\"21 Sept 2018\", \"[D] [MNn,3-3] [Y0001]\")")?.code == "D3136")
    }

    @Test(
        "A regular expression as a function takes a text and the place to search from",
        arguments: [
            Row("$filter([\"ab\", \"ab\", \"cca\"], /a/)", "{}", #"["ab","cca"]"#),
            Row("$map([\"ab\", \"ab\", \"cca\"], /a/).start", "{}", "[0,2]"),
            Row("$single([\"b\", \"ba\", \"b\"], /a/)", "{}", #""ba""#),
            Row("/a/(\"äa\", 1).start", "{}", "1"),
            Row("/a/(\"a\", 2)", "{}", nil),
            Row("/a/(\"a\", -1).start", "{}", "0"),
            Row("$reduce([\"a\", \"b\"], /a/).match", "{}", #""a""#),
            Row("$filter([1, 12, 3], /1/)", "{}", "1"),
            Row("$filter([\"ab\", \"ab\"], function($v) { $contains($v, /a/) })", "{}", #"["ab","ab"]"#),
        ])
    func regexes(_ row: Row) throws { try row.check() }

    @Test(
        "A partially applied function has no signature, and the parameters that were left open",
        arguments: [
            Row("($f := function($x, $y)<nn:n> { $x & $y }; $g := $f(?, 1); $g(\"a\"))", "{}", #""a1""#),
            Row("($f := function($x, $y)<nn:n> { $x & $y }; $f(?, ?)(\"a\", \"b\"))", "{}", #""ab""#),
            Row("($f := function($x, $y)<nn:n> { $x & $y }; $f(?, ?)(?, 2)(\"a\"))", "{}", #""a2""#),
            Row("($f := function($x) { $x }; $map([7, 8], $f(?, ?)))", "{}", "[7,8]"),
        ])
    func partial(_ row: Row) throws { try row.check() }

    @Test(
        "Where the reference is mistaken, what the picture or the words say is done: each is named in the documentation",
        arguments: [
            Row("$formatNumber(1234, \"#,##,##0\")", "{}", #""1,234""#),
            Row("$formatInteger(1234, \"#,##,##0\")", "{}", #""1,234""#),
            Row("$formatNumber(1.2345678, \"0.000,000,0\")", "{}", #""1.234,567,8""#),
            Row("$formatNumber(1.5, \"0.###,###\")", "{}", #""1.5""#),
            Row("$formatNumber(5, \"0eur\")", "{}", #""5eur""#),
            Row("$formatNumber(1234, \"$0.0e0\")", "{}", #""$1.2e3""#),
            Row("$formatNumber(1234, \"#e0\")", "{}", #""0.1e4""#),
            Row("$formatInteger(1, \"١;o\")", "{}", #""١st""#),
            Row("$parseInteger(\"12.345\", \"#.##0\")", "{}", "12345"),
            Row(
                "$toMillis(\"2018-01-01 00:00-05:30\", \"[Y0001]-[M01]-[D01] [H01]:[m01][Z01:01]\")", "{}",
                "1514784600000"),
            Row("$toMillis(\"2018-100 10:30\", \"[Y0001]-[d001] [H01]:[m01]\")", "{}", "1523356200000"),
            Row("$map([1, 2], $string(?))", "{}", #"["1","2"]"#),
            Row("$contains(\"XYZ\", /X/) ?: \"no\"", "{}", "true"),
            Row("$match(\"XYZ\", /X/).match ?? \"none\"", "{}", #""X""#),
            Row("function($x)<a<x>:n> { $count($x) }([1, \"a\"])", "{}", "2"),
            Row("function($x)<a<(ns)>:n> { $count($x) }([1, \"a\"])", "{}", "2"),
            Row(
                "$toMillis(\"2018-03-23 10:11:12.5\", \"[Y]-[M]-[D] [H]:[m]:[s].[f]\") % 1000", "{}", "500"),
            Row("[7, 8][1] ?? 0", "{}", "8"), Row("[7, 8][1] ?: 0", "{}", "8"),
        ])
    func mistakes(_ row: Row) throws { try row.check() }

    @Test("A partially applied function of the library checks what it gets all the same: a deviation that is named")
    func partialLibrary() { #expect(mappingError("$power(?, 2)(\"5\")")?.code == "T0410") }
}
