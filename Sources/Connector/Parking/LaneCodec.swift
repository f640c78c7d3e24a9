import Digests
import Document

extension Lanes.Waiting {
    /// The record as `omni.parked.<connector>` holds it.
    var json: JSON {
        [
            "number": .number(Number(Int(number))), "record": record.json,
            "entities": .array(entities.map(JSON.string)), "missing": .array(missing.map(JSON.string)),
            "reason": .string(
                missing.isEmpty
                    ? "waits behind others of the same entity"
                    : "waits for " + missing.joined(separator: ", ").prefix(500)),
        ]
    }

    /// Reads what ``json`` gives; nil when it is something else.
    init?(name: String, _ json: JSON) {
        guard let number = json["number"]?.integer, number >= 0, let record = json["record"].flatMap(StoredRecord.init)
        else { return nil }
        self.init(
            name: name, number: UInt64(number), record: record,
            entities: json["entities"]?.array?.compactMap(\.string) ?? [],
            missing: json["missing"]?.array?.compactMap(\.string) ?? [])
    }
}

extension StoredRecord {
    /// What it is called where it waits: where it came from, and a digest of what it says. Whoever reads the same calls it the same.
    var name: String {
        let stem = stem
        let digest = Hex.encode(Array(SHA256.digest(Array(stem.utf8) + [0] + document).prefix(8)))
        // As long a part as people can read.
        return "\(stem.prefix(200))#\(digest)"
    }
}
