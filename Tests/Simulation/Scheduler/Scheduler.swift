package import Kafka

/// Runs the simulated threads on one real one, in an order that the seed decides.
///
/// A step of a thread is not the smallest unit: at every ``point(_:_:)`` others may run before the call goes on, so all
/// interleavings of calls happen, and a process may find that it was away for a minute: a zombie.
package final class Scheduler {
    package let clock: VirtualClock
    package let random: Randomness
    package let profile: Profile
    package let trace: Trace
    private var threads: [SimulatedThread] = []
    /// Those of them that can go on now.
    private var ready: [SimulatedThread] = []
    private var timers = TimerQueue()
    private var countdown: Int
    private var depth = 0
    /// Whose step is going on, the innermost one.
    private var current: SimulatedThread?
    /// No more crashes, freezes and faults: the end of a simulation, when all must come to rest.
    package private(set) var isCalm = false
    /// Called once a round, for what the world does by itself.
    package var everyRound: (() -> Void)?

    private static let deepest = 4

    package init(clock: VirtualClock, random: Randomness, profile: Profile, trace: Trace) {
        self.clock = clock
        self.random = random
        self.profile = profile
        self.trace = trace
        countdown = 1 + random.below(2 * profile.calm)
    }

    // MARK: Threads and timers

    package func start(_ thread: SimulatedThread) { threads.append(thread) }

    /// Runs something when the time has come.
    package func at(_ time: Int64, _ action: @escaping () -> Void) { timers.add(time, action) }

    package func after(_ milliseconds: Int, _ action: @escaping () -> Void) {
        timers.add(clock.now + Int64(milliseconds), action)
    }

    /// Whether something is to happen soon.
    package func hasTimers(within milliseconds: Int64) -> Bool {
        timers.next.map { $0 <= clock.now + milliseconds } ?? false
    }

    /// The simulation is over: nothing is kept alive any more.
    package func shutDown() {
        for thread in threads {
            thread.process.ended = nil
            thread.process.kill()
        }
        threads = []
        timers = TimerQueue()
        everyRound = nil
    }

    /// From now on nothing goes wrong any more. What came before may have lasted for long: there is as much time again.
    package func calm() {
        isCalm = true
        end = clock.now + Self.longest
    }

    /// Whether a call fails this time.
    package func fails(_ perMillion: Int) -> Bool {
        guard !isCalm, random.chance(perMillion) else { return false }
        trace.count("fault", current?.process.name ?? "nobody")
        return true
    }

    // MARK: Rounds

    /// So long a simulation lasts at most before it calms, and as long after, in milliseconds of its own time. Whoever waits within a call lets others run, who wait within
    /// theirs: where something is broken on purpose, that may go on for ever within one round.
    private static let longest: Int64 = 3_600_000
    private lazy var end = clock.now + Self.longest
    /// Whether it lasts for too long: it won't come to rest any more.
    private var isOver: Bool { clock.now > end }

    /// Runs until `isDone`, at most so many rounds; answers whether it was done.
    package func run(rounds: Int, until isDone: () -> Bool) -> Bool {
        for _ in 0..<rounds {
            if isDone() { return true }
            if isOver { return false }
            round()
        }
        return isDone()
    }

    /// One step of one thread, or the time passes to where somebody has something to do.
    private func round() {
        everyRound?()
        fireTimers()
        let now = clock.now
        var next = min(timers.next ?? now + 100, now + 1_000)
        ready.removeAll(keepingCapacity: true)
        var hasDead = false
        for thread in threads {
            if thread.canRun {
                if thread.wakes > now {
                    next = min(next, thread.wakes)
                } else if thread.isFree() {
                    ready.append(thread)
                }
            } else if thread.process.isDead {
                hasDead = true
            }
        }
        if hasDead { threads.removeAll { $0.process.isDead && !$0.isRunning } }
        guard !ready.isEmpty else { return clock.pass(to: next) }
        step(random.pick(ready))
    }

    private func step(_ thread: SimulatedThread) {
        thread.isRunning = true
        let outer = current
        current = thread
        defer {
            thread.isRunning = false
            current = outer
        }
        clock.pass(microseconds: 100)
        do {
            try thread.body()
        } catch {
            if SimulatedProcess.isCrash(error) { return thread.process.kill() }
            trace.note(thread.process.name, "ends: \(error)")
            thread.process.kill(error)
        }
    }

    private func fireTimers() {
        while let action = timers.due(clock.now) { action() }
    }

    // MARK: Points

    /// A call leaves a process, or returns to it: others may run meanwhile, time passes, and the process may be killed.
    package func point(_ process: SimulatedProcess, _ what: @autoclosure () -> String) throws(KafkaError) {
        if isOver { process.kill() }
        if process.isDead { throw SimulatedProcess.crash }
        clock.pass(microseconds: 50)
        if trace.isOn, case let what = what(), !what.isEmpty { trace.note(process.name, what) }
        if let due = timers.next, due <= clock.now { fireTimers() }
        countdown -= 1
        guard countdown <= 0 else { return }
        countdown = 1 + random.below(2 * profile.calm)
        guard !isCalm else { return }
        disturb(process)
        if process.isDead { throw SimulatedProcess.crash }
    }

    private enum Disturbance { case crash, freeze, yield, pause }

    private func disturb(_ process: SimulatedProcess) {
        let kind = random.pick([
            (profile.crashes, Disturbance.crash), (profile.freezes, .freeze), (profile.yields, .yield),
            (profile.pauses, .pause),
        ])
        switch kind {
        case .crash:
            trace.count("killed", process.name)
            process.kill()
        case .freeze:
            let duration = random.pick([1_000, 12_000, 30_000, 70_000])
            trace.count("frozen", process.name, "for \(duration) ms")
            process.isFrozen = true
            pass(duration)
            process.isFrozen = false
            trace.note(process.name, "goes on")
        case .yield: others(random.within(1...8))
        case .pause: pass(random.pick([5, 50, 500, 11_000]))
        }
    }

    /// A process waits inside of a call.
    package func rest(_ process: SimulatedProcess, _ milliseconds: Int) { if !process.isDead { pass(milliseconds) } }

    /// The present thread has nothing to do: it isn't stepped again before this time has passed.
    package func doze(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        // At the end there is much time, and little to do in it.
        current?.wakes = clock.now + (seconds * 1_000 + attoseconds / 1_000_000_000_000_000) * (isCalm ? 8 : 1)
    }

    /// Others run for a while.
    private func pass(_ milliseconds: Int) {
        let end = clock.now + Int64(milliseconds)
        guard depth < Self.deepest else { return clock.pass(to: end) }
        depth += 1
        while clock.now < end {
            let before = clock.microseconds
            round()
            // Nobody is there: the time passes all the same.
            if clock.microseconds == before { clock.pass(to: end) }
        }
        depth -= 1
    }

    private func others(_ rounds: Int) {
        guard depth < Self.deepest else { return }
        depth += 1
        for _ in 0..<rounds { round() }
        depth -= 1
    }
}

extension SimulatedThread {
    /// Whether nothing but the time keeps it from its next step.
    fileprivate var canRun: Bool { !isRunning && !process.isDead && !process.isFrozen }
}
