import Canonical
import Digests
import Document
import Kafka

/// The head office: it says which systems sell what, by events of its own, as any Kafka client may.
final class Desk {
    private let outlet: ConnectorOutlet
    private let names: TopicNames
    private var count = 0

    init(_ broker: SimulatedBroker, _ names: TopicNames) {
        let process = SimulatedProcess("desk", machine: MachineClock(broker.scheduler.clock))
        outlet = ConnectorOutlet(broker, process) { _ in }
        self.names = names
    }

    func assort(_ gtin: String, _ systems: [String]) {
        count += 1
        let source = EventSource(system: "importer", name: "desk")
        var envelope = Envelope(
            id: EventID.make(source: source.description, reference: "assortment/\(count)", index: 0).description,
            source: source, type: EventType("product", .stated), subject: gtin)
        envelope.dataSchema = "urn:omni:product:1"
        let data: JSON = ["gtin": .string(gtin), "assortment": .array(systems.map(JSON.string))]
        // The desk never dies: a call that fails is a defect of the simulation.
        do {
            try outlet.produce(
                to: names.input(domain: "product"), partition: nil, key: gtin.utf8.span.bytes,
                value: data.utf8.span.bytes, headers: Headers(envelope.headers), timestamp: nil, token: 1)
        } catch {
            outlet.poll(timeout: .zero)
        }
    }
}
