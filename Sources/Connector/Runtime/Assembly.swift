import Canonical
import Document
import Installation
import Kafka
import Mapping

/// Makes transports of what is configured. A new transport is added here, and in `Installation`.
struct Assembly {
    let settings: ConnectorSettings
    let shared: Shared
    let mappings: Mappings

    init(_ settings: ConnectorSettings, _ shared: Shared, _ mappings: Mappings) {
        self.settings = settings
        self.shared = shared
        self.mappings = mappings
    }

    /// How a source is read.
    ///
    /// - Parameter port: where webhooks arrive.
    func transport(of source: SourceSettings, hints: Hints?, port: Int?) throws -> any SourceTransport {
        let connection = settings.connection(source.from.connection)?.kind
        switch (source.from.transport, connection) {
        case (.files(let reading), .folder(let folder)?):
            return try FileSource(source, reading, folder: folder, log: shared.log, clock: shared.clock)
        case (.outbox(let reading), .sqlite(let database)?):
            return try OutboxSource(source, reading, database, clock: shared.clock)
        case (.poll(let reading), .http(let http)?):
            return PollSource(
                source, reading, HTTPSystem(http), hints: hints,
                registration: registration(reading.webhook, http.webhooks, port: port), clock: shared.clock)
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

    /// All sinks.
    func sinks(_ brokers: any Brokers) throws -> [Sink] {
        try settings.sinks.map { sink in
            let made = Sink(
                sink, shared.kinds[sink.of]!, shared.knowledge, filter: mappings.filters[sink.name],
                mapping: mappings.sinks[sink.name]!, seenBy: seenBy(sink), writer: try writer(of: sink))
            if made.writer is FileWriter { try restore(made, brokers) }
            return made
        }
    }

    private func seenBy(_ sink: SinkSettings) -> Sink.SeenBy? {
        guard let name = sink.seenBy, let mapping = mappings.sources[name] else { return nil }
        return Sink.SeenBy(
            mapping,
            Translator(source: name, knowledge: shared.knowledge))
    }

    private func writer(of sink: SinkSettings) throws -> any SinkWriter {
        let connection = settings.connection(sink.to.connection)?.kind
        switch (sink.to.transport, connection) {
        case (.file(let writing), .folder(let folder)?):
            return try FileWriter(writing, folder: folder, sink: sink.name, readsBack: sink.seenBy != nil)
        case (.table(let writing), .sqlite(let database)?):
            return try TableWriter(writing, sink.delete, database, seenBy: outbox(of: sink))
        case (.resource(let writing), .http(let http)?):
            return ResourceWriter(settings: writing, deletion: sink.delete, system: HTTPSystem(http))
        default:
            throw WrongSetting("sink \"\(sink.name)\": its connection is of another kind")
        }
    }

    private func outbox(of sink: SinkSettings) -> OutboxReading? {
        guard let name = sink.seenBy, let source = settings.source(name),
            case .outbox(let reading) = source.from.transport
        else { return nil }
        return reading
    }

    /// A file holds everything: what the golden topic has is taken up before anything is written.
    private func restore(_ sink: Sink, _ brokers: any Brokers) throws {
        let topic = shared.names.golden(entity: sink.settings.of)
        var newest: [ExactText: Golden] = [:]
        try brokers.read(try brokers.partitions(of: [topic])) { batch in
            batch.forEach { record in
                guard case .success(let golden) = Golden.read(record, entity: sink.settings.of) else { return }
                newest[ExactText(golden.key)] = golden.verb == .gone ? nil : golden
            }
        }
        guard var writer = sink.writer as? FileWriter else { return }
        try writer.restore(
            try newest.values.compactMap { golden in
                guard case .write(let writes) = try sink.plan(golden), let write = writes.first, write.action == .put
                else { return nil }
                return write
            })
        sink.writer = writer
    }
}
