import Canonical
import Document
import Kafka

// I7, I4: revisions of a key rise one by one, as each is decided once; a decision about a reservation is made once.

extension Auditor {
    mutating func auditRevisions() {
        for entity in ["product", "stock", "reservation"] {
            for log in broker.logs(of: names.golden(entity: entity)) {
                var last: [String: (epoch: Int64, revision: Int64)] = [:]
                for record in log.history.filter(\.isCommitted).compactMap(\.record) where record.value != nil {
                    verdict.count("golden records")
                    let now = (epoch: record.number("ce_epoch") ?? 0, revision: record.number("ce_revision") ?? -1)
                    let before = last[record.keyText]
                    last[record.keyText] = now
                    guard let before else { continue }
                    verdict.check(
                        "I7", now.epoch == before.epoch,
                        "\(record.place): \(record.keyText) counts from epoch \(now.epoch), then \(before.epoch) was given up"
                    )
                    // A repeated request is answered with the same decision.
                    let rises =
                        entity == "reservation" ? now.revision >= before.revision : now.revision == before.revision + 1
                    verdict.check(
                        "I7", rises,
                        "\(record.place): \(record.keyText) has revision \(now.revision) after \(before.revision)")
                }
            }
        }
    }
}
