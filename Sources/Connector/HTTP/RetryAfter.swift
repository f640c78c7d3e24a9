import Canonical
import Transports

/// How long a system asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3), in seconds or as a date.
///
/// A date is one of the system's own clock, which its answer tells (`Date`): nobody here asks another one (I11).
enum RetryAfter {
    /// The pause that an answer asks for; nil where it asks for none, or can't be read.
    static func pause(_ fields: HTTPFields) -> Duration? {
        guard let text = fields["Retry-After"] else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // Whatever is longer than this is bounded elsewhere.
            return .seconds(min(Int64(text) ?? .max, 86_400 * 365))
        }
        guard let until = date(text), let now = fields["Date"].flatMap(date) else { return nil }
        return .milliseconds(max(0, until.milliseconds - now.milliseconds))
    }

    /// A date in one of the three forms that RFC 9110, section 5.6.7 names.
    static func date(_ text: String) -> Tick? {
        let words = text.split { " ,-".contains($0) }.map(String.init)
        guard words.count == 6 && words[5] == "GMT" || words.count == 5 else { return nil }
        // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
        let (day, month, year, time) =
            words.count == 6
            ? (words[1], words[2], words[3], words[4]) : (words[2], words[1], words[4], words[3])
        guard let number = months.firstIndex(of: month) else { return nil }
        let wholeYear = year.utf8.count == 2 ? (year < "70" ? "20" : "19") + year : year
        return Tick(rfc3339: "\(wholeYear)-\(twoDigits("\(number + 1)"))-\(twoDigits(day))T\(time)Z")
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func twoDigits(_ number: String) -> String { number.utf8.count == 1 ? "0" + number : number }
}
