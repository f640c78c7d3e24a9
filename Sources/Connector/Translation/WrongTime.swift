import Canonical
import Document

/// What is said of an item's `at` that is no time: what it must be, what it looks like, and what it lacks.
///
/// It isn't shown itself: a mapping may have put anything there (I12). Its shape, `00.00.0000`, says what has to be done.
struct WrongTime: CustomStringConvertible {
    let description: String

    init(_ node: Node) {
        description =
            "at must be an RFC 3339 time with an offset, such as 1985-04-12T23:20:50Z, or milliseconds since 1970; found "
            + (node.string.map { "a text of the form \"\(Self.form(of: $0))\"\(Self.advice($0))" }
                ?? Self.kind(of: node))
    }

    /// A text with its digits as `0` and its letters as `a`, cut.
    static func form(of text: String) -> String {
        let scalars = text.unicodeScalars
        var form = String.UnicodeScalarView()
        for scalar in scalars.prefix(40) {
            let isDigit = scalar.properties.numericType != nil
            form.append(isDigit ? "0" : scalar.properties.isAlphabetic ? "a" : scalar)
        }
        return String(form) + (scalars.count > 40 ? "…" : "")
    }

    /// What the usual ways of writing times lack.
    private static func advice(_ text: String) -> String {
        let ways = [
            ("T00:00:00Z", "; this is a date alone: & \"T00:00:00Z\" says its midnight"),
            ("Z", "; this has no offset: & \"Z\" says UTC"),
        ]
        let joined = String(text.map { $0 == " " ? "T" : $0 })
        for (end, words) in ways where Tick(rfc3339: joined + end) != nil {
            return words + (joined == text ? "" : ", and $replace(…, \" \", \"T\") what stands between date and time")
        }
        // The fraction's digits, and the offset, may be any.
        if form(of: text).hasPrefix("0000-00-00a00:00:00") { return "; there is no such day, time or offset" }
        return "; $toMillis(…, picture) reads what is written otherwise"
    }

    private static func kind(of node: Node) -> String {
        switch node.kind {
        case .number: "a number that isn't whole, or too large"
        case .true, .false: "a truth value"
        case .array: "an array"
        case .object: "an object"
        default: "something else"
        }
    }
}
