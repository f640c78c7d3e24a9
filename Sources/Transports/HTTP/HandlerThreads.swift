/// A server's own threads, on which its handlers' tasks run. Swift's shared ones, one a core, would be lost to all as
/// soon as somebody blocks them; these are lost to this server's handlers alone.
final class HandlerThreads: TaskExecutor {
    private let queue = Monitor(Queue())

    private struct Queue: Sendable {
        var jobs: [UnownedJob] = []
        /// The first of `jobs` that has not been taken: removing from an array's front would move all the others.
        var next = 0
        var isStopping = false

        mutating func take() -> UnownedJob? {
            guard next < jobs.count else { return nil }
            defer { next += 1 }
            return jobs[next]
        }

        mutating func add(_ job: UnownedJob) {
            if next == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                next = 0
            }
            jobs.append(job)
        }
    }

    private enum Turn {
        case run(UnownedJob)
        case end
    }

    init(count: Int) throws(SystemError) {
        for number in 0..<count {
            // Holds itself until it is stopped.
            _ = try NamedThread("http-\(number)") { self.work() }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isAccepted = queue.withLockWakingOne { queue in
            if !queue.isStopping { queue.add(job) }
            return !queue.isStopping
        }
        if !isAccepted { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Ends the threads after what is queued.
    func stop() { queue.withLock { $0.isStopping = true } }

    private func work() {
        while true {
            let turn = queue.wait { queue -> Turn? in
                if let job = queue.take() { return .run(job) }
                return queue.isStopping ? .end : nil
            }
            guard case .run(let job) = turn else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
