/// What a record became.
struct Translation {
    /// The events, in the order of the mapping's items. None: the record was filtered.
    var events: [OutgoingEvent] = []
    /// The entities it touches, with keys as far as they are known.
    var touched: [Thing] = []
    /// The references it uses: `<entity>/<system>:<id>`.
    var references: [String] = []
    /// Those of them that are unknown: the record must wait.
    var missing: [String] = []
    /// The system's own numbers in it.
    var owns: [Thing] = []
    /// Those of them that the system says it no longer has.
    var deleted: [Thing] = []

    /// An entity by its key, or by the system's own number.
    struct Thing {
        /// `product`.
        let entity: String
        let id: String

        /// `<entity>/<id>`.
        var name: String { "\(entity)/\(id)" }
    }

    /// The entities it touches: `<kind's entity>/<key>`.
    var entities: [String] { touched.map(\.name) }
}
