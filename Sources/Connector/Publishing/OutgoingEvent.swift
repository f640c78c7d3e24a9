import Canonical

/// An event on its way to the hub.
struct OutgoingEvent: Sendable {
    /// Where it goes.
    var topic: String
    /// The entity's key.
    var key: String
    /// Its attributes.
    var envelope: Envelope
    /// Its data, JSON.
    var data: [UInt8]
    /// What the attributes' texts are, where they were made once for many events.
    var said: Said?

    /// Attributes that all events of one kind share, as they are written.
    struct Said: Sendable {
        let source: String
        let type: String
    }
}
