import Document
import Testing

@testable import Mapping

/// What is asked of many values takes steps as they are many, not as their square is.
@Suite struct ManyValuesTests {
    /// Enough for some steps a value, and too few for one a pair.
    private static let limits: EvaluationLimits = {
        var limits = EvaluationLimits.standard
        limits.steps = 2_000_000
        return limits
    }()

    @Test(arguments: [
        ("$count($distinct([1..20000]))", "20000"),
        ("$count($distinct([1..20000].($ % 5000)))", "5000"),
        ("$count($distinct([1..20000].(\"k\" & $ % 5000)))", "5000"),
        ("$count($distinct([1..5000].{\"a\": $ % 1000, \"b\": \"x\"}))", "1000"),
        ("$count($distinct([1..5000].[[$ % 1000, 1]]))", "1000"),
        ("$count($keys([1..20000].{\"k\" & ($ % 5000): $}))", "5000"),
        ("$count($keys([1..20000]{\"k\" & $string($): $}))", "20000"),
        ("$count($keys($merge([1..20000].{\"k\" & ($ % 5000): $})))", "5000"),
        ("$merge([1..20000].{\"k\" & ($ % 5000): $}).k7", "15007"),
    ])
    func theirStepsGrowWithTheirNumber(source: String, expected: String) throws {
        #expect(try map(source, limits: Self.limits) == expected)
    }

    @Test func toLookUpManyTimesInManyIsBounded() {
        let source = "($o := [1..4000]{\"k\" & $string($): $}; $count([1..40000].$lookup($o, \"k4000\")))"
        #expect(mappingError(source, limits: Self.limits)?.code == "U2001")
    }

    @Test(arguments: [
        "($b := [1..1000000]; $count($map([1..100], function($i) { 0 in $b })))",
        """
        ($a := [1..32]; $b := $map([1..32], function() { $a }); $c := $map([1..32], function() { $b });
        $count($distinct($map([1..20000], function($i) { $map([1..32], function($j) { $j = 1 ? $i : $c }) }))))
        """,
    ])
    func workIsCountedWhereverItIsDone(source: String) {
        #expect(mappingError(source, limits: Self.limits)?.code == "U2001")
    }

    @Test func theKeysOfAnOrderByAreMemory() {
        var limits = EvaluationLimits.standard
        limits.memory = 16 << 20
        #expect(mappingError("[1..300000]^($, $, $, $, $, $, $, $)", limits: limits)?.code == "U2003")
        #expect(mappingError("$count([1..300000]^($))", limits: limits) == nil)
    }

    /// Behind sixteen values others are found by their hash: what is equal must be found all the same.
    @Test(arguments: [
        ("1.0", "1", true), ("100", "1e2", true), ("0", "-0", true), ("0.1", "1e-1", true), ("5e-1", "1/2", true),
        ("1/3", "$number(\"0.3333333333333333\")", true), ("12345678901234567890", "12345678901234567890.0", true),
        ("1e300", "10e299", true), ("1", "\"1\"", false), ("true", "1", false), ("null", "0", false),
        ("{\"a\": 1, \"b\": [2]}", "{\"b\": [2.0], \"a\": 1.00}", true),
        ("{\"a\": 1, \"b\": [2]}", "{\"b\": [3], \"a\": 1}", false), ("[]", "{}", false),
        ("[1, [2]]", "[1.0, [2]]", true), ("[1, [2]]", "[1, [3]]", false), ("$sum", "$sum", true),
        ("$sum", "$max", false),
    ])
    func whatIsEqualIsFoundAmongMany(one: String, other: String, isEqual: Bool) throws {
        for before in [0, 40] {
            let list = "$append([1..\(before)].(\"filler\" & $), $append([\(one)], [\(other)]))"
            let count = before + (isEqual ? 1 : 2)
            #expect(try map("$count($distinct(\(list)))") == "\(count)", "\(one) and \(other) behind \(before)")
        }
    }
}
