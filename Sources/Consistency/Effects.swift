public import Canonical

/// What a decision asks to be done, as data. Documents lie one behind the other in ``Effects/bytes``.
public enum Effect: Sendable, Hashable {
    /// Write the golden record.
    case golden(entity: String, key: String, revision: Int64, document: Range<Int>)
    /// Say that every system must delete its copy.
    case erased(entity: String, key: String, revision: Int64)
    /// Say that this customer's members belong to another one now.
    case merged(entity: String, key: String, into: String, revision: Int64)
    /// Write a tombstone over the golden record: nobody holds a copy any more.
    case tombstone(entity: String, key: String)
    /// A system's own number is this entity's; without a key, it is nobody's any more.
    case reference(entity: String, Reference, key: String?)
    /// A reservation as it is decided now. Its key is the reservation's id.
    case decided(reservation: String, revision: Int64, document: Range<Int>)
    /// From now on, this key has something to expire at this time (nil: nothing). Replaces what was said before.
    case due(key: String, at: Tick?)
    /// The event can't be used: a dead letter.
    case rejected(Rejection)
}

/// The effects of one decision or of many, gathered in memory that is reused.
public struct Effects: Sendable {
    /// The effects, in the order in which they must be written.
    public private(set) var list: [Effect] = []
    /// The documents that effects point into.
    public private(set) var bytes: [UInt8] = []

    /// No effects.
    public init() {}

    /// Forgets all and keeps the memory.
    public mutating func reset() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// A document's text.
    public func text(_ document: Range<Int>) -> String { String(decoding: bytes[document], as: UTF8.self) }

    mutating func add(_ effect: Effect) { list.append(effect) }

    /// Lets a document be written behind the others; answers where it lies.
    mutating func document(_ write: (inout [UInt8]) -> Void) -> Range<Int> {
        let start = bytes.count
        write(&bytes)
        return start..<bytes.count
    }
}

/// Why an event can't be used. Says what to do; holds no values (I12).
public struct Rejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of reasons.
    public enum Code: String, Sendable {
        /// The data don't hold what this type of event needs.
        case malformed
        /// There is no such entity, or it takes no such events.
        case unknownType
        /// The record's key isn't its data's key.
        case wrongKey
        /// Older than the ledger reaches: a recount is needed.
        case beyondHorizon
        /// A request so old that whether it was decided is no longer known.
        case forgotten
    }

    /// The kind of reason.
    public let code: Code
    /// The reason in words.
    public let reason: String

    /// The reason in words.
    public var description: String { reason }

    init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}
