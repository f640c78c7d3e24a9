import Document
import Testing

@testable import Mapping

/// What is said of a mapping before any record comes.
@Suite struct InspectionTests {
    private func inspect(
        _ source: String, _ sample: String, variables: [String: Outline] = [:], tables: [String: [String]] = [:]
    ) throws -> MappingInspection {
        try MappingInspection(
            source: Array(source.utf8), file: "test.jsonata",
            options: MappingOptions(variables: Set(variables.keys)), input: Outline(sampling: JSON(parsing: sample)),
            variables: variables, tables: tables)
    }

    private static let order = """
        {"id": 7, "state": "open", "paid": true, "note": null,
         "lines": [{"sku": "A", "count": 2, "tags": ["x"]}, {"sku": "B", "count": 1, "size": "L"}]}
        """

    // MARK: Paths

    @Test(arguments: [
        ("id", []), ("lines.sku", []), ("lines.size", []), ("lines[0].tags[0]", []), ("$.id", []), ("*.sku", []),
        ("id & “pcs”", ["1:6 no fixture has \"“pcs”\" here; a text stands between straight quotes, \"…\""]),
        ("sate", ["1:1 no fixture has \"sate\" here; did you mean \"state\"?"]),
        ("lines.skuu", ["1:7 no fixture has \"skuu\" here; did you mean \"sku\"?"]),
        ("lines.{ \"a\": sku, \"b\": ean }", ["1:24 no fixture has \"ean\" here"]),
        ("lines[cuont > 1].sku", ["1:7 no fixture has \"cuont\" here; did you mean \"count\"?"]),
        ("($l := lines[0]; $l.skew)", ["1:21 no fixture has \"skew\" here"]),
        ("$map(lines, function($l) { $l.cnt })", ["1:31 no fixture has \"cnt\" here"]),
        ("lines ~> $map(function($l) { $l.sku })", []),
        ("lines^(>cout).sku", ["1:9 no fixture has \"cout\" here; did you mean \"count\"?"]),
        ("lines{ sku: cuont }", ["1:13 no fixture has \"cuont\" here; did you mean \"count\"?"]),
        ("lines.( $n := sku; %.id & $n )", []),
        ("lines@$l.{ \"a\": $l.skk }", ["1:20 no fixture has \"skk\" here; did you mean \"sku\"?"]),
        ("lines#$i.{ \"a\": $i, \"b\": sku }", []), ("note.text", []),
        ("$sift($, function($v, $k) { $v.sku })", []),
    ])
    func aPathThatNoSampleHasIsNamed(source: String, expected: [String]) throws {
        let findings = try inspect(source, Self.order).findings
        #expect(findings.map { "\($0.line):\($0.column) \($0.message)" } == expected)
        #expect(findings.allSatisfy { $0.rule == .absent && $0.severity == .warning })
    }

    // MARK: Comparisons and types

    @Test(arguments: [
        ("id = \"7\"", "this never holds: the left side is in all fixtures a number, the right side a string"),
        (
            "paid != \"yes\"",
            "this always holds: the left side is in all fixtures true or false, the right side a string"
        ),
        ("state > 3", "'>' compares in all fixtures a string with a number: it fails the record"),
        ("state + 1", "'+' needs numbers; this is in all fixtures a string: use $number"),
        ("-state", "'-' needs numbers; this is in all fixtures a string: use $number"),
        ("paid < 1", "'<' compares numbers or texts; this is in all fixtures true or false: it fails the record"),
        ("$uppercase(id)", "$uppercase takes a string here, but this is in all fixtures a number: it fails the record"),
        (
            "$omni_divide(id)",
            "$omni_divide takes 2 arguments or more (<nnn?:n>), and this gives 1: it fails the record"
        ),
        (
            "$omni_divide(id, 2, 3, 4)",
            "$omni_divide takes 3 arguments at most (<nnn?:n>), and this gives 4: it fails the record"
        ),
        ("$round(state)", "$round takes a number here, but this is in all fixtures a string: it fails the record"),
        ("state ~> $round(2)", "$round takes a number here, but this is in all fixtures a string: it fails the record"),
        ("$pad(state, \"3\")", "$pad takes a number here, but this is a string: it fails the record"),
        (
            "$sum(lines.sku)",
            "$sum takes a list of which each is a number here, but each is in all fixtures a string: it fails the record"
        ),
        (
            "$max(state)",
            "$max takes a list of which each is a number here, but each is in all fixtures a string: it fails the record"
        ),
        (
            "state.$substring(1, 2, 3)",
            "$substring takes <s-nn?:s> here, but this is a number: it fails the record"
        ),
        // Only one of the lines has a size: what is there is a text all the same.
        ("lines.$round(size)", "$round takes a number here, but this is in all fixtures a string: it fails the record"),
        ("lines.(size * 2)", "'*' needs numbers; this is in all fixtures a string: use $number"),
        ("lines[size > 2]", "'>' compares in all fixtures a string with a number: it fails the record"),
        ("{\"a\": id, \"b\": 1, \"a\": 2}", "\"a\" is given twice (D1009): it fails the record"),
        ("string(id)", "this is a path, not a function: the function's name begins with $, $string"),
        (
            "$formatNumber(id, \"abc\")",
            "D3086: the number picture has no digit, and nothing else with a meaning: write 0 or #: it fails the record"
        ),
        (
            "$formatInteger(id, \"abc\")",
            "D3130: no such numbering: a picture needs a digit, or is A, a, I, i, W, Ww, w: it fails the record"
        ),
        ("$toMillis(state, \"[Q]\")", "D3132: no such component in a date picture: Q: it fails the record"),
        (
            "state ~> $toMillis(\"yyyy-MM-dd\")",
            "this picture has no component in brackets, so nothing of the time is in it: write [Y0001]-[M01]-[D01], [D01].[M01].[Y0001] or what is meant"
        ),
    ])
    func anOperandOfAWrongTypeIsNamed(source: String, expected: String) throws {
        #expect(try inspect(source, Self.order).findings.map(\.message) == [expected])
    }

    @Test(arguments: [
        "state = \"closed\"", "note = null", "id != null", "lines.sku = \"A\"", "colour ?? 3", "id = 7 or paid",
        "$exists(note) ? note & \"x\"", "$number(state) + 1", "lines.count > 1", "$string(id) = \"7\"",
        "$sum(lines.count) - 1", "id ~> $omni_divide(3)", "$uppercase()", "lines.$string()", "$now()",
        "$substring(state, 1)", "$map(lines, $string)", "lines.size.$pad(3, \"#\")", "state.$substring(1)", "$round()",
        "lines.$pad(5)", "$sum([])", "$sum(1)", "$join(lines.sku)", "$join(state)",
        "$formatNumber(id, \"0,0\", {\"decimal-separator\": \",\"})",
        "$fromMillis(id, \"[Y]\", \"+0100\")", "$now(\"[Y]\")", "id > 3 ? {\"a\": 1} : {\"a\": 2}", "lines{sku: count}",
        "$append(state, id)",
        "$zip(lines.sku, lines.count)", "$sort(lines, function($a, $b) { $a.count > $b.count })", "$fromMillis(id)",
        "($match := function($s, $n) { $n = 0 ? $s : $match($s, $n - 1) }; $match(state, 2))",
        "state in [\"open\", \"closed\"]",
    ])
    func whatMayBeRightIsLeftAlone(source: String) throws {
        let findings = try inspect(source, Self.order).findings.filter { $0.rule != .absent }
        #expect(findings.map(\.message) == [])
    }

    @Test func aValueThatIsNoneOfTheKnownOnesIsNamed() throws {
        let state = Outline(oneOf: ["open", "closed"])
        func findings(_ source: String) throws -> [String] {
            try inspect(source, "{}", variables: ["state": state]).findings.map(\.message)
        }
        let list = "it is one of \"closed\", \"open\"; did you mean \"closed\"?"
        #expect(try findings("$state = \"close\"") == ["this never holds: \(list)"])
        #expect(try findings("$state != \"close\"") == ["this always holds: \(list)"])
        #expect(try findings("$state in [\"close\"]") == ["this never holds: \(list)"])
        #expect(try findings("$state in [\"close\", \"open\"]") == [])
    }

    @Test func aTablesColumnsAreKnown() throws {
        let found = try inspect(
            "$omni_table(\"units\", id).nam", #"{"id": "pcs"}"#, tables: ["units": ["code", "name"]])
        #expect(found.findings.map(\.message) == ["there is no \"nam\" here; did you mean \"name\"?"])
    }

    @Test func aLiteralTableIsLookedUpIn() throws {
        let states = "$lookup({\"o\": \"open\", \"c\": \"closed\"}, "
        let result = try inspect("\(states)state)", Self.order).result
        #expect(result.kinds == [.nothing, .string] && result.values == ["open", "closed"])
        #expect(result.constants.count == 2, "each has its place, and the schema judges it")
        #expect(try inspect("\(states)\"o\")", Self.order).result.values == ["open"])
        #expect(
            try inspect("\(states)\"x\")", Self.order).findings.map { "\($0.column) \($0.message)" }
                == ["39 there is no \"x\" here"])
        #expect(
            try inspect("$lookup(lines, \"skuu\")", Self.order).findings.map(\.message) == [
                "no fixture has \"skuu\" here; did you mean \"sku\"?"
            ])
        #expect(try inspect("$lookup({\"a\": {\"b\": 1}}, state).c", Self.order).findings.count == 1)
    }

    @Test(arguments: [
        ("$ ~> |$|{\"number\": id}, [\"id\"]|", []),
        ("$ ~> |$|{\"number\": idd}|", ["1:20 no fixture has \"idd\" here; did you mean \"id\"?"]),
        ("$ ~> |lines|{\"ean\": skuu}|", ["1:21 no fixture has \"skuu\" here; did you mean \"sku\"?"]),
        ("$ ~> |lines[cuont > 1]|{}|", ["1:13 no fixture has \"cuont\" here; did you mean \"count\"?"]),
        ("$ ~> |$|{\"n\": state + 1}|", ["1:21 '+' needs numbers; this is in all fixtures a string: use $number"]),
        ("$ ~> |$|{}, [\"stat\"]|", ["1:14 no fixture has \"stat\" here; did you mean \"state\"?"]),
        ("$ ~> |$|\"x\"|", ["1:9 a transform's update must be an object; this is a string: it fails the record"]),
        ("$ ~> |$|{}, 7|", ["1:13 what a transform deletes is named by texts; this is a number: it fails the record"]),
        // What a transform has changed is what comes next sees.
        ("$ ~> |$|{\"number\": id}, [\"id\"]| ~> |$|{\"a\": number, \"b\": id}|", ["1:58 no fixture has \"id\" here"]),
    ])
    func whatStandsInsideOfATransformIsInspected(source: String, expected: [String]) throws {
        #expect(try inspect(source, Self.order).findings.map { "\($0.line):\($0.column) \($0.message)" } == expected)
    }

    @Test func aTransformOfWhatMayBeAnythingEnds() throws {
        #expect(try inspect("$colour ~> |a|{\"b\": 1}|", "{}", variables: ["colour": .any]).findings.isEmpty)
        #expect(
            try inspect("$colour ~> |a.b|{\"b\": 1}, [\"c\"]|", "{}", variables: ["colour": .any]).result.kinds == .any)
    }

    @Test func aTransformGivesWhatItChanged() throws {
        func result(_ source: String) throws -> Outline { try inspect(source, Self.order).result }
        let renamed = try result("$ ~> |$|{\"number\": id, \"state\": 1}, [\"id\"]|")
        #expect(renamed.members.keys.sorted() == ["lines", "note", "number", "paid", "state"])
        #expect(renamed.members["state"]?.shape.kinds == .number)
        let maybe = try result("$ ~> |$|{\"state\": paid ? 1}, paid ? \"id\"|")
        #expect(maybe.members["state"]?.shape.kinds == [.number, .string])
        #expect(maybe.members["id"]?.shape.kinds == [.number, .nothing])
        let inner = try result("$ ~> |lines|{\"ean\": sku}, \"sku\"|")
        #expect(inner.members["lines"]?.shape.element.members.keys.sorted() == ["count", "ean", "size", "tags"])
        #expect(try result("$ ~> |**|{}|").kinds == .object)
    }

    // MARK: Names with hyphens

    private static let row =
        #"{"EAN-koodi": "6438012345675", "a-b-c": 1, "row": {"EK-Preis": "1"}, "x": 2, "y": 1, "x-y": 1}"#

    @Test(arguments: [
        ("EAN-koodi", "1:1", "EAN-koodi"), ("$omni_gtin(EAN-koodi)", "1:12", "EAN-koodi"),
        ("1 + a-b-c", "1:5", "a-b-c"),
        ("row.EK-Preis & \"\"", "1:5", "EK-Preis"),
    ])
    func aNameWithAHyphenIsASubtraction(source: String, place: String, name: String) throws {
        let findings = try inspect(source, Self.row).findings
        #expect(
            findings.map { "\($0.line):\($0.column) \($0.rule.rawValue): \($0.message)" } == [
                "\(place) name: this is a subtraction; a field name with '-' is written in backticks: `\(name)`"
            ])
        // What it gives is no number, as far as anybody knows.
        if source == name { #expect(try inspect(source, Self.row).result.kinds == .any) }
    }

    @Test func aTablesColumnWithAHyphenIsKnownToo() throws {
        let found = try inspect(
            "$omni_table(\"units\", a).EK-Preis", #"{"a": "1"}"#, tables: ["units": ["code", "EK-Preis"]])
        #expect(found.findings.map { "\($0.column) \($0.rule)" } == ["25 name"], "\(found.findings)")
    }

    @Test func aSubtractionOfWhatIsThereIsNone() throws {
        #expect(try inspect("x-y", Self.row).findings.isEmpty)
        #expect(try inspect("`EAN-koodi`", Self.row).findings.isEmpty)
        #expect(try inspect("EAN - koodi", Self.row).findings.allSatisfy { $0.rule == .absent })
    }

    /// Each of these gives something.
    @Test(arguments: [
        "($lib := {\"sum\": function($a) { $a + 1 }}; $lib.sum(3))", "[{\"count\": function($x) { $x * 2 }}].count(4)",
        "($f := function() { $count(1, 2) }; $count := function($a, $b) { $a + $b }; $f())",
        "$colour.{\"a\": 1, \"a\": 2}", "$toMillis($colour, \"[Q]\")", "$fromMillis($colour, \"[Q]\")",
        "state.function($s, $n)<s-n:s> { $s & $uppercase($s) }(5)", "function($l)<a:x> { $clone($l) }(3)",
        "($f := $uppercase ~> $trim; $f(\" a \"))", "$map([[\"a\"]], function($p) { $clone($p) })",
        "$length($reverse($colour))", "$reverse($colour) > 3", "id = 8 ? $uppercase(5) : 1",
        "$map([1, 2], function($v) { $type($v) = \"string\" ? $length($v) : $v })", "id = 8 and $uppercase(5) = \"A\"",
        "$colour ?? $uppercase(5)", "$map([], function($v) { $uppercase(5) })",
    ])
    func whatRunsIsNoError(source: String) throws {
        let findings = try inspect(source, Self.order, variables: ["colour": Outline([.string, .nothing])]).findings
        #expect(findings.filter { $0.severity == .error }.map(\.message) == [])
    }

    @Test(arguments: [
        "$uppercase(5)", "{\"a\": $uppercase(5)}", "[$uppercase(5)]", "($x := 5; $uppercase($x))",
        "{\"a\": 1, \"a\": 2}", "$formatNumber(5, \"abc\")", "sum(lines.count)", "$count(1, 2)",
    ])
    func whatAlwaysFailsIsAnError(source: String) throws {
        #expect(try inspect(source, Self.order).findings.map(\.severity) == [.error])
    }

    // MARK: Results

    @Test(
        arguments: [
            ("id", Outline.Kinds.number), ("lines.sku", [.nothing, .string, .array]), ("[lines.sku]", .array),
            ("{\"a\": id}", .object), ("id > 3", .boolean), ("colour", .nothing), ("id ? \"a\"", [.string, .nothing]),
            ("id ? \"a\" : $reject(\"b\")", .string), ("colour ?? 1", .number), ("$count(lines)", .number),
            ("lines[0].sku", [.nothing, .string]), ("function($x) { $x }", .function), ("id & \"\"", .string),
        ] as [(String, Outline.Kinds)])
    func theResultsKindsAreKnown(source: String, kinds: Outline.Kinds) throws {
        #expect(try inspect(source, Self.order).result.kinds == kinds)
    }

    @Test func membersKeepTheirPlaces() throws {
        let result = try inspect("{\n  \"a\": id,\n  \"b\": id > 3 ? { \"c\": state }\n}", Self.order).result
        #expect(result.members["a"]?.offset == 4)
        #expect(result.members["b"]?.shape.kinds == [.object, .nothing])
        #expect(result.members["b"]?.shape.members["c"]?.shape.kinds == .string)
    }

    @Test func whatDoesNotCompileIsThrown() {
        #expect(throws: MappingError.self) { try inspect("{ \"a\": ", "{}") }
    }

    @Test func anUnknownFunctionOrVariableIsToldTheNearest() {
        #expect(mappingError("$omni_gtinn(a)")?.message == "there is no function $omni_gtinn; did you mean $omni_gtin?")
        #expect(mappingError("($total := 1; $totl(2))")?.message == "there is no function $totl; did you mean $total?")
        let options = MappingOptions(variables: ["system"])
        #expect(
            mappingError("$sytem", options: options)?.message
                == "nothing binds the variable $sytem; did you mean $system?")
    }
}
