package import Canonical
package import Document

/// One record, lent by the transport for the time of a call.
package struct ReadRecord {
    /// The record's own name where it came from: row, log position, message number. Never a time.
    package var reference: String
    /// When the system says it changed; unknown: the mapping may know.
    package var stamp = Tick.never
    /// Where the system's change log stood, when it has one.
    package var position: Int64?
    /// Where the record stood, for people: `prices.csv, line 7`.
    package var place: Place?
    /// The record, or why it can't be read.
    package var content: Content
    /// The bytes as they came, where they lie; nil when the record is its JSON.
    package var raw: UnsafeRawBufferPointer?
    /// The complete delivery that it belongs to.
    package var delivery: String?

    package init(
        reference: String, stamp: Tick = .never, position: Int64? = nil, place: Place? = nil, content: Content,
        raw: UnsafeRawBufferPointer? = nil, delivery: String? = nil
    ) {
        self.reference = reference
        self.stamp = stamp
        self.position = position
        self.place = place
        self.content = content
        self.raw = raw
        self.delivery = delivery
    }

    /// A place in words, which are put together when somebody asks.
    package enum Place: CustomStringConvertible {
        case words(String)
        case line(Int, file: String)

        package var description: String {
            switch self {
            case .words(let words): words
            case .line(let line, let file): "\(file), line \(line)"
            }
        }
    }

    package enum Content {
        /// A document, on the tape that was lent with it.
        case document
        /// The format refused it: a dead letter. What could be read of it all the same lies on the tape.
        case unreadable(String)
        /// It is there, and its bytes can't be had: a dead letter with a note in their place.
        case unread(String)
        /// The system no longer has the entity with this number.
        case gone(own: String)
    }
}

/// What one read brought, after its records were handed over.
package struct PageEnd: Equatable {
    /// Where to go on: written to `omni.position.<connector>` once everything is acknowledged. Nil: as before.
    package var position: JSON?
    /// How many records there were.
    package var records = 0
    /// There is nothing more for now.
    package var isIdle = false
    /// The name of the complete delivery that these records belong to; nil: changes only.
    package var delivery: String?
    /// The complete delivery ends here, and could be read to its end.
    package var endsDelivery = false
    /// The complete delivery took several looks at a system that goes on meanwhile: a record that moved from one to
    /// another may be in none of them.
    package var isPatchwork = false

    package init(
        position: JSON? = nil, records: Int = 0, isIdle: Bool = false, delivery: String? = nil,
        endsDelivery: Bool = false, isPatchwork: Bool = false
    ) {
        self.position = position
        self.records = records
        self.isIdle = isIdle
        self.delivery = delivery
        self.endsDelivery = endsDelivery
        self.isPatchwork = isPatchwork
    }
}

/// How a source's records come out of a system. One thread owns it.
package protocol SourceTransport {
    /// Reads the next records and hands each over, with the tape its document lies on.
    ///
    /// - Throws: ``SystemFailure`` when the system can't be read now; other errors end the source.
    mutating func read(
        from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd

    /// Tells the system that everything up to the end of the last read is safe.
    mutating func acknowledge() throws

    /// Hears which copies the connector itself has written since the last read, by the system's own numbers.
    mutating func hear(ofWrites numbers: Set<String>)

    /// Forgets the last read: it failed, or what it brought could not be published. The next one begins at the position
    /// that it is given.
    mutating func rewind()

    /// Waits until there may be something to read.
    mutating func wait(_ stop: StopSignal) throws
}

extension SourceTransport {
    package mutating func acknowledge() throws {}
    package mutating func hear(ofWrites numbers: Set<String>) {}
}

/// The system can't be reached, is locked, is full, or answers that it is out of order: pause, and try again (nothing is
/// lost, nothing is a dead letter).
package struct SystemFailure: Error, CustomStringConvertible {
    /// What happened, without data.
    package let description: String
    /// How long the system asks to be left alone; nil: it doesn't say.
    package let pause: Duration?

    package init(_ description: String, pause: Duration? = nil) {
        self.description = description
        self.pause = pause
    }
}
