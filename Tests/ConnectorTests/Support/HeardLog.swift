import Logging
import Transports

/// What a connector says in its log, from the level `info` on.
final class HeardLog: Sendable {
    private let lines = Monitor<[String]>([])

    /// Whether it has said so, with all these words in one line.
    func says(_ words: String...) -> Bool { lines.withLock { $0.contains { line in words.allSatisfy(line.contains) } } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: lines) } }

    private struct Handler: LogHandler {
        let lines: Monitor<[String]>
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            lines.withLock { $0.append("\(event.level) \(event.message) \(more.joined(separator: ", "))") }
        }
    }
}
