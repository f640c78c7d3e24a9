import Kafka
import Logging
import Synchronization
import Testing

@Suite struct Logs {
    /// Keeps what is logged.
    final class Sink: LogHandler, @unchecked Sendable {
        let lines = Mutex<[(level: Logger.Level, text: String)]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata ?? [:]
            lines.withLock { $0.append((event.level, "\(event.message) \(metadata)")) }
        }
    }

    @Test func connectionsThatFailAreLoggedWithTheirLevel() throws {
        let sink = Sink()
        let admin = try Admin(
            ["bootstrap.servers": "127.0.0.1:1"], log: Logger(label: "test", factory: { _ in sink }))
        try eventually("a refused connection in the log") {
            _ = try? admin.topics(timeout: .milliseconds(100))
            return sink.lines.withLock { lines in
                lines.contains { $0.text.contains("FAIL") && $0.text.contains("refused") && $0.level == .error }
            }
        }
    }

    @Test func debugContextsAreLoggedAsDebug() throws {
        let sink = Sink()
        let admin = try Admin(
            Cluster.settings.merging(["debug": "broker"]), log: Logger(label: "test", factory: { _ in sink }))
        _ = try admin.topics(timeout: patience)
        #expect(sink.lines.withLock { lines in lines.contains { $0.level == .debug } })
    }
}
