import CRdKafka
import Logging

/// What a consumer's owner does when the group hands partitions out or takes them back. The hooks run inside
/// ``Consumer/poll(max:timeout:_:)`` and ``Consumer/close()``, on the thread that calls them. Hooks may commit,
/// seek and ask for positions, which are those of the batches handed out; they must not poll. A hook that throws stops
/// the consumer: that poll and every later one throw its error.
public struct RebalanceHooks {
    /// Partitions come. Returns where to start; a partition not returned starts at its committed offset.
    public var assigned: ([TopicPartition]) throws -> [TopicPartitionOffset]
    /// Partitions go, but are still this member's own until the hook returns: commit or abort what concerns them.
    public var revoked: ([TopicPartition]) throws -> Void
    /// Partitions are gone: others may work on them already. Abort and drop; a commit would be refused.
    public var lost: ([TopicPartition]) throws -> Void

    /// Hooks; by default partitions start at their committed offsets, and nothing happens when they go.
    public init(
        assigned: @escaping ([TopicPartition]) throws -> [TopicPartitionOffset] = { _ in [] },
        revoked: @escaping ([TopicPartition]) throws -> Void = { _ in },
        lost: @escaping ([TopicPartition]) throws -> Void = { _ in }
    ) {
        self.assigned = assigned
        self.revoked = revoked
        self.lost = lost
    }
}

/// What the group's coordinator asks of a member.
enum Rebalance {
    case assign([TopicPartition])
    case revoke([TopicPartition])
    case failed(KafkaError)
}

/// Keeps rebalances until the batch read that they came in has returned: librdkafka waits for the answer, so until
/// then the records read are still of partitions that are ours. Used on the consumer's thread only.
final class ConsumerContext: ClientContext, @unchecked Sendable {
    private var raised: [Rebalance] = []
    /// While closing there is no batch read, and the answer is due at once.
    var answer: ((Rebalance) -> Void)?
    /// The queue being read, woken so that hooks don't wait for its timeout.
    var queue: OpaquePointer?

    var hasRaised: Bool { !raised.isEmpty }

    func takeRaised() -> [Rebalance] {
        guard !raised.isEmpty else { return [] }
        defer { raised = [] }
        return raised
    }

    private func raise(_ rebalance: Rebalance) {
        if let answer { return answer(rebalance) }
        raised.append(rebalance)
        if let queue { rd_kafka_queue_yield(queue) }
    }

    static func installRebalance(in configuration: OpaquePointer) {
        installErrors(in: configuration)
        rd_kafka_conf_set_rebalance_cb(configuration) { _, code, list, opaque in
            let partitions = PartitionEntry.read(list).map(\.partition)
            let context = ClientContext.of(opaque, as: ConsumerContext.self)
            switch code {
            case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: context.raise(.assign(partitions))
            case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: context.raise(.revoke(partitions))
            default: context.raise(.failed(KafkaError(code, "rebalance")))
            }
        }
        rd_kafka_conf_set_offset_commit_cb(configuration) { _, code, _, opaque in
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET else { return }
            ClientContext.of(opaque, as: ConsumerContext.self).say(
                "offsets were not committed", at: .warning, metadata: ["code": "\(KafkaError.Code(code).name)"])
        }
    }
}
