/// What happened to what: `omni.<kind>.<verb>`, for example `omni.product.stated`.
public struct EventType: Sendable, Hashable, CustomStringConvertible {
    /// The kind of data: an entity, or one of stock's kinds (`count`, `movement`, `hold`).
    public let kind: String
    /// What happened to it.
    public let verb: Verb

    /// What can happen.
    public enum Verb: String, Sendable, CaseIterable {
        /// A system holds this.
        case stated
        /// A system no longer has it.
        case deleted
        /// A sink's report of a write.
        case written
        /// Somebody asks for a hold.
        case requested
        /// A hold is given up.
        case released
        /// The hub's golden record.
        case golden
        /// Every system must delete its copy.
        case erased
        /// Two customers were found to be one; this key's members belong to the other one.
        case merged
        /// The hub has decided a reservation.
        case decided
    }

    /// A type.
    public init(_ kind: String, _ verb: Verb) {
        self.kind = kind
        self.verb = verb
    }

    /// Reads `omni.<kind>.<verb>`; nil when it is anything else.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let type = text.withUTF8({ EventType($0) }) else { return nil }
        self = type
    }

    /// Reads `omni.<kind>.<verb>` from UTF-8; nil when it is anything else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 7, text.starts(with: "omni.".utf8),
            let dot = text.lastIndex(of: UInt8(ascii: ".")), dot > 5
        else { return nil }
        let kind = text[5..<dot]
        guard kind.allSatisfy({ ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: "-") }),
            let verb = Verb(rawValue: String(decoding: text[(dot + 1)...], as: UTF8.self))
        else { return nil }
        self.init(String(decoding: kind, as: UTF8.self), verb)
    }

    /// The kind whose schema the data follows: the event's own, but `release` for a hold that is released.
    public var dataKind: String { kind == "hold" && verb == .released ? "release" : kind }

    /// The event type that a mapping's item of that kind becomes: `hold` is requested, `release` releases a hold, all
    /// others are stated.
    public static func item(_ kind: String, deleted: Bool = false) -> EventType {
        switch kind {
        case "hold": EventType("hold", .requested)
        case "release": EventType("hold", .released)
        default: EventType(kind, deleted ? .deleted : .stated)
        }
    }

    /// The text.
    public var description: String { "omni.\(kind).\(verb.rawValue)" }
}

/// Where an event comes from: `/<system>/<source>`, or `/hub`.
public struct EventSource: Sendable, Hashable, CustomStringConvertible {
    /// The system; `hub` for the hub's own events.
    public let system: String
    /// The connector's source (or sink, in its reports); empty for the hub.
    public let name: String

    /// A source.
    public init(system: String, name: String = "") {
        self.system = system
        self.name = name
    }

    /// The hub.
    public static let hub = EventSource(system: "hub")

    /// Reads `/<system>/<source>` or `/<system>`; nil when it is anything else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 1, text[0] == UInt8(ascii: "/") else { return nil }
        let rest = text[1...]
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        guard slash > 1 else { return nil }
        system = String(decoding: rest[..<slash], as: UTF8.self)
        name = slash < rest.endIndex ? String(decoding: rest[(slash + 1)...], as: UTF8.self) : ""
    }

    /// Reads `/<system>/<source>` or `/<system>`; nil when it is anything else.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let source = text.withUTF8({ EventSource($0) }) else { return nil }
        self = source
    }

    /// The text.
    public var description: String { name.isEmpty ? "/\(system)" : "/\(system)/\(name)" }
}
