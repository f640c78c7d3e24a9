import Document
import Installation
import Logging

/// Makes transports of what is configured. A new transport is added here, and in `Installation`.
struct Assembly: Systems {
    let settings: ConnectorSettings
    /// Where webhooks arrive, by source, and the port.
    let hints: [String: Hints]
    let port: Int?
    /// How far each source was read before.
    let positions: [String: JSON]
    /// A folder for what files show, and for what is read before it is handed over.
    let shown: String
    /// Who reads and writes.
    let process: WritingProcess
    let clock: LoopClock
    let log: Logger

    init(
        _ settings: ConnectorSettings, hints: [String: Hints], port: Int?, positions: [String: JSON], shown: String,
        by process: WritingProcess, clock: LoopClock, log: Logger
    ) {
        self.settings = settings
        self.process = process
        self.positions = positions
        self.hints = hints
        self.port = port
        self.shown = shown
        self.clock = clock
        self.log = log
    }

    func transport(of source: SourceSettings) throws -> any SourceTransport {
        let connection = settings.connection(source.from.connection)?.kind
        switch (source.from.transport, connection) {
        case (.files(let reading), .folder(let folder)?):
            return try FileSource(source, reading, folder: folder, log: log, clock: clock)
        case (.outbox(let reading), .sqlite(let database)?):
            return try OutboxSource(
                source, reading, database, noted: noted(source.from.connection), scratch: shown, by: process,
                clock: clock, log: log)
        case (.poll(let reading), .http(let http)?):
            return PollSource(
                source, reading, HTTPSystem(http), hints: hints[source.name],
                registration: registration(reading.webhook, http.webhooks, port: port), clock: clock)
        default:
            throw WrongSetting("source \"\(source.name)\": its connection is of another kind")
        }
    }

    private func registration(
        _ webhook: WebhookReading?, _ listener: WebhookListener?, port: Int?
    ) -> PollSource.Registration? {
        guard let webhook, let listener, let port, let settings = webhook.register else { return nil }
        let host = listener.listen.prefix { $0 != ":" }
        return PollSource.Registration(
            settings: settings, url: (listener.url ?? "http://\(host):\(port)") + webhook.path, secret: listener.secret)
    }

    func writer(of sink: SinkSettings) throws -> any SinkWriter {
        let connection = settings.connection(sink.to.connection)?.kind
        switch (sink.to.transport, connection) {
        case (.file(let writing), .folder(let folder)?):
            return try FileWriter(
                writing, folder: folder, shown: shown, sink: sink.name, readsBack: sink.seenBy != nil)
        case (.table(let writing), .sqlite(let database)?):
            return try TableWriter(
                writing, sink.delete, database, seenBy: outbox(of: sink), noted: noted(sink.to.connection), by: process,
                log: log)
        case (.resource(let writing), .http(let http)?):
            return ResourceWriter(settings: writing, deletion: sink.delete, system: HTTPSystem(http))
        default:
            throw WrongSetting("sink \"\(sink.name)\": its connection is of another kind")
        }
    }

    /// The highest number of a database's change log that any source has read.
    private func noted(_ connection: String) -> Int64 {
        settings.sources.filter { $0.from.connection == connection }
            .compactMap { positions[$0.name]?["position"]?["seq"]?.integer.map { Int64($0) } }.max() ?? 0
    }

    private func outbox(of sink: SinkSettings) -> OutboxReading? {
        guard let name = sink.seenBy, let source = settings.source(name),
            case .outbox(let reading) = source.from.transport
        else { return nil }
        return reading
    }
}
