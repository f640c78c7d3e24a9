import Canonical
import Kafka

extension SimulatedBroker {
    /// All committed records of a key, and those whose values speak of it, by the time at which the broker had them: for people who look into a finding.
    func story(of key: String, _ names: TopicNames, since start: Int64) -> [String] {
        var lines: [(time: Int64, text: String)] = []
        for log in logs where !log.place.topic.hasPrefix("\(names.prefix).hub") {
            for record in log.history.filter(\.isCommitted).compactMap(\.record) {
                let value = record.value.map { String(decoding: $0, as: UTF8.self) } ?? "(deleted)"
                guard record.keyText == key || value.contains("\"\(key)\"") else { continue }
                let told = ["ce_source", "ce_type", "ce_time", "ce_revision", "ce_position", "omni_reason"]
                    .compactMap { record.header($0) }.joined(separator: " ")
                lines.append(
                    (
                        record.timestamp ?? 0,
                        "\((record.timestamp ?? 0) - start) \(record.place) \(record.keyText) \(told) \(value)"
                    ))
            }
        }
        return lines.sorted { $0.time < $1.time }.map(\.text)
    }
}

extension SimulatedWorld {
    func story(of key: String) -> [String] { broker.story(of: key, names, since: start) }
}

extension House {
    func story(of key: String) -> [String] { broker.story(of: key, plan.names, since: start) }
}
