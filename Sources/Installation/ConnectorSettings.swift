import Document

/// What a `connector.yaml` says, decoded and checked.
public struct ConnectorSettings: Sendable {
    /// The connector's name: its folder's.
    public var name: String
    /// The connector's folder, where mappings and fixtures lie. Absolute.
    public var folder: String
    /// The system's id in events, rules and references.
    public var system: String
    /// How the system is reached.
    public var connections: [Connection]
    /// What is read from it.
    public var sources: [SourceSettings]
    /// What is written into it.
    public var sinks: [SinkSettings]
    /// What happens when a write fails.
    public var onError: ErrorSettings
    /// What one record's mapping may cost.
    public var mapping: MappingSettings

    /// The connection of that name.
    public func connection(_ name: String) -> Connection? { connections.first { $0.name == name } }
    /// The source of that name.
    public func source(_ name: String) -> SourceSettings? { sources.first { $0.name == name } }
}

/// What happens when a write fails.
public struct ErrorSettings: Sendable, Equatable {
    /// The pause before a failed write is tried again; it doubles each time.
    public var retry: Duration
    /// The pause never gets longer.
    public var longest: Duration
    /// So many parked entities stop the connector: something is wrong with all of them.
    public var mostParked: Int
}

/// What one record's mapping may cost; a record that needs more is a dead letter.
public struct MappingSettings: Sendable, Equatable {
    /// Operations, elements and comparisons.
    public var steps: Int
    /// How deep functions call each other.
    public var depth: Int
    /// What it writes, in MiB.
    public var memory: Int
}

extension ConnectorSettings {
    init(_ reader: inout Reader, name: String, folder: String) {
        self.name = name
        self.folder = folder
        system = reader.text("system", "The system's id in events, rules and references, for example till")
        connections = reader.named("connections", one: "connection", "How the system is reached, by names of your own.")
        {
            Connection($0, &$1, folder: folder)
        }.map(\.value)
        let known = connections.map(\.name)
        sources = reader.named("sources", one: "source", "What is read from the system, by names of your own.") {
            SourceSettings($0, &$1, connections: known)
        }.map(\.value)
        sinks = reader.named("sinks", one: "sink", "What is written into the system, by names of your own.") {
            SinkSettings($0, &$1, connections: known)
        }.map(\.value)
        onError = reader.inner("on-error", "What happens when a write fails.") { reader in
            ErrorSettings(
                retry: reader.duration("retry", default: "1s", "The pause before another try; it doubles each time."),
                longest: reader.duration("longest", default: "5m", "The pause never gets longer."),
                mostParked: reader.integer(
                    "most-parked", default: 1000, in: 1...10_000_000,
                    "So many parked entities pause the sink: something is wrong with all of them."))
        }
        mapping = reader.inner("mapping", "What one record's mapping may cost. One that needs more is a dead letter.") {
            MappingSettings(
                steps: $0.integer(
                    "steps", default: 50_000_000, in: 1000...10_000_000_000,
                    "The most operations, elements and comparisons: about a hundred million take a second or two."),
                depth: $0.integer(
                    "depth", default: 1000, in: 1...10_000,
                    "How deep functions call each other; tail calls don't count."),
                memory: $0.integer("memory", default: 64, in: 1...2048, "What a mapping writes, in MiB."))
        }
        check(reader)
    }

    /// What one section can't see: that names fit together.
    private func check(_ reader: Reader) {
        guard !reader.journal.describing else { return }
        for source in sources {
            check(source.from.connection, source.from.transport.kind, "source", source.name, reader)
        }
        for (place, source) in sources.enumerated() {
            guard case .outbox(let outbox) = source.from.transport else { continue }
            for other in sources[..<place] where other.from.connection == source.from.connection {
                guard case .outbox(let reading) = other.from.transport, reading.table == outbox.table else { continue }
                reader.journal.report(
                    "source \"\(source.name)\": the source \"\(other.name)\" reads the table \"\(outbox.table)\" already, "
                        + "and each change is read once; let one mapping say all of it", at: source.place)
            }
        }
        for (place, sink) in sinks.enumerated() {
            check(sink.to.connection, sink.to.transport.kind, "sink", sink.name, reader)
            if let other = sinks[..<place].first(where: { $0.of == sink.of }) {
                // Else "in sync" would mean the one that reported last (I9).
                reader.journal.report(
                    "sink \"\(sink.name)\": the sink \"\(other.name)\" writes \(sink.of) into this system already, and the "
                        + "hub keeps one copy's state of each system; let one mapping say all of it, or make this "
                        + "another connector, with a system of its own", at: sink.place)
            }
            if let seen = sink.seenBy, source(seen) == nil {
                let help = seen.meant(among: sources.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
                reader.journal.report(
                    "sink \"\(sink.name)\": seen-by names no source: \"\(seen)\"\(help)", at: sink.place)
            }
        }
    }

    private func check(_ name: String, _ kind: Connection.KindName?, _ what: String, _ owner: String, _ reader: Reader)
    {
        guard let connection = connection(name), let kind, connection.kind.name != kind else { return }
        reader.journal.report(
            "\(what) \"\(owner)\": the connection \"\(name)\" is \(connection.kind.name.rawValue), "
                + "and this needs \(kind.rawValue)", at: connection.place)
    }
}

/// How a system is reached.
public struct Connection: Sendable {
    /// Its name in the connector.
    public var name: String
    /// What it is.
    public var kind: Kind
    /// Where it was written.
    public var place: Place?

    /// What a connection is.
    public enum Kind: Sendable {
        /// A SQLite file.
        case sqlite(SQLiteConnection)
        /// An HTTP API.
        case http(HTTPConnection)
        /// A folder of files. Absolute.
        case folder(String)

        var name: KindName {
            switch self {
            case .sqlite: .sqlite
            case .http: .http
            case .folder: .folder
            }
        }
    }

    enum KindName: String { case sqlite, http, folder }
}

/// A SQLite file that the system also uses.
public struct SQLiteConnection: Sendable, Equatable {
    /// The file. Absolute.
    public var path: String
    /// How long to wait for the system's own locks.
    public var busy: Duration
}

/// An HTTP API.
public struct HTTPConnection: Sendable {
    /// What every path begins with, without a slash at the end.
    public var base: String
    /// Sent as `Authorization: Bearer …`.
    public var token: Secret?
    /// Sent with every request.
    public var headers: [(name: String, value: Secret)]
    /// How long an answer may take.
    public var timeout: Duration
    /// Where the system's webhooks arrive.
    public var webhooks: WebhookListener?
}

/// Where a system's webhooks arrive, and how they are proved to be its own.
public struct WebhookListener: Sendable {
    /// `host:port`.
    public var listen: String
    /// What the system calls it by; nil: `http://` and where it listens.
    public var url: String?
    /// The key of the HMAC-SHA256 over the raw body.
    public var secret: Secret
    /// The header with the signature.
    public var header: String
    /// How the signature is written.
    public var encoding: Encoding
    /// What stands before it in the header: `sha256=`.
    public var before: String

    /// How a signature is written.
    public enum Encoding: String, Sendable, CaseIterable { case hex, base64 }
}

extension Connection {
    init(_ name: String, _ reader: inout Reader, folder: String) {
        self.name = name
        place = reader.here
        let kind = reader.oneOf(["sqlite", "http", "folder"])
        self.kind = .folder("")
        if kind == "folder" || reader.journal.describing {
            self.kind = .folder(absolute(reader.text("folder", "A folder of files"), folder))
        }
        if kind == "sqlite" || reader.journal.describing {
            self.kind = .sqlite(
                SQLiteConnection(
                    path: absolute(
                        reader.text("sqlite", "The path of a SQLite file that the system also uses"), folder),
                    busy: reader.duration("busy", default: "5s", "SQLite: how long to wait for the system's locks.")))
        }
        if kind == "http" || reader.journal.describing { self.kind = .http(HTTPConnection(&reader)) }
    }
}

extension HTTPConnection {
    fileprivate init(_ reader: inout Reader) {
        let url = reader.text("http", "The URL that every path begins with")
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        token = reader.secret("token", "HTTP: sent as `Authorization: Bearer …`.")
        headers = reader.secrets("headers", "HTTP: sent with every request.")
        timeout = reader.duration("timeout", default: "10s", "HTTP: how long an answer may take.")
        webhooks = reader.optionalInner("webhooks", "HTTP: where the system's webhooks arrive.") { reader in
            WebhookListener(
                listen: reader.text("listen", "Where to listen: `host:port`"),
                url: reader.optionalText(
                    "url", "The URL by which the system reaches it, when it isn't where it listens."),
                secret: reader.requiredSecret("secret", "The key of the HMAC-SHA256 over the raw body"),
                header: reader.text("header", default: "X-Signature", "The header with the signature."),
                encoding: reader.choice("encoding", default: .hex, "How the signature is written."),
                before: reader.text("before", default: "", "What stands before it in the header: `sha256=`."))
        }
    }
}
