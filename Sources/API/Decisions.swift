import Canonical
import Document
import Kafka
import Logging
import Synchronization
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// The reservations that hubs have decided, as they are committed: what requests wait for.
///
/// Reads `omni.reservation`, not this process's own memory: the hub that decides may be another one, and a decision is
/// one only when it is committed.
final class Decisions: Sendable {
    private struct Waiter {
        let continuation: CheckedContinuation<JSON?, Never>
        let deadline: ContinuousClock.Instant
    }

    private struct State {
        var waiting: [ExactText: [Int: Waiter]] = [:]
        var next = 0
        /// The latest decisions, as they came: a store may hear of them a moment later, or lie in another process.
        var recent: [ExactText: [UInt8]] = [:]
        var order: [ExactText] = []
        var oldest = 0

        mutating func remember(_ id: ExactText, _ decision: [UInt8]?) {
            guard let decision else {
                recent[id] = nil
                return
            }
            if recent.updateValue(decision, forKey: id) == nil { order.append(id) }
            while order.count - oldest > Decisions.remembered {
                recent[order[oldest]] = nil
                oldest += 1
            }
            if oldest > Decisions.remembered {
                order.removeFirst(oldest)
                oldest = 0
            }
        }
    }

    /// How many reservations' latest decisions are kept.
    private static let remembered = 10_000

    private let state = Mutex(State())
    private let stopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// Begins to follow the topic from its present end.
    func start(topic: String, _ settings: Settings, log: Logger) throws {
        let ends = try Self.ends(topic, settings, log)
        let follow = settings.merging([
            "group.id": "omni-api", "isolation.level": "read_committed", "auto.offset.reset": "latest",
            "fetch.wait.max.ms": "50",
        ])
        let places = ends.map { $0.key.at($0.value.high) }
        let started = try NamedThread("decisions") { [self] in run(from: places, follow, log) }
        thread.withLock { $0 = started }
    }

    /// Where the topic ends.
    private static func ends(
        _ topic: String, _ settings: Settings, _ log: Logger
    ) throws -> [TopicPartition: Watermarks] {
        let admin = try Admin(settings, log: log)
        let partitions = try admin.topics([topic], timeout: .seconds(5)).flatMap(\.topicPartitions)
        guard !partitions.isEmpty else { throw DecisionsError(topic: topic) }
        return try admin.watermarks(of: partitions, timeout: .seconds(5))
    }

    /// Follows until it is stopped. What breaks is mended here: those who wait hang on this thread.
    private func run(from start: [TopicPartitionOffset], _ settings: Settings, _ log: Logger) {
        var places = Dictionary(uniqueKeysWithValues: start.map { ($0.partition, $0.offset) })
        while !stopping.load(ordering: .relaxed) {
            do {
                let consumer = try Consumer(settings, log: log)
                try consumer.assign(places.map { $0.key.at($0.value) })
                try read(consumer, &places, log)
                try consumer.close()
            } catch {
                log.error("decisions can't be followed; trying again", metadata: ["error": "\(error)"])
                giveUpOverdue()
                usleep(200_000)
            }
        }
    }

    /// Stops following; whoever waits gets nothing.
    func stop() {
        stopping.store(true, ordering: .relaxed)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        let left = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap(\.values)
        }
        for waiter in left { waiter.continuation.resume(returning: nil) }
    }

    private func read(
        _ consumer: Consumer, _ places: inout [TopicPartition: Int64], _ log: Logger
    ) throws {
        while !stopping.load(ordering: .relaxed) {
            do {
                let positions = try consumer.poll(max: 1_000, timeout: .milliseconds(100)) { batch in
                    batch.forEach { record in
                        guard let key = record.key else { return }
                        let id = ExactText(key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
                        var decision: [UInt8]?
                        if let value = record.value { decision = value.withUnsafeBytes { Array($0) } }
                        tell(id, decision)
                    }
                    return batch.positions()
                }
                for place in positions { places[place.partition] = place.offset }
            } catch let error as KafkaError where error.isRetriable {
                log.debug("following decisions", metadata: ["error": "\(error)"])
            }
            giveUpOverdue()
        }
    }

    /// Ends the waits whose time is up. Here, not by a timer: those run on threads that all of the process shares.
    private func giveUpOverdue() {
        let now = ContinuousClock.now
        let overdue = state.withLock { state in
            var overdue: [Waiter] = []
            for (id, waiters) in state.waiting where waiters.values.contains(where: { $0.deadline <= now }) {
                overdue += waiters.values.filter { $0.deadline <= now }
                let left = waiters.filter { $0.value.deadline > now }
                state.waiting[id] = left.isEmpty ? nil : left
            }
            return overdue
        }
        for waiter in overdue { waiter.continuation.resume(returning: nil) }
    }

    private func tell(_ id: ExactText, _ bytes: [UInt8]?) {
        let waiters = state.withLock { state in
            state.remember(id, bytes)
            return bytes == nil ? nil : state.waiting.removeValue(forKey: id)
        }
        guard let waiters, let bytes, let decision = try? JSON(parsing: bytes) else { return }
        for waiter in waiters.values { waiter.continuation.resume(returning: decision) }
    }

    /// The latest decision that was heard of, as long as it is remembered.
    func latest(_ id: String) -> JSON? {
        state.withLock { $0.recent[ExactText(id)] }.flatMap { try? JSON(parsing: $0) }
    }

    /// Waits for the next decision on a reservation; `begin` runs once the wait is registered, so no decision that it
    /// causes is missed. Nil when the time is up.
    ///
    /// - Parameter begin: may know the answer already; then nobody waits.
    func next(
        on id: String, within timeout: Duration, _ begin: @Sendable () throws -> JSON? = { nil }
    ) async throws -> JSON? {
        let id = ExactText(id)
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let failure = Mutex<(any Error)?>(nil)
        let deadline = ContinuousClock.now + timeout
        let decision = await withCheckedContinuation { (continuation: CheckedContinuation<JSON?, Never>) in
            let waiter = Waiter(continuation: continuation, deadline: deadline)
            state.withLock { $0.waiting[id, default: [:]][number] = waiter }
            do {
                if let known = try begin() { giveUp(id, number, known) }
            } catch {
                failure.withLock { $0 = error }
                giveUp(id, number)
            }
            if timeout <= .zero || stopping.load(ordering: .relaxed) { giveUp(id, number) }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return decision
    }

    private func giveUp(_ id: ExactText, _ number: Int, _ answer: JSON? = nil) {
        let waiter = state.withLock { state in
            let waiter = state.waiting[id]?.removeValue(forKey: number)
            if state.waiting[id]?.isEmpty == true { state.waiting[id] = nil }
            return waiter
        }
        waiter?.continuation.resume(returning: answer)
    }
}

struct DecisionsError: Error, CustomStringConvertible {
    let topic: String
    var description: String { "there is no topic \(topic): create the topics with 'omni topics --create'" }
}
