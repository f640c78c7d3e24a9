import Document

extension Lanes.Lane {
    /// The lane as `omni.parked.<connector>` holds it.
    var json: JSON {
        [
            "waiting": .array(
                waiting.map { waiting in
                    [
                        "number": .number(Number(Int(waiting.number))), "record": waiting.record.json,
                        "entities": .array(waiting.entities.map(JSON.string)),
                        "missing": .array(waiting.missing.map(JSON.string)),
                    ]
                }),
            "reason": .string(
                "waits for " + (waiting.first?.missing.joined(separator: ", ") ?? "").prefix(500)),
        ]
    }

    /// Reads what ``json`` gives; nil when it is something else.
    init?(name: String, _ json: JSON) {
        var waiting: [Lanes.Waiting] = []
        for element in json["waiting"]?.array ?? [] {
            guard let number = element["number"]?.integer, let record = element["record"].flatMap(StoredRecord.init)
            else { return nil }
            waiting.append(
                Lanes.Waiting(
                    number: UInt64(number), record: record,
                    entities: element["entities"]?.array?.compactMap(\.string) ?? [],
                    missing: element["missing"]?.array?.compactMap(\.string) ?? []))
        }
        guard !waiting.isEmpty else { return nil }
        self.init(name: name, waiting: waiting)
    }
}
