/// What happened: in words only when a single seed is replayed, and counted always. A simulation in which nothing went
/// wrong has shown little.
package final class Trace {
    package let isOn: Bool
    private let clock: VirtualClock
    private let start: Int64
    package private(set) var counts: [String: Int] = [:]

    package init(_ clock: VirtualClock, isOn: Bool) {
        self.clock = clock
        self.isOn = isOn
        start = clock.microseconds
    }

    /// Something that goes wrong, or is seldom.
    package func count(_ what: String, _ who: String, _ more: @autoclosure () -> String = "") {
        counts[what, default: 0] += 1
        note(who, isOn ? "\(what) \(more())" : "")
    }

    package func note(_ who: String, _ what: @autoclosure () -> String) {
        guard isOn else { return }
        let passed = clock.microseconds - start
        let text = String(passed / 1_000) + "." + String(1_000 + passed % 1_000).dropFirst()
        print(String(repeating: " ", count: max(0, 12 - text.count)) + text, who, what())
    }
}
