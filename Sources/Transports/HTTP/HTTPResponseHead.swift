import Glibc
import NIOHTTP1

extension HTTPResponse {
    /// Whether the status allows a body (RFC 9110, section 6.4.1).
    var mayHaveBody: Bool { status != 204 && status != 304 }

    /// The status line and the fields, completed with those that are the server's business.
    func head(isLast: Bool, for request: HTTPRequestHead?) -> HTTPResponseHead {
        var headers = NIOHTTP1.HTTPHeaders()
        for field in fields where !Self.isServersOwn(field.name) { headers.add(name: field.name, value: field.value) }
        headers.add(name: "Date", value: HTTPDate.now())
        if mayHaveBody { headers.add(name: "Content-Length", value: String(body.count)) }
        if isLast {
            headers.add(name: "Connection", value: "close")
        } else if let request, request.version.minor == 0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
    }

    private static func isServersOwn(_ name: String) -> Bool {
        ["content-length", "transfer-encoding", "connection", "date"].contains { HTTPFields.isSame($0, name) }
    }
}

/// The date of an answer (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, whatever the locale.
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func now() -> String { text(time(nil)) }

    static func text(_ seconds: time_t) -> String {
        var seconds = seconds
        var utc = tm()
        gmtime_r(&seconds, &utc)
        let date = "\(two(utc.tm_mday)) \(months[Int(utc.tm_mon)]) \(utc.tm_year + 1900)"
        return "\(days[Int(utc.tm_wday)]), \(date) \(two(utc.tm_hour)):\(two(utc.tm_min)):\(two(utc.tm_sec)) GMT"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
