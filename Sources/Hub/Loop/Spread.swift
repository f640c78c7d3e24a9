import Canonical
import Kafka
import Logging

// Over how many partitions keys are spread never changes in place: a key's next record would be decided where nothing is known of it,
// and what was told of it before would stay where nobody tells anything of it any more.

extension TransactionLoop {
    /// Whether a topic has as many partitions as when the hub began. A topic that is gone is waited for, and looked at again.
    func checkSpread(of topic: String) throws {
        guard let known = partitionCounts[topic] else { return }
        let found: Int32?
        do throws(KafkaError) { found = try producer.partitionCount(of: topic, timeout: Patience.look) } catch {
            log.debug("a topic's partitions can't be counted", metadata: ["error": "\(error)"])
            return
        }
        guard let found, found > 0, found != known else { return }
        throw HubError.respread(topic, found, before: known, isInput: domains[topic] != nil)
    }
}

extension TopicNames {
    /// The topics into which a domain's golden records, decisions and numbers are told.
    func outputs(of domain: String, _ model: Model) -> [String] {
        model.entities(of: domain).flatMap { entity in
            [golden(entity: entity.name)] + (entity.engine == .stock ? [] : [identity(entity: entity.name)])
        }
    }
}

extension HubError {
    /// A topic's partitions are others than they were.
    static func respread(_ topic: String, _ now: Int32, before: Int32, isInput: Bool) -> HubError {
        HubError(
            "\(topic) has \(now) partitions, and had \(before): counts never change in place, as keys would leave "
                + (isInput
                    ? "their states. Start over with another 'prefix'"
                    : "what was told of them. Delete it, and make it anew with \(before) ('omni topics --create' takes the number "
                        + "from omni.yaml): all is told again")
        )
    }
}
