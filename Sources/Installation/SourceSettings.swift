public import Document

/// Something that is read from a system.
public struct SourceSettings: Sendable {
    /// Its name in the connector.
    public var name: String
    /// Which connection, and how.
    public var from: From
    /// What the bytes mean, as `Formats` takes it: `csv`, or `{csv: {…}}`. Nil: JSON, or rows.
    public var format: JSON?
    /// Where to begin the first time.
    public var start: Start
    /// The mapping's file, relative to the connector's folder.
    public var map: String
    /// Whether one delivery (file, full comparison) holds everything there is.
    public var delivers: Delivers
    /// The entity whose deletions a complete delivery shows.
    public var of: String?
    /// The members of a record that hold the system's own number, so that a refused record doesn't count as missing.
    public var own: String?
    /// The percentage of all entities that one delivery may show deleted; above it nothing is believed.
    public var deletesAtMost: Int
    /// The members of a record that must differ within one delivery; a repetition is a dead letter.
    public var unique: [String]
    /// How often everything is read again and compared.
    public var compare: Duration?
    /// How often the system is asked.
    public var every: Duration
    /// How many records make a page: what is read, published and acknowledged together.
    public var page: Int
    /// Where it was written.
    public var place: Place?

    /// Which connection, and how it is read.
    public struct From: Sendable {
        /// The connection's name.
        public var connection: String
        /// How it is read.
        public var transport: Transport
    }

    /// How a connection is read.
    public enum Transport: Sendable {
        /// Files that appear in a folder.
        case files(FileReading)
        /// A table's changes, noted by triggers.
        case outbox(OutboxReading)
        /// An HTTP API that is asked again and again, and may give hints by webhooks.
        case poll(PollReading)

        var kind: Connection.KindName? {
            switch self {
            case .files: .folder
            case .outbox: .sqlite
            case .poll: .http
            }
        }
    }

    /// Where a source begins the first time.
    public enum Start: String, Sendable, CaseIterable {
        /// With everything there is.
        case snapshot
        /// With what comes from now on.
        case now
    }

    /// What one delivery holds.
    public enum Delivers: String, Sendable, CaseIterable {
        /// What isn't in it is gone.
        case everything
        /// What isn't in it hasn't changed.
        case changes
    }
}

/// Files that appear in a folder.
public struct FileReading: Sendable, Equatable {
    /// The names read: `*` for any text, `?` for one letter.
    public var pattern: String
    /// A file is read when it hasn't changed for so long.
    public var settled: Duration
}

/// A table's changes, noted by triggers in `omni_outbox`.
public struct OutboxReading: Sendable, Equatable {
    /// The table.
    public var table: String
    /// The columns that name a row.
    public var key: [String]
    /// The columns read; empty: all.
    public var columns: [String]
    /// Further queries, whose first row is added to the record under the query's name. `:column` is the row's value.
    public var with: [Lookup]

    /// How a table's changes are read.
    public init(table: String, key: [String], columns: [String] = [], with: [Lookup] = []) {
        self.table = table
        self.key = key
        self.columns = columns
        self.with = with
    }

    /// A query that adds to the record.
    public struct Lookup: Sendable, Equatable {
        /// The member of the record that holds the row.
        public var name: String
        /// The query.
        public var query: String
    }
}

/// An HTTP API that is asked again and again.
public struct PollReading: Sendable, Equatable {
    /// Path and query of the first page.
    public var path: String
    /// Where in the answer the records are: members, with dots between. Empty: the answer is the list.
    public var items: String
    /// The record's own number: members, with dots between.
    public var id: String
    /// How only what is new is asked for; nil: everything every time.
    public var since: Since?
    /// How the next page is found; nil: there is one page only.
    public var pages: Pages?
    /// Where hints arrive.
    public var webhook: WebhookReading?

    /// How only what is new is asked for.
    public struct Since: Sendable, Equatable {
        /// The query parameter that carries the cursor.
        public var parameter: String
        /// Where a record shows its cursor: the largest one read is asked for next. Empty: the answer's ``answer``.
        public var member: String
        /// Where the answer shows the next cursor.
        public var answer: String
    }

    /// How the next page is found.
    public enum Pages: Sendable, Equatable {
        /// The answer names its URL at these members.
        case next(String)
        /// The `Link` header names it with `rel="next"` (RFC 8288).
        case link
        /// A query parameter counts pages from the first number until a page is empty.
        case number(parameter: String, first: Int)
        /// A query parameter takes the cursor that the answer shows at these members.
        case cursor(parameter: String, member: String)
    }
}

/// Webhooks: hints at what to fetch, or facts.
public struct WebhookReading: Sendable, Equatable {
    /// The path on the listener.
    public var path: String
    /// Where in the body the record's number is: members, with dots between.
    public var id: String
    /// The path at which the record is fetched; `{id}` is its number. Nil: the body's ``record`` is the fact.
    public var fetch: String?
    /// Where in the body the record is, when it is the fact itself. Empty: the body.
    public var record: String
    /// How the system is told to send them; nil: somebody has told it.
    public var register: Registration?

    /// How the system is told where to send webhooks.
    public struct Registration: Sendable, Equatable {
        /// Where to POST.
        public var path: String
        /// What to POST; `{url}` and `{secret}` in its texts are filled in.
        public var body: JSON
        /// How often it is told again: systems switch webhooks off that failed.
        public var every: Duration
    }
}

extension SourceSettings {
    init(_ name: String, _ reader: inout Reader, connections: [String]) {
        self.name = name
        place = reader.here
        let from = reader.one(
            "from", of: connections, "Which connection, and how: `{ <connection>: { … } }`"
        ) { Transport(&$0) }
        self.from = From(
            connection: from?.name ?? "", transport: from?.value ?? .files(FileReading(pattern: "*", settled: .zero)))
        format = reader.format(
            "format",
            "Files: what the bytes mean: `csv`, `json-lines`, `edifact`, or with options `{ csv: { delimiter: \";\" } }`. See Formats."
        )
        start = reader.choice(
            "start", default: .snapshot, "The first time: with everything there is, or with what comes from now on.")
        map = reader.text("map", "The mapping's file, JSONata, in the connector's folder")
        delivers = reader.choice(
            "delivers", default: .changes,
            "One file or full comparison holds everything (what is missing was deleted), or changes only.")
        of = reader.optionalText("of", "The entity whose deletions a complete delivery shows.")
        own = reader.optionalText(
            "own",
            "The members of a record that hold the system's own number (`Art.-Nr.`, or with dots between `data.id`): a record that is refused, or has a cell that can't be read, then doesn't count as missing."
        )
        deletesAtMost = reader.integer(
            "deletes-at-most", default: 50, in: 0...100,
            "The percentage of all entities that one delivery may show deleted; above it, none is believed.")
        unique = reader.texts(
            "unique",
            "The members of a record that must differ within one delivery; what repeats a record that was taken is a dead letter."
        )
        compare = reader.optionalDuration("compare", "How often everything is read again, to find what was missed.")
        every = reader.duration(
            "every", default: "5s", "How often the system is asked. An idle outbox or folder: at most 1s.")
        page = reader.integer(
            "page", default: 2000, in: 1...100_000, "How many records are read, published and acknowledged together.")
        if delivers == .everything, of == nil {
            reader.report("delivers everything: add \"of: <entity>\", so that what is missing can be reported deleted")
        }
    }
}

extension SourceSettings.Transport {
    fileprivate init(_ reader: inout Reader) {
        let kind = reader.oneOf(["files", "outbox", "poll"])
        self = .files(FileReading(pattern: "*", settled: .zero))
        if kind == "files" || reader.journal.describing {
            self = .files(
                FileReading(
                    pattern: reader.text("files", "The names read from a folder: `*` for any text, `?` for a letter"),
                    settled: reader.duration(
                        "settled", default: "1s", "Files: one is read when it hasn't changed for so long.")))
        }
        if kind == "outbox" || reader.journal.describing { self = .outbox(OutboxReading(&reader)) }
        if kind == "poll" || reader.journal.describing { self = .poll(PollReading(&reader)) }
    }
}

extension OutboxReading {
    fileprivate init(_ reader: inout Reader) {
        table = reader.text("outbox", "SQLite: the table whose changes triggers note")
        key = reader.texts("key", required: true, "Outbox: the columns that name a row")
        columns = reader.texts("columns", "Outbox: the columns read. Without it, all.")
        with = reader.queries(
            "with", "Outbox: queries whose first row is added to the record; `:column` is the row's value.")
    }
}

extension PollReading {
    fileprivate init(_ reader: inout Reader) {
        path = reader.text("poll", "HTTP: path and query of the first page")
        items = reader.text(
            "items", default: "",
            "Poll: the members of the answer that hold the records. Without it, the answer itself.")
        id = reader.text("id", default: "id", "Poll: the members of a record that hold its number.")
        since = reader.optionalInner(
            "since", "Poll: how only what is new is asked for. Without it, everything every time."
        ) {
            let since = Since(
                parameter: $0.text("parameter", "The query parameter that carries the cursor"),
                member: $0.text(
                    "member", default: "", "Where a record shows its cursor; the largest is asked for next."),
                answer: $0.text("answer", default: "", "Where the answer shows the next cursor."))
            if since.member.isEmpty == since.answer.isEmpty {
                $0.report("needs one of \"member\", \"answer\": where the next cursor is found")
            }
            return since
        }
        pages = reader.optionalInner("pages", "Poll: how the next page is found. Without it, there is one.") {
            Pages(&$0)
        }
        webhook = reader.optionalInner("webhook", "Poll: webhooks that hint at what to fetch at once, or are facts.") {
            WebhookReading(&$0)
        }
    }
}

extension PollReading.Pages {
    fileprivate init(_ reader: inout Reader) {
        let kind = reader.oneOf(["next", "link", "number", "cursor"])
        self = .link
        if kind == "next" || reader.journal.describing {
            self = .next(reader.text("next", "The members of the answer that hold the next page's URL"))
        }
        if kind == "link" || reader.journal.describing {
            _ = reader.flag("link", default: true, "The `Link` header names the next page (RFC 8288).")
            self = .link
        }
        if kind == "number" || reader.journal.describing {
            self = .number(
                parameter: reader.text("number", "The query parameter that counts pages"),
                first: reader.integer("first", default: 1, in: 0...1, "The first page's number."))
        }
        if kind == "cursor" || reader.journal.describing {
            self = .cursor(
                parameter: reader.text("cursor", "The query parameter that takes the answer's cursor"),
                member: reader.text("member", "The members of the answer that hold the next page's cursor"))
        }
    }
}

extension WebhookReading {
    fileprivate init(_ reader: inout Reader) {
        path = reader.text("path", "The path on the connection's webhook listener")
        id = reader.text("id", default: "id", "The members of the body that hold the record's number.")
        fetch = reader.optionalText("fetch", "The path at which the record is fetched; `{id}` is its number.")
        register = reader.optionalInner("register", "Webhook: how the system is told where to send them.") { reader in
            Registration(
                path: reader.text("path", "Where to POST"),
                body: reader.any(
                    "body", kind: "map", required: true,
                    "What to POST; `{url}` and `{secret}` in its texts are filled in"
                )?.json ?? .null,
                every: reader.duration(
                    "every", default: "5m", "How often it is told again: systems switch webhooks off that failed."))
        }
        let facts = reader.flag("facts", default: false, "The body is a fact by itself, such as an order.")
        record = reader.text("record", default: "", "Facts: the members of the body that hold the record.")
        if facts == (fetch != nil), !reader.journal.describing {
            reader.report("needs one of \"fetch\", \"facts: true\"")
        }
    }
}
