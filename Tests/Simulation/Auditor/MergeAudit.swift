import Canonical
import Document
import Kafka

// I3, I6, I8: golden records are what the systems' statements make them, and nothing but news makes a revision.

extension Auditor {
    mutating func auditMerge() {
        var merges: [String: NaiveMerge] = [:]
        for record in committed(names.input(domain: "product")) { take(record, &merges) }
        let golden = table(names.golden(entity: "product"))
        verdict.check(
            "I3", Set(golden.keys) == Set(merges.keys),
            "golden are \(golden.keys.sorted()), said are \(merges.keys.sorted())")
        for (key, merge) in merges.sorted(by: { $0.key < $1.key }) {
            guard let document = golden[key]?.json else { continue }
            compare(key, document, merge)
        }
        auditNews(merges)
    }

    private mutating func take(_ record: MadeRecord, _ merges: inout [String: NaiveMerge]) {
        let fate = record.header(Vandal.header)
        guard fate != Vandal.Fate.dead.rawValue, fate != Vandal.Fate.early.rawValue, let data = record.json,
            let system = record.header("ce_source")?.split(separator: "/").first.map(String.init)
        else { return }
        let key = record.keyText
        let place = Partitioner.partition(
            key: key.utf8.span.bytes, count: Int32(broker.logs(of: record.place.topic).count))
        // Under the wrong key, or in the wrong place: it is there again.
        guard data["gtin"]?.string ?? key == key, place == record.place.partition.partition else { return }
        let arrival = record.timestamp ?? 0
        if record.header("ce_type") == "omni.product.written" {
            merges[key]?.report(system, data["held"] ?? .null)
        } else {
            let stamp = record.header("ce_time").flatMap { Tick(rfc3339: $0) }?.milliseconds
            merges[key, default: NaiveMerge()].state(system, data, stamp: stamp, arrival: arrival)
        }
    }

    private mutating func compare(_ key: String, _ document: JSON, _ merge: NaiveMerge) {
        let expected = merge.golden
        verdict.count("fields", expected.count)
        for (field, value) in expected.sorted(by: { $0.key < $1.key }) where document[field] != value {
            verdict.add("I3", "\(key) \(field) is \(document[field]?.text ?? "absent"), not \(value.text)")
        }
        for member in document.object ?? [] where expected[member.key] == nil && !merge.open.contains(member.key) {
            verdict.add("I8", "\(key) \(member.key) is \(member.value.text): nobody has said that")
        }
    }

    /// A record that is sent again unchanged corrects somebody's edit. Echoes are none.
    private mutating func auditNews(_ merges: [String: NaiveMerge]) {
        var again: [String: Int] = [:]
        var last: [String: JSON] = [:]
        for record in committed(names.golden(entity: "product")) {
            guard let document = record.json else { continue }
            if last[record.keyText] == document { again[record.keyText, default: 0] += 1 }
            last[record.keyText] = document
        }
        for (key, count) in again.sorted(by: { $0.key < $1.key }) {
            verdict.check(
                "I6", count <= merges[key]?.edits ?? 0,
                "\(key) was sent again \(count) times, for \(merges[key]?.edits ?? 0) edits")
        }
    }
}
