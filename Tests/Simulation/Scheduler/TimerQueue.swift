/// What is to happen at a time: a binary heap; equal times keep their order.
struct TimerQueue {
    private var heap: [(time: Int64, number: Int, action: () -> Void)] = []
    private var count = 0

    /// The time of what comes first.
    var next: Int64? { heap.first?.time }

    mutating func add(_ time: Int64, _ action: @escaping () -> Void) {
        heap.append((time, count, action))
        count += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out what has become due.
    mutating func due(_ now: Int64) -> (() -> Void)? {
        guard let first = heap.first, first.time <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == parent { return first.action }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
    }
}
