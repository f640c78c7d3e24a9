import CLinux
import CRdKafka
import Glibc

/// Rings when something comes into an empty queue, and is waited for on the monotonic clock.
///
/// librdkafka 2.0 waits for its queues until a time of the day (`cnd_timedwait`, always `CLOCK_REALTIME`): a wait that was under way when the
/// clock was set back would last longer by as much. So no consumer waits for its queue: the queue writes here, and poll(2) waits.
final class Doorbell {
    private let descriptor: Int32

    init() throws(KafkaError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw KafkaError(
                .init(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE), operation: "create consumer",
                message: "eventfd: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// From now on the queue rings. Ends before the bell does: ``leave(_:)``.
    func hang(at queue: OpaquePointer) {
        var one: UInt64 = 1
        rd_kafka_queue_io_event_enable(queue, descriptor, &one, MemoryLayout.size(ofValue: one))
    }

    /// The queue rings no more once this has returned.
    func leave(_ queue: OpaquePointer) { rd_kafka_queue_io_event_enable(queue, -1, nil, 0) }

    /// Waits until it rings, or the time is up. Look into the queue then: it may have rung for what was taken since, and it rings
    /// again only after the queue was found empty.
    func wait(milliseconds: Int32) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, milliseconds) > 0 else { return }
        var count: UInt64 = 0
        read(descriptor, &count, MemoryLayout.size(ofValue: count))
    }
}
