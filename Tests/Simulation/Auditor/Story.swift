import Canonical
import Kafka

extension SimulatedWorld {
    /// All committed records of a key, by the time at which the broker had them: for people who look into a finding.
    package func story(of key: String) -> [String] {
        var lines: [(time: Int64, text: String)] = []
        for log in broker.logs where !log.place.topic.hasPrefix("\(names.prefix).hub") {
            for record in log.history.filter(\.isCommitted).compactMap(\.record) where record.keyText == key {
                let told = ["ce_source", "ce_type", "ce_time", "ce_revision", "ce_position", "omni_reason"]
                    .compactMap { record.header($0) }.joined(separator: " ")
                let value = record.value.map { String(decoding: $0, as: UTF8.self) } ?? "(deleted)"
                lines.append(
                    (record.timestamp ?? 0, "\((record.timestamp ?? 0) - start) \(record.place) \(told) \(value)"))
            }
        }
        return lines.sorted { $0.time < $1.time }.map(\.text)
    }
}
