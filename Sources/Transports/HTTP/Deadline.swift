import NIOCore

/// One timer for a connection. Moving the deadline is an assignment: the timer itself is set anew only when it fires
/// too early, not at each request.
final class Deadline {
    private var loop: (any EventLoop)?
    private var isOver: (() -> Void)?
    private var due = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var firesAt = NIODeadline.distantFuture

    /// Names what happens at the deadline, on `loop`.
    func start(on loop: any EventLoop, _ isOver: @escaping () -> Void) {
        self.loop = loop
        self.isOver = isOver
    }

    func set(_ wait: Duration) {
        due = .now() + TimeAmount(wait)
        if firesAt > due { schedule() }
    }

    /// There is no deadline until the next one is set.
    func cancel() { due = .distantFuture }

    /// No deadline ever again.
    func end() {
        cancel()
        timer?.cancel()
        isOver = nil
    }

    private func schedule() {
        guard let loop else { return }
        timer?.cancel()
        firesAt = due
        let this = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(deadline: due) { this.value.fired() }
    }

    private func fired() {
        firesAt = .distantFuture
        if due <= .now() {
            due = .distantFuture
            isOver?()
        } else if due < .distantFuture {
            schedule()
        }
    }
}
