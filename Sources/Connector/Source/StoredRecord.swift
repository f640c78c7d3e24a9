import Canonical
import Document

/// A record as a source read it, copied: what parking keeps and dead letters carry.
struct StoredRecord: Sendable, Equatable {
    /// The record's own name where it came from: row, log position, message number. Never a time.
    var reference: String
    /// When the system says it changed.
    var stamp: Tick
    /// Where the system's change log stood.
    var position: Int64?
    /// The record as JSON, as the mapping takes it.
    var document: [UInt8]
    /// The bytes as they came, where they aren't the document.
    var raw: [UInt8]?

    /// Whether another record is this one, read again. References of records that are polled name the reading, from `@` on.
    func isRepeated(by other: StoredRecord) -> Bool {
        document == other.document
            && (reference == other.reference || reference.contains("@") && stem == other.stem)
    }

    /// Its reference without the reading.
    var stem: Substring { reference.lastIndex(of: "@").map { reference[..<$0] } ?? reference[...] }

    /// For the topic: a JSON object.
    var json: JSON {
        var json: JSON = ["reference": .string(reference)]
        if stamp.isKnown { json["at"] = .number(Number(Int(stamp.milliseconds))) }
        if let position { json["position"] = .number(Number(Int(position))) }
        json["document"] = (try? JSON(parsing: document)) ?? .null
        return json
    }

    /// Reads what ``json`` gives.
    init?(_ json: JSON) {
        guard let reference = json["reference"]?.string, let document = json["document"] else { return nil }
        self.reference = reference
        stamp = json["at"]?.integer.map { Tick(Int64($0)) } ?? .never
        position = json["position"]?.integer.map(Int64.init)
        self.document = document.utf8
    }

    init(reference: String, stamp: Tick = .never, position: Int64? = nil, document: [UInt8], raw: [UInt8]? = nil) {
        self.reference = reference
        self.stamp = stamp
        self.position = position
        self.document = document
        self.raw = raw
    }
}
