import Canonical

/// An event on its way to the hub.
struct OutgoingEvent: Sendable, Equatable {
    /// Where it goes.
    var topic: String
    /// The entity's key.
    var key: String
    /// Its attributes.
    var envelope: Envelope
    /// Its data, JSON.
    var data: [UInt8]
}
