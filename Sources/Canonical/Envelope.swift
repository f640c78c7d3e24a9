#if canImport(Glibc)
    import Glibc
#endif

/// An event's attributes: CloudEvents 1.0 in the binary mode of its Kafka binding, with our extensions.
///
/// Data and key stay with the record. `docs/contracts.md` tells what each header means.
public struct Envelope: Sendable, Hashable {
    /// `ce_id`: stable, see ``EventID``.
    public var id: String
    /// `ce_source`.
    public var source: EventSource
    /// `ce_type`.
    public var type: EventType
    /// `ce_subject`: the entity's key.
    public var subject: String
    /// `ce_time`: when the system says it happened; ``Tick/never`` when it doesn't say.
    public var time = Tick.never
    /// `ce_dataschema`, such as `urn:omni:product:1`.
    public var dataSchema: String?
    /// `ce_position`: where the system's own change log stood.
    public var position: Int64?
    /// `ce_self`: the system's own number for the entity.
    public var selfID: String?
    /// `ce_dormant`: the record stands there and isn't in use. So it says what a copy holds, and brings back none that is gone.
    public var isDormant = false
    /// `ce_revision`: the golden record's revision.
    public var revision: Int64?
    /// `ce_epoch`: what the revision is counted from. Of two revisions the one of the later epoch is newer; nil is 0.
    public var epoch: Int64?
    /// `ce_rules`: the version of the rules that made a golden record.
    public var rules: String?
    /// `ce_notafter`: the hub refuses a request after this.
    public var notAfter: Tick?
    /// `traceparent` (W3C Trace Context), passed on.
    public var traceparent: String?

    /// The attributes that every event has.
    public init(id: String, source: EventSource, type: EventType, subject: String) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
    }

    /// The schema's major version, from `urn:omni:<kind>:<major>`.
    public var schemaMajor: Int? {
        guard var dataSchema else { return nil }
        return dataSchema.withUTF8 { SchemaName.major(of: $0) }
    }
}

/// Why headers are no event: which header, and what is wrong. Values are not quoted (I12).
public struct EnvelopeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The header's name.
    public let header: String
    /// What is wrong with it.
    public let reason: String

    /// `header 'ce_type': reason`.
    public var description: String { "header '\(header)': \(reason)" }

    init(_ header: String, _ reason: String) {
        self.header = header
        self.reason = reason
    }
}

// MARK: Reading

extension Envelope {
    /// Gathers headers one by one, as a Kafka client lends them, and makes an envelope of them.
    ///
    /// ```swift
    /// var reader = Envelope.Reader()
    /// for header in record.headers { reader.add(header.name, header.value) }
    /// let envelope = try reader.envelope()
    /// ```
    ///
    /// A *brief* reader makes no texts of what few need: its envelopes have an empty ``Envelope/id`` and no
    /// ``Envelope/traceparent``. What its repetitions are known by is ``identity``, and ``trace`` holds the bytes.
    public struct Reader {
        private let isBrief: Bool
        private var id: String?
        /// The ``stableHash(_:)-(String)`` of `ce_id`; nil when the reader isn't brief, or there is none.
        public private(set) var identity: UInt64?
        /// `traceparent`; empty when the reader isn't brief, when there is none, or it is longer than any can be.
        public private(set) var trace: [UInt8] = []
        /// W3C's has 55 bytes; a later version may have more.
        private static let longestTrace = 256
        private var source: EventSource?
        private var type: EventType?
        private var subject: String?
        private var time = Tick.never
        private var schema: SchemaName?
        private var position: Int64?
        private var selfID: String?
        private var isDormant: Bool?
        private var revision: Int64?
        private var epoch: Int64?
        private var rules: String?
        private var notAfter: Tick?
        private var traceparent: String?
        private var hasVersion = false
        private var hasContentType = false
        private var failure: EnvelopeError?
        // The same few texts come again and again.
        private var types = Repeated<EventType>()
        private var sources = Repeated<EventSource>()
        private var schemas = Repeated<SchemaName>()

        /// No headers yet.
        ///
        /// - Parameter isBrief: whether the id and the trace become no texts.
        public init(isBrief: Bool = false) { self.isBrief = isBrief }

        /// Forgets the headers. What was read already is recognised sooner when it comes again.
        public mutating func reset() {
            id = nil
            identity = nil
            trace.removeAll(keepingCapacity: true)
            source = nil
            type = nil
            subject = nil
            time = .never
            schema = nil
            position = nil
            selfID = nil
            isDormant = nil
            revision = nil
            epoch = nil
            rules = nil
            notAfter = nil
            traceparent = nil
            hasVersion = false
            hasContentType = false
            failure = nil
        }

        /// Takes one header; the bytes are read during the call only. Unknown headers are skipped.
        public mutating func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
            switch name.count {
            case 5 where name.is("ce_id"):
                if isBrief {
                    let isText = !value.isEmpty && (value.isASCII || Self.text(value) != nil)
                    identity = checked(isText ? stableHash(value) : nil, "ce_id", Self.wanted, current: identity)
                } else {
                    id = text(value, "ce_id", current: id)
                }
            case 7 where name.is("ce_type"):
                type = checked(
                    types.find(value) { EventType($0) }, "ce_type", "must be omni.<kind>.<verb>", current: type)
            case 7 where name.is("ce_time"):
                let read = time.isKnown ? time : nil
                time = parsed(value, "ce_time", Self.time, current: read) { Tick(rfc3339: $0) } ?? .never
            case 7 where name.is("ce_self"): selfID = text(value, "ce_self", current: selfID)
            case 8 where name.is("ce_epoch"):
                epoch = parsed(value, "ce_epoch", "must be an integer", current: epoch) { Int64(utf8: $0) }
            case 8 where name.is("ce_rules"): rules = text(value, "ce_rules", current: rules)
            case 9 where name.is("ce_source"):
                source = checked(
                    sources.find(value) { EventSource($0) }, "ce_source", "must be /<system>/<source>", current: source)
            case 10 where name.is("ce_dormant"):
                isDormant = parsed(value, "ce_dormant", "must be true or false", current: isDormant) {
                    $0.is("true") ? true : $0.is("false") ? false : nil
                }
            case 10 where name.is("ce_subject"): subject = text(value, "ce_subject", current: subject)
            case 11 where name.is("ce_position"):
                position = parsed(value, "ce_position", "must be an integer", current: position) { Int64(utf8: $0) }
            case 11 where name.is("ce_revision"):
                revision = parsed(value, "ce_revision", "must be an integer", current: revision) { Int64(utf8: $0) }
            case 11 where name.is("ce_notafter"):
                notAfter = parsed(value, "ce_notafter", Self.time, current: notAfter) { Tick(rfc3339: $0) }
            case 11 where name.is("traceparent"):
                guard isBrief else {
                    traceparent = String(decoding: value, as: UTF8.self)
                    break
                }
                trace.removeAll(keepingCapacity: true)
                if value.count <= Self.longestTrace { trace.append(contentsOf: value) }
            case 12 where name.is("content-type"):
                hasContentType = value.begins("application/json")
                if !hasContentType { fail("content-type", "must be application/json") }
            case 13 where name.is("ce_dataschema"):
                schema = checked(
                    schemas.find(value) { text in Self.text(text).map { SchemaName($0, text) } }, "ce_dataschema",
                    Self.wanted, current: schema)
                if !value.begins("urn:omni:") { fail("ce_dataschema", "must be urn:omni:<kind>:<major>") }
            case 14 where name.is("ce_specversion"):
                hasVersion = value.is("1.0")
                if !hasVersion { fail("ce_specversion", "must be 1.0") }
            default: break
            }
        }

        private static let wanted = "must be text in UTF-8, not empty"
        private static let time = "must be an RFC 3339 date and time with an offset"

        /// The envelope. Call once, after all headers.
        public func envelope() throws(EnvelopeError) -> Envelope {
            if let failure { throw failure }
            guard hasVersion else { throw EnvelopeError("ce_specversion", "is missing") }
            guard let id = id ?? (identity != nil ? "" : nil) else { throw EnvelopeError("ce_id", "is missing") }
            guard let source else { throw EnvelopeError("ce_source", "is missing") }
            guard let type else { throw EnvelopeError("ce_type", "is missing") }
            guard let subject else { throw EnvelopeError("ce_subject", "is missing") }
            guard hasContentType else { throw EnvelopeError("content-type", "is missing") }
            // Deletions, erasures and reports carry no entity of their own.
            switch type.verb {
            case .stated, .requested, .released, .golden, .decided:
                guard let schema else { throw EnvelopeError("ce_dataschema", "is missing") }
                guard schema.kind == type.dataKind else {
                    throw EnvelopeError("ce_dataschema", "names another kind than ce_type does")
                }
            case .deleted, .written, .erased, .merged: break
            }
            var envelope = Envelope(id: id, source: source, type: type, subject: subject)
            envelope.time = time
            envelope.dataSchema = schema?.text
            envelope.position = position
            envelope.selfID = selfID
            envelope.isDormant = isDormant ?? false
            envelope.revision = revision
            envelope.epoch = epoch
            envelope.rules = rules
            envelope.notAfter = notAfter
            envelope.traceparent = traceparent
            return envelope
        }

        private mutating func text(
            _ value: UnsafeBufferPointer<UInt8>, _ name: String, current: String?
        ) -> String? {
            parsed(value, name, Self.wanted, current: current) { Self.text($0) }
        }

        private static func text(_ value: UnsafeBufferPointer<UInt8>) -> String? {
            if value.isEmpty { return nil }
            return value.isASCII ? String(decoding: value, as: UTF8.self) : String(validating: value, as: UTF8.self)
        }

        private mutating func parsed<Value>(
            _ value: UnsafeBufferPointer<UInt8>, _ name: String, _ expected: String, current: Value?,
            _ parse: (UnsafeBufferPointer<UInt8>) -> Value?
        ) -> Value? {
            checked(parse(value), name, expected, current: current)
        }

        private mutating func checked<Value>(
            _ read: Value?, _ name: String, _ expected: String, current: Value?
        ) -> Value? {
            if current != nil { fail(name, "stands twice") }
            guard let read else {
                fail(name, expected)
                return nil
            }
            return read
        }

        private mutating func fail(_ name: String, _ reason: String) {
            failure = failure ?? EnvelopeError(name, reason)
        }
    }

    /// Reads an event's headers, given as text.
    public init(headers: some Sequence<(String, String)>) throws(EnvelopeError) {
        var reader = Reader()
        for (name, value) in headers {
            var (name, value) = (name, value)
            name.withUTF8 { name in value.withUTF8 { reader.add(name, $0) } }
        }
        self = try reader.envelope()
    }

    /// Reads an event's headers, asking for each by its name.
    public init(lookup: (String) -> String?) throws(EnvelopeError) {
        try self.init(headers: Self.names.compactMap { name in lookup(name).map { (name, $0) } })
    }

    /// The names of all headers that an event may carry.
    public static let names = [
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema", "content-type",
        "ce_position", "ce_self", "ce_dormant", "ce_revision", "ce_epoch", "ce_rules", "ce_notafter", "traceparent",
    ]
}

// MARK: Writing

extension Envelope {
    /// The headers, in the order of ``names``.
    public var headers: [(name: String, text: String)] {
        var headers: [(name: String, text: String)] = []
        headers.reserveCapacity(Self.names.count)
        headers.append(("ce_specversion", "1.0"))
        headers.append(("ce_id", id))
        headers.append(("ce_source", source.description))
        headers.append(("ce_type", type.description))
        headers.append(("ce_subject", subject))
        if time.isKnown { headers.append(("ce_time", time.rfc3339)) }
        if let dataSchema { headers.append(("ce_dataschema", dataSchema)) }
        headers.append(("content-type", "application/json"))
        if let position { headers.append(("ce_position", String(position))) }
        if let selfID { headers.append(("ce_self", selfID)) }
        if isDormant { headers.append(("ce_dormant", "true")) }
        if let revision { headers.append(("ce_revision", String(revision))) }
        if let epoch { headers.append(("ce_epoch", String(epoch))) }
        if let rules { headers.append(("ce_rules", rules)) }
        if let notAfter { headers.append(("ce_notafter", notAfter.rfc3339)) }
        if let traceparent { headers.append(("traceparent", traceparent)) }
        return headers
    }
}

/// What was made of the texts that came last.
private struct Repeated<Value> {
    private var known: [(text: [UInt8], value: Value)] = []
    private static var most: Int { 16 }

    mutating func find(
        _ text: UnsafeBufferPointer<UInt8>, _ make: (UnsafeBufferPointer<UInt8>) -> Value?
    ) -> Value? {
        for index in known.indices where known[index].text.withUnsafeBufferPointer({ text.isSame($0) }) {
            return known[index].value
        }
        guard let value = make(text) else { return nil }
        if known.count == Self.most { known.removeFirst() }
        known.append((Array(text), value))
        return value
    }
}

/// `ce_dataschema`, taken apart.
private struct SchemaName {
    let text: String
    /// Empty when it isn't `urn:omni:<kind>:…`.
    let kind: String

    init(_ text: String, _ utf8: UnsafeBufferPointer<UInt8>) {
        self.text = text
        let rest = utf8.dropFirst(9)
        let colon = rest.firstIndex(of: UInt8(ascii: ":"))
        kind = colon.map { String(decoding: rest[..<$0], as: UTF8.self) } ?? ""
    }

    /// What stands behind the last colon, if it is a number.
    static func major(of utf8: UnsafeBufferPointer<UInt8>) -> Int? {
        var colon = utf8.count - 1
        while colon >= 0, utf8[colon] != UInt8(ascii: ":") { colon -= 1 }
        guard colon >= 0 else { return nil }
        let digits = UnsafeBufferPointer(rebasing: utf8[(colon + 1)...])
        if digits.count == 1, digits[0] &- 48 < 10 { return Int(digits[0] - 48) }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func `is`(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && begins(text) }

    fileprivate func begins(_ text: StaticString) -> Bool {
        guard let baseAddress, count >= text.utf8CodeUnitCount else { return false }
        return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    fileprivate func isSame(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let baseAddress, let start = other.baseAddress, count > 0 else { return count == other.count }
        return count == other.count && memcmp(baseAddress, start, count) == 0
    }

    /// Eight bytes at a time.
    fileprivate var isASCII: Bool {
        guard let start = UnsafeRawPointer(baseAddress) else { return true }
        var all: UInt64 = 0
        var at = 0
        while at + 8 <= count {
            all |= start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < count {
            all |= UInt64(self[at])
            at += 1
        }
        return all & 0x8080_8080_8080_8080 == 0
    }
}

extension Int64 {
    /// Reads decimal digits with an optional minus.
    fileprivate init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        self.init(String(decoding: text, as: UTF8.self))
    }
}
