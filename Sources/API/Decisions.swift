import Document
import Kafka
import Logging
import Synchronization
import Transports

/// The reservations that hubs have decided, as they are committed: what requests wait for.
///
/// Reads `omni.reservation`, not this process's own memory: the hub that decides may be another one, and a decision is
/// one only when it is committed.
final class Decisions: Sendable {
    private struct State {
        var waiting: [String: [Int: CheckedContinuation<JSON?, Never>]] = [:]
        var next = 0
    }

    private let state = Mutex(State())
    private let stopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// Begins to follow the topic from its present end.
    func start(topic: String, _ settings: Settings, log: Logger) throws {
        let partitions = try Admin(settings, log: log).topics([topic], timeout: .seconds(30)).flatMap(\.topicPartitions)
        guard !partitions.isEmpty else { throw DecisionsError(topic: topic) }
        let ends = try Admin(settings, log: log).watermarks(of: partitions, timeout: .seconds(30))
        let follow = settings.merging([
            "group.id": "omni-api", "isolation.level": "read_committed", "auto.offset.reset": "latest",
            "fetch.wait.max.ms": "50",
        ])
        let started = try NamedThread("decisions") { [self] in
            do {
                let consumer = try Consumer(follow, log: log)
                try consumer.assign(ends.map { $0.key.at($0.value.high) })
                try read(consumer, log)
                try consumer.close()
            } catch {
                log.error("decisions can't be followed", metadata: ["topic": "\(topic)", "error": "\(error)"])
            }
        }
        thread.withLock { $0 = started }
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
        for waiter in left { waiter.resume(returning: nil) }
    }

    private func read(_ consumer: Consumer, _ log: Logger) throws {
        while !stopping.load(ordering: .relaxed) {
            do {
                try consumer.poll(max: 1_000, timeout: .milliseconds(100)) { batch in
                    batch.forEach { record in
                        guard let key = record.key, let value = record.value else { return }
                        let id = key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                        tell(id, value.withUnsafeBytes { Array($0) })
                    }
                }
            } catch let error as KafkaError where error.isRetriable {
                log.debug("following decisions", metadata: ["error": "\(error)"])
            }
        }
    }

    private func tell(_ id: String, _ bytes: [UInt8]) {
        let waiters = state.withLock { $0.waiting.removeValue(forKey: id) }
        guard let waiters, let decision = try? JSON(parsing: bytes) else { return }
        for waiter in waiters.values { waiter.resume(returning: decision) }
    }

    /// Waits for the next decision on a reservation; `begin` runs once the wait is registered, so no decision that it
    /// causes is missed. Nil when the time is up.
    func next(
        on id: String, within timeout: Duration, _ begin: @Sendable () throws -> Void = {}
    ) async throws -> JSON? {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let failure = Mutex<(any Error)?>(nil)
        let alarm = Task {
            try await Task.sleep(for: timeout)
            giveUp(id, number)
        }
        let decision = await withCheckedContinuation { (continuation: CheckedContinuation<JSON?, Never>) in
            state.withLock { $0.waiting[id, default: [:]][number] = continuation }
            do {
                try begin()
            } catch {
                failure.withLock { $0 = error }
                giveUp(id, number)
            }
            if stopping.load(ordering: .relaxed) { giveUp(id, number) }
        }
        alarm.cancel()
        if let error = failure.withLock({ $0 }) { throw error }
        return decision
    }

    private func giveUp(_ id: String, _ number: Int) {
        let waiter = state.withLock { state in
            let waiter = state.waiting[id]?.removeValue(forKey: number)
            if state.waiting[id]?.isEmpty == true { state.waiting[id] = nil }
            return waiter
        }
        waiter?.resume(returning: nil)
    }
}

struct DecisionsError: Error, CustomStringConvertible {
    let topic: String
    var description: String { "there is no topic \(topic): create the topics with 'omni topics --create'" }
}
