/// A writer whose system is handed all records together, whenever one changes.
package protocol WholeWriter: SinkWriter {
    /// Takes up what the golden topic holds, and writes it if the system doesn't have it so. What is held back keeps what was
    /// shown of it (I9).
    ///
    /// - Parameters:
    ///   - most: with so many refused, something is wrong with all of them: the system keeps what it has.
    ///   - found: hands over every record in its order; of one key the last one counts. One that the system doesn't have is
    ///     a deletion.
    /// - Throws: ``SystemFailure``.
    mutating func restore(most: Int, _ found: ((FoundRecord) throws -> Void) throws -> Void) throws -> Restored

    /// Whether the system may have been handed one of these before, or something newer of it. True where nobody knows.
    func mayShow(_ records: [ShownRecord]) -> Bool
}

extension WholeWriter {
    package var findsByKey: Bool { true }
}

/// What the process before may have handed over.
package struct ShownRecord: Sendable {
    let key: String
    let epoch: Int64
    let revision: Int64
    /// Whether it was to be shown no longer.
    let isGone: Bool
}

/// A record of the golden topic, at a start.
package struct FoundRecord {
    let golden: Golden
    let fate: Fate

    enum Fate {
        /// What the system is to hold of it, or that it isn't to have it.
        case write(Write)
        /// It can't be mapped; why, without data.
        case refused(String)
        /// It needs a number that isn't known.
        case waiting(String)
    }
}

/// What came of taking up the golden topic.
package struct Restored {
    /// How many records are as the topic has them.
    var mapped = 0
    /// The records that are held back: all that wait, and of those that are refused no more than are believed.
    private(set) var held: [Golden] = []
    /// How many are refused.
    private(set) var refused = 0
    /// How many are held back, for either reason.
    private(set) var withheld = 0
    /// How many are held back, and nothing is shown of them.
    private(set) var bare = 0
    /// The first that is refused: where it stands, and why.
    private(set) var first: (place: String, reason: String)?
    /// Why it isn't known what was shown; nil: it is.
    var nothingKept: String?
    /// Whether so many are refused that the system keeps what it has.
    var isTooMuch = false
    /// What the system held, and holds now, in bytes; nil: nothing.
    var size: (before: Int?, now: Int?) = (nil, nil)

    mutating func hold(_ golden: Golden, _ reason: String, isWaiting: Bool, isShown: Bool, most: Int) {
        withheld += 1
        if !isShown { bare += 1 }
        if !isWaiting {
            refused += 1
            if first == nil { first = (golden.place.description, reason) }
        }
        if isWaiting || refused <= most { held.append(golden) }
    }
}
