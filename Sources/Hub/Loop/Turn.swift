import Canonical
import Kafka

/// All that one turn of the loop has decided: states, outputs and positions, which one transaction commits (I4).
///
/// The loop fills it; then it belongs to the commit, until that has an outcome. Everything lies in one arena, which lasts
/// as long: producers may read it there.
final class Turn: @unchecked Sendable {
    let overlay = Overlay()
    /// Golden records, decisions, numbers: in the order in which they were decided.
    var outputs: [Output] = []
    /// Dead letters, and records that are written again under the right key.
    var letters: [Letter] = []
    /// What has been read, to be committed with the rest.
    var positions: [TopicPartitionOffset] = []
    /// The member that read it.
    var group: ConsumerGroupMetadata?
    /// The time of all its decisions.
    var now = Tick.never
    /// When it began to decide.
    var began: HubClock.Reading?

    var isEmpty: Bool { positions.isEmpty && overlay.entries.isEmpty && outputs.isEmpty && letters.isEmpty }

    func reset() {
        overlay.reset()
        outputs.removeAll(keepingCapacity: true)
        letters.removeAll(keepingCapacity: true)
        positions = []
        group = nil
    }

    /// A record for a topic of entities; its bytes lie in the turn's arena.
    struct Output {
        enum Kind: Int, CaseIterable {
            case golden, decided, erased, merged, tombstone, reference

            /// What the event says has happened; nil where the record is no event.
            var verb: EventType.Verb? {
                switch self {
                case .golden: .golden
                case .decided: .decided
                case .erased: .erased
                case .merged: .merged
                case .tombstone, .reference: nil
                }
            }
        }

        let kind: Kind
        /// Which of the entities.
        let entity: Int
        let key: UnsafeRawBufferPointer
        /// Nil: the record is a deletion.
        let value: UnsafeRawBufferPointer?
        var revision: Int64 = 0
        var epoch: Int64 = 0
        var traceparent: UnsafeRawBufferPointer?
    }

    /// A record that came in and goes out again.
    struct Letter {
        let topic: String
        let key: [UInt8]?
        let value: [UInt8]?
        var headers: [(name: String, value: [UInt8]?)]
    }
}
