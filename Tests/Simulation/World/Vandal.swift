import Canonical
import Document
import Kafka

/// Anybody may write into the hub's input: what can't be used, what lies under the wrong key, what is of another time.
package final class Vandal {
    /// What ought to become of a record that the vandal has written, said in a header that nobody reads but the auditor.
    package enum Fate: String { case dead, stray, early }

    static let header = "sim_fate"
    static let system = "stranger"
    private let broker: SimulatedBroker
    private let names: TopicNames
    private var count = 0

    init(_ broker: SimulatedBroker, _ names: TopicNames) {
        self.broker = broker
        self.names = names
    }

    func act(_ gtin: String) {
        count += 1
        let random = broker.scheduler.random
        var record = statement(gtin, random)
        let fate: Fate
        switch random.below(8) {
        case 0:
            record.value = Array("{\"gtin\":".utf8)
            fate = .dead
        case 1:
            record.value = nil
            fate = .dead
        case 2:
            record.headers.removeAll { $0.name == "ce_type" }
            record.headers.append(("ce_type", "omni.nonsense.stated"))
            fate = .dead
        case 3:
            record.value = Array("{\"gtin\":\"\(gtin)\",\"price\":\"dear\"}".utf8)
            fate = .dead
        case 4:
            record.key = "elsewhere-\(count)"
            fate = .stray
        case 5:
            // Under the right key, in the wrong partition, where there is another one.
            let logs = broker.logs(of: record.topic)
            guard logs.count > 1, let right = broker.place(of: record) else { return }
            record.partition = (right.partition + 1) % Int32(logs.count)
            fate = .stray
        case 6:
            record.headers.removeAll { $0.name == "ce_dataschema" }
            record.headers.append(("ce_dataschema", "urn:omni:product:2"))
            // A key of its own: what comes for it waits for ever.
            record = early(record)
            fate = .early
        default:
            record.key = nil
            fate = .dead
        }
        record.headers.append((Self.header, fate.rawValue))
        broker.append(record)
    }

    private func statement(_ gtin: String, _ random: Randomness) -> OutgoingRecord {
        SimulatedEvent.make(
            EventType("product", .stated), key: gtin, from: Self.system, id: "stranger/\(count)",
            data: ["gtin": .string(gtin), "category": .string("c\(random.below(3))")],
            topic: names.input(domain: "product"), at: broker.now)
    }

    private func early(_ record: OutgoingRecord) -> OutgoingRecord {
        let gtin = SimulatedModel.gtin(900 + count % 3)
        var record = record
        record.key = gtin
        record.value = Array("{\"gtin\":\"\(gtin)\",\"new\":1}".utf8)
        record.headers.removeAll { $0.name == "ce_subject" }
        record.headers.append(("ce_subject", gtin))
        return record
    }
}

extension SimulatedBroker {
    /// Where a record's key puts it.
    func place(of record: OutgoingRecord) -> TopicPartition? {
        let made = record.made
        return withExtendedLifetime(made) { place(record.topic, nil, made.key)?.place }
    }
}
