import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Log lines with named fields on standard error: readable on a terminal, one JSON object a line elsewhere.
///
/// Each line is written with one `write`, so lines of several threads and processes don't mix.
struct StructuredLog: LogHandler {
    enum Style: String, CaseIterable, Sendable { case text, json }

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    let label: String
    let style: Style

    /// How the process's log is written, once it has one.
    static var installed: Style? { style.withLock { $0 } }
    private static let style = Mutex<Style?>(nil)

    /// Makes this the process's log. Only the first call does, before the first logger.
    static func install(level: Logger.Level, style wanted: Style?) {
        let chosen = wanted ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        let isFirst = style.withLock { style in
            guard style == nil else { return false }
            style = chosen
            return true
        }
        if isFirst { LoggingSystem.bootstrap { StructuredLog(logLevel: level, label: $0, style: chosen) } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        var line: String
        switch style {
        case .text:
            line = "\(Self.clock()) \(event.level.rawValue.padded(to: 7)) \(label): \(event.message)"
            for (key, value) in fields { line += " \(key)=\(Self.plain("\(value)"))" }
        case .json:
            line =
                "{\"time\":\"\(Self.timestamp())\",\"level\":\"\(event.level.rawValue)\",\"logger\":\(Self.quoted(label))"
            line += ",\"message\":\(Self.quoted("\(event.message)"))"
            for (key, value) in fields { line += ",\(Self.quoted(key)):\(Self.quoted("\(value)"))" }
            line += "}"
        }
        line += "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func now() -> (seconds: Int, milliseconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    private static func clock() -> String {
        var (seconds, milliseconds) = now()
        var parts = tm()
        localtime_r(&seconds, &parts)
        return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(three(milliseconds))"
    }

    private static func timestamp() -> String {
        var (seconds, milliseconds) = now()
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(three(milliseconds))Z"
    }

    private static func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func three(_ value: Int) -> String {
        value < 10 ? "00\(value)" : value < 100 ? "0\(value)" : "\(value)"
    }

    /// A value as it stands, or in quotes where it has spaces.
    private static func plain(_ value: String) -> String {
        value.utf8.contains { $0 <= 0x20 || $0 == 0x22 } || value.isEmpty ? quoted(value) : value
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

extension String {
    /// The text with spaces behind it, at least `width` characters long.
    func padded(to width: Int) -> String {
        let missing = width - count
        return missing > 0 ? self + String(repeating: " ", count: missing) : self
    }
}
