import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// Something that is carried out beside the loop.
package protocol CourierJob: AnyObject, Sendable {
    func run()
}

/// Who carries out one commit after the other, beside the loop that decides.
package protocol Courier: AnyObject {
    /// Carries out a job; there is never more than one under way.
    func carry(_ job: any CourierJob)
    /// Waits until no job is under way.
    func wait()
    /// Whether a job has ended when ``carry(_:)`` returns.
    var isImmediate: Bool { get }
}

/// Carries each job out at once, on the loop's own thread: in simulations, where one thread is all there is.
package final class ImmediateCourier: Courier {
    package init() {}

    package func carry(_ job: any CourierJob) { job.run() }
    package func wait() {}
    package var isImmediate: Bool { true }
}

/// A thread of its own.
final class CourierThread: Courier {
    private let shared = Shared()
    private var thread = pthread_t()

    /// What both threads touch, with the mutex held.
    private final class Shared: @unchecked Sendable {
        var job: (any CourierJob)?
        var isWorking = false
        var isEnding = false
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(changed, nil)
        }

        deinit {
            pthread_cond_destroy(changed)
            pthread_mutex_destroy(mutex)
            changed.deallocate()
            mutex.deallocate()
        }

        /// Runs `body` with the mutex held; it may wait for changes.
        func locked<Result>(_ body: () -> Result) -> Result {
            pthread_mutex_lock(mutex)
            defer {
                pthread_cond_broadcast(changed)
                pthread_mutex_unlock(mutex)
            }
            return body()
        }

        func waitForChange() { pthread_cond_wait(changed, mutex) }

        func work() {
            while true {
                let next: (any CourierJob)? = locked {
                    isWorking = false
                    job = nil
                    pthread_cond_broadcast(changed)
                    while job == nil, !isEnding { waitForChange() }
                    isWorking = job != nil
                    return job
                }
                guard let next else { return }
                next.run()
            }
        }
    }

    init() throws(HubError) {
        let argument = Unmanaged.passRetained(shared)
        let code = pthread_create(
            &thread, nil,
            { argument in
                pthread_setname_np(pthread_self(), "hub-commit")
                Unmanaged<Shared>.fromOpaque(argument!).takeRetainedValue().work()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw HubError("no thread for the commits: errno \(code)")
        }
    }

    deinit {
        shared.locked { shared.isEnding = true }
        pthread_join(thread, nil)
    }

    func carry(_ job: any CourierJob) {
        shared.locked {
            while shared.job != nil || shared.isWorking { shared.waitForChange() }
            shared.job = job
        }
    }

    func wait() {
        shared.locked { while shared.job != nil || shared.isWorking { shared.waitForChange() } }
    }

    var isImmediate: Bool { false }
}
