public import Document

/// Something that is written into a system.
public struct SinkSettings: Sendable {
    /// Its name in the connector.
    public var name: String
    /// The entity whose golden records are written; `reservation` for decisions.
    public var of: String
    /// Which records the system has (JSONata, on the golden document). One that leaves is deleted there. Nil: all.
    public var filter: String?
    /// The mapping's file, relative to the connector's folder.
    public var map: String
    /// Which connection, and how.
    public var to: To
    /// The source whose mapping translates the record read back into what the system holds.
    public var seenBy: String?
    /// What a deletion does.
    public var delete: Deletion
    /// How much is written together.
    public var batch: BatchSettings
    /// Where it was written.
    public var place: Place?

    /// Which connection, and how it is written.
    public struct To: Sendable {
        /// The connection's name.
        public var connection: String
        /// How it is written.
        public var transport: Transport
    }

    /// How a connection is written.
    public enum Transport: Sendable {
        /// Rows of a table.
        case table(TableWriting)
        /// Resources of an HTTP API.
        case resource(ResourceWriting)
        /// One file with all records, replaced whole.
        case file(FileWriting)

        var kind: Connection.KindName? {
            switch self {
            case .file: .folder
            case .table: .sqlite
            case .resource: .http
            }
        }
    }

    /// What a deletion does.
    public enum Deletion: Sendable, Equatable {
        /// The record goes.
        case remove
        /// The record stays, with these fields set.
        case set(JSON)
        /// Nothing: the system keeps its copy.
        case keep
    }
}

/// How much is written together.
public struct BatchSettings: Sendable, Equatable {
    /// At most so many records.
    public var records: Int
    /// Waiting at most so long for more.
    public var wait: Duration
}

/// Rows of a table.
public struct TableWriting: Sendable, Equatable {
    /// The table.
    public var table: String
    /// The columns that name a row; the mapping gives them.
    public var key: [String]
    /// The column with the system's own number. Nil: none besides the key.
    public var own: String?
}

/// Resources of an HTTP API.
public struct ResourceWriting: Sendable, Equatable {
    /// The path that creates: `/api/products`. Nil: nothing is ever created.
    public var create: String?
    /// The path of one record: `/api/products/{id}`; `{id}` is its own number, other names are members of the document.
    public var one: String
    /// The method that updates.
    public var update: Method
    /// The path that finds a record by its natural key: `/api/products?gtin={gtin}`. Looked up before every creation.
    public var find: String?
    /// Where in that answer the records are: members, with dots between.
    public var found: String
    /// Where in a record its own number is. Empty: the record has none.
    public var id: String
    /// Where in an answer to a write the record is. Empty: the answer is the record.
    public var answer: String
    /// Whether the record is read by GET after the write. Otherwise the write's answer shows it.
    public var readBack: Bool
    /// Whether the record is read before it is mapped, as the mapping's `$record`.
    public var readFirst: Bool
    /// Whether updates carry `If-Match` with the ETag read before.
    public var ifMatch: Bool
    /// The header that carries the idempotency key of a creation.
    public var idempotency: String?

    /// The method that updates.
    public enum Method: String, Sendable, CaseIterable {
        case put, patch, post
    }
}

/// One file with all records.
public struct FileWriting: Sendable, Equatable {
    /// Its name in the folder.
    public var file: String
    /// What the bytes mean, as `Formats` takes it.
    public var format: JSON

    /// A file in a folder.
    public init(file: String, format: JSON) {
        self.file = file
        self.format = format
    }
}

extension SinkSettings {
    init(_ name: String, _ reader: inout Reader, connections: [String]) {
        self.name = name
        place = reader.here
        of = reader.text("of", "The entity whose golden records are written; `reservation` for decisions")
        filter = reader.optionalText(
            "where", "Which records the system has: JSONata on the golden document. One that leaves is deleted there.")
        map = reader.text("map", "The mapping's file, JSONata, in the connector's folder")
        let to = reader.one("to", of: connections, "Which connection, and how: `{ <connection>: { … } }`") {
            Transport(&$0)
        }
        self.to = To(
            connection: to?.name ?? "", transport: to?.value ?? .file(FileWriting(file: "", format: .null)))
        seenBy = reader.optionalText(
            "seen-by", "The source whose mapping translates the record read back into what the system holds.")
        delete = Deletion(
            reader.any("delete", kind: "remove, keep, or { set: { … } }", "What a deletion does."), reader)
        batch = reader.inner("batch", "How much is written together.") { reader in
            BatchSettings(
                records: reader.integer(
                    "records", default: 1000, in: 1...10_000,
                    "At most so many records. A file is replaced once a batch: there, more is better."),
                wait: reader.duration(
                    "wait", default: "0ms",
                    "Waiting at most so long for more than has come: larger batches, later copies."))
        }
    }
}

extension SinkSettings.Deletion {
    fileprivate init(_ setting: Setting?, _ reader: Reader) {
        switch setting?.json {
        case nil, "remove": self = .remove
        case "keep": self = .keep
        case .object(let members)? where members.count == 1 && members[0].key == "set": self = .set(members[0].value)
        default:
            reader.report("delete takes remove, keep, or { set: { … } }", key: "delete")
            self = .keep
        }
    }
}

extension SinkSettings.Transport {
    fileprivate init(_ reader: inout Reader) {
        let kind = reader.oneOf(["upsert", "resource", "file"])
        self = .file(FileWriting(file: "", format: .null))
        if kind == "upsert" || reader.journal.describing {
            self = .table(
                TableWriting(
                    table: reader.text("upsert", "SQLite: the table written"),
                    key: reader.texts("key", required: true, "Upsert: the columns that name a row"),
                    own: reader.optionalText("own", "Upsert: the column with the system's own number.")))
        }
        if kind == "resource" || reader.journal.describing { self = .resource(ResourceWriting(&reader)) }
        if kind == "file" || reader.journal.describing {
            self = .file(
                FileWriting(
                    file: reader.text("file", "Folder: the name of the file with all records, replaced whole"),
                    format: reader.format(
                        "format", required: true, "File: what the bytes mean, as in sources") ?? .null))
        }
    }
}

extension ResourceWriting {
    fileprivate init(_ reader: inout Reader) {
        one = reader.text(
            "resource", "HTTP: the path of one record; `{id}` is its own number, `{name}` a member of the document")
        create = reader.optionalText(
            "create", "Resource: the path that creates by POST. Without it, nothing is created.")
        update = reader.choice("update", default: .put, "Resource: the method that updates.")
        find = reader.optionalText(
            "find", "Resource: path and query that find a record by its natural key; asked before every creation.")
        found = reader.text("found", default: "", "Resource: the members of that answer that hold the records.")
        id = reader.text("id", default: "id", "Resource: the members of a record that hold its own number.")
        answer = reader.text("answer", default: "", "Resource: the members of a write's answer that hold the record.")
        readBack = reader.flag(
            "read-back", default: false,
            "Resource: read the record by GET after the write, instead of trusting the answer.")
        readFirst = reader.flag(
            "read-first", default: false,
            "Resource: read the record before mapping; the mapping, which then runs a second time, sees it as `$record`."
        )
        ifMatch = reader.flag("if-match", default: false, "Resource: send `If-Match` with the ETag read before.")
        idempotency = reader.optionalText("idempotency", "Resource: the header with a creation's idempotency key.")
        if create != nil, find == nil, idempotency == nil, !reader.journal.describing {
            reader.report(
                "creates without \"find\" or \"idempotency\": a write whose answer is lost would make a twin; add one")
        }
    }
}
