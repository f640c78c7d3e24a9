import Kafka
import Synchronization

/// What was said on one ticket and is not acknowledged yet: counted, not listed.
///
/// Each record on its way holds the account by its token, so it lives as long as the last of them.
final class Account: Sendable {
    private let pending = Atomic(0)
    private let first = Mutex<KafkaError?>(nil)

    /// Counts a record that is about to be handed over; its token.
    func begin() -> UInt64 {
        pending.wrappingAdd(1, ordering: .relaxed)
        return UInt64(UInt(bitPattern: Unmanaged.passRetained(self).toOpaque()))
    }

    /// Takes back the count of a record that was not taken.
    func cancel() {
        pending.wrappingSubtract(1, ordering: .relaxed)
        Unmanaged.passUnretained(self).release()
    }

    /// The account of a token, whose record is delivered or lost.
    static func end(_ token: UInt64, _ error: KafkaError?) {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(token)) else { return }
        let account = Unmanaged<Account>.fromOpaque(pointer).takeRetainedValue()
        if let error { account.first.withLock { $0 = $0 ?? error } }
        // Whoever sees the count sees the failure, too.
        account.pending.wrappingSubtract(1, ordering: .releasing)
    }

    /// Whether nothing is on its way any more.
    var isSettled: Bool { pending.load(ordering: .acquiring) == 0 }

    /// Why the first that was lost was lost; nil: none was.
    var failure: KafkaError? { first.withLock { $0 } }
}
