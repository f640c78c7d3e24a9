import Document
import Testing

@testable import Mapping

/// Pictures of dates and integers: what the reference gives for them.
@Suite struct PictureTests {
    @Test(
        "Dates by picture",
        arguments: [
            Row("$fromMillis(-2.5)", "{}", #""1969-12-31T23:59:59.998Z""#),
            Row("$fromMillis(946684799999, \"[Yw,2]\")", "{}", #""one thousand, nine hundred and ninety-nine""#),
            Row("$fromMillis(946684799999, \"[Ya,3]\")", "{}", #""bxw""#),
            Row("$fromMillis(946684799999, \"[Y,2-2]\")", "{}", #""99""#),
            // The test's record is of noon: without a half of the day it is the first.
            Row("$toMillis(\"5\", \"[h]\")", "{}", "1738299600000"),
            Row("$fromMillis($toMillis(\"23.03.18\", \"[D01].[M01].[Y,2-2]\"))", "{}", #""1918-03-23T00:00:00.000Z""#),
            Row("$toMillis(\"-5\", \"[Y]\")", "{}", nil),
            Row("$parseInteger(\"-1,234\", \"#,##0\")", "{}", "-1234"),
            Row("$parseInteger($formatInteger(-12, \"1;o\"), \"1;o\")", "{}", "-12"),
            Row("$parseInteger(\"-٥\", \"١\")", "{}", "-5"),
        ])
    func values(_ row: Row) throws { try row.check() }

    @Test(
        "What is wrong with a picture is told in the order of its parts",
        arguments: [
            ("$fromMillis(0, \"[Zt]\")", "D3134"), ("$fromMillis(0, \"[zN]\")", "D3134"),
            ("$fromMillis(0, \"[Z01:0100]\")", nil), ("$fromMillis(0, \"[Z00000]\")", "D3134"),
            ("$fromMillis(0, \"[YN] [D*]\")", "D3133"), ("$fromMillis(0, \"[D*] [YN]\")", "D3130"),
            ("$toMillis(\"ISO\", \"[C]\")", "D3133"), ("$toMillis(\"2025 AD\", \"[Y] [E]\")", "D3133"),
            ("$toMillis(\"1 1\", \"[D*] [YN]\")", "D3130"), ("$fromMillis(1e300)", "D3110"),
            ("$eval(\"$nope(1)\")", "D3121"), ("$eval(\"1 +\")", "D3120"),
        ] as [(String, String?)])
    func errors(_ source: String, _ code: String?) { #expect(mappingError(source)?.code == code, "\(source)") }

    @Test(
        "A picture that asks for more than anybody writes is refused, not followed",
        arguments: [
            "$fromMillis(0, \"[Y,1000000000]\")", "$fromMillis(0, \"[D,2000]\")",
            "$fromMillis(0, \"[Y,*-99999999999]\")",
            "$toMillis(\"1\", \"[D,1000000000][M]\")", "$formatNumber(1, $pad(\"0\", -5000, \"#,\"))",
            "$formatInteger(1, $pad(\"0\", -5000, \"0\"))", "$fromMillis(0, $pad(\"\", 5000, \"[Y]\"))",
        ])
    func huge(_ source: String) { #expect(mappingError(source)?.code == "U2008", "\(source)") }

    @Test(
        "The middle goes away from zero in $formatNumber, as in the reference, and to the even side in $round",
        arguments: [
            Row("$formatNumber(2.5, \"0\")", "{}", #""3""#), Row("$formatNumber(0.5, \"0\")", "{}", #""1""#),
            Row("$formatNumber(-2.5, \"0\")", "{}", #""-3""#), Row("$formatNumber(0.125, \"0.00\")", "{}", #""0.13""#),
            Row("$formatNumber(1234.5, \"#,##0\")", "{}", #""1,235""#), Row("$round(2.5)", "{}", "2"),
            Row("$formatNumber(0.125, \"0%\")", "{}", #""13%""#),
            Row("$formatNumber(1.005, \"0.00\")", "{}", #""1.01""#),
        ])
    func halves(_ row: Row) throws { try row.check() }

    @Test func aPictureWithoutADigitSaysSo() {
        for (picture, code) in [("", "D3085"), (".", "D3085"), ("abc", "D3086"), ("x-y", "D3086")] {
            let error = mappingError("$formatNumber(1, \"\(picture)\")")
            #expect(error?.code == code && error?.message.contains("no digit") == true, "\(picture)")
        }
    }
}
