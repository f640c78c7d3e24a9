public import Canonical
public import Document

/// One event for the engine: what a record of `omni.in.<domain>` says, checked against its schema already.
public struct Event {
    /// The event's attributes.
    public var envelope: Envelope
    /// When it came to the broker: stamps in the future are clamped to this.
    public var arrival: Tick
    /// Where it stands, to explain by.
    public var origin: Origin
    /// The data. The node's tape must stay as it is until the decision is made.
    public var data: Node
    private let known: UInt64?

    /// An event.
    ///
    /// - Parameter identity: its id's ``stableHash(_:)-(String)``, where the envelope doesn't hold the id.
    public init(
        _ envelope: Envelope, arrival: Tick, origin: Origin, data: Node, identity: UInt64? = nil
    ) {
        known = identity
        self.envelope = envelope
        self.arrival = arrival
        self.origin = origin
        self.data = data
    }

    /// What its repetitions are known by.
    var identity: UInt64 { known ?? stableHash(envelope.id) }

    /// When it happened, never later than it came; ``Tick/never`` when the system didn't say.
    var stamp: Tick { min(envelope.time, arrival) }
}

/// Where a record stands in its domain's input topic.
public struct Origin: Sendable, Hashable, BitwiseCopyable, CustomStringConvertible {
    /// The partition.
    public let partition: Int32
    /// The offset.
    public let offset: Int64

    /// A place.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// `[3]@5531`.
    public var description: String { "[\(partition)]@\(offset)" }
}
