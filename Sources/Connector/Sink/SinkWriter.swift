package import Document

/// One thing to be written into a system.
package struct Write: Sendable, Equatable {
    /// The entity's key.
    package var key: String
    /// The golden record's revision.
    package var revision: Int64
    /// What it is counted from: of two epochs the later one is newer.
    package var epoch: Int64 = 0
    /// The system's own number, when it is known.
    package var own: String?
    /// The document as the mapping gave it, in JSON; `null` when there is none (an erased entity).
    package var bytes: [UInt8]
    /// What is to be done.
    package var action: Action
    /// The same for every try: creations carry it. Empty for files and tables.
    package var idempotency: String
    /// The fields that the golden record speaks of, in JSON; empty where nothing is read back.
    package var fields: [UInt8] = []

    package init(
        key: String, revision: Int64, epoch: Int64 = 0, own: String?, bytes: [UInt8], action: Action,
        idempotency: String
    ) {
        self.key = key
        self.revision = revision
        self.epoch = epoch
        self.own = own
        self.bytes = bytes
        self.action = action
        self.idempotency = idempotency
    }

    package init(
        key: String, revision: Int64, epoch: Int64 = 0, own: String?, document: JSON, action: Action,
        idempotency: String
    ) {
        self.init(
            key: key, revision: revision, epoch: epoch, own: own, bytes: document.utf8, action: action,
            idempotency: idempotency)
    }

    /// The document, read anew each time: for systems that take longer than that.
    package var document: JSON { (try? JSON(parsing: bytes)) ?? .null }

    package enum Action: Sendable, Equatable {
        /// The system holds it as the document says.
        case put
        /// The system no longer has it.
        case delete
    }
}

/// What became of one write.
package struct Written: Sendable, Equatable {
    package var status: Status
    /// The system's own number, when it has one.
    package var own: String?
    /// The record as it was read back, in the form in which the source delivers it. Nil: it can't be read back.
    package var readBack: JSON?
    /// Where the system's change log stood when it was written.
    package var position: Int64?
    /// It was known under this number, and somebody has deleted it there.
    package var isVanished = false
    /// The write has created it: all that it holds came with the write.
    package var isNew = false
    /// What processes before wrote there and may not have reported, oldest first.
    package var earlier: [Earlier] = []

    /// A write of a process before.
    package struct Earlier: Sendable, Equatable {
        /// The golden record's revision.
        package var revision: Int64
        /// The system's own number.
        package var own: String?
        /// The record as it was read back then.
        package var readBack: JSON
        /// Where the system's change log stood.
        package var position: Int64
        /// Whether it had created the record.
        package var isNew: Bool
        /// The fields that the golden record spoke of, in JSON.
        package var fields: [UInt8]

        package init(
            revision: Int64, own: String?, readBack: JSON, position: Int64, isNew: Bool, fields: [UInt8]
        ) {
            self.revision = revision
            self.own = own
            self.readBack = readBack
            self.position = position
            self.isNew = isNew
            self.fields = fields
        }
    }

    package enum Status: Sendable, Equatable {
        /// Written.
        case written
        /// It already held that.
        case unchanged
        /// It doesn't have it (any more).
        case absent
        /// A newer revision has been written already: nothing to say.
        case outdated
        /// The system refuses this record; why, without data.
        case refused(String)
    }

    /// Somebody has deleted what was known under this number.
    package init(vanished own: String) {
        self.init(.absent, own: own)
        isVanished = true
    }

    /// Whether it says what the system holds now: it was neither refused, nor found to be gone, nor older than what is there.
    package var tellsOfWrite: Bool {
        switch status {
        case .refused, .outdated: false
        case .written, .unchanged, .absent: !isVanished
        }
    }

    package init(
        _ status: Status, own: String? = nil, readBack: JSON? = nil, position: Int64? = nil
    ) {
        self.status = status
        self.own = own
        self.readBack = readBack
        self.position = position
    }
}

/// How records get into a system. One thread owns it.
package protocol SinkWriter {
    /// Whether it finds what it wrote of an entity by the entity's key alone, so that it can delete it without a document.
    var findsByKey: Bool { get }

    /// Whether a source reads a log of all that changes there. Then that tells of every deletion, in its place, and nobody else needs
    /// to; and what a batch wrote is kept there until the next one.
    var isLogged: Bool { get }

    /// Reads what a batch is about to change, so that it can be noted before it is written; the writes that follow hold only
    /// as long as the system still holds that.
    ///
    /// - Returns: for each write the record as the system holds it; nil where it has none, or isn't looked at.
    /// - Throws: ``SystemFailure`` when the system can't be asked now.
    mutating func look(at writes: [Write]) throws -> [JSON?]

    /// Writes a batch in its order, and reads back. Writing the same again changes nothing.
    ///
    /// - Returns: as many results as there are writes.
    /// - Throws: ``SystemFailure`` when the system can't take anything now; all is repeated then.
    mutating func write(_ writes: [Write]) throws -> [Written]

    /// What was written of an entity and may not be reported, oldest first, asked where nothing of it is written now: no write comes
    /// with whose outcome it would be told.
    ///
    /// - Throws: ``SystemFailure`` when the system can't be asked now.
    mutating func unreported(of key: String, with epoch: Int64, _ revision: Int64) throws -> [Written.Earlier]

    /// Everything that a process before may have written is written again, and reported: what it left behind is done with.
    mutating func settle()
}

extension SinkWriter {
    package mutating func settle() {}

    package mutating func unreported(of key: String, with epoch: Int64, _ revision: Int64) throws -> [Written.Earlier] {
        []
    }

    package var findsByKey: Bool { false }

    package var isLogged: Bool { false }

    package mutating func look(at writes: [Write]) throws -> [JSON?] { writes.map { _ in nil } }
}
