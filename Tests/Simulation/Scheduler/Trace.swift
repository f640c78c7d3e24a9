/// What happened, for people: kept or printed only when a single seed is replayed.
package final class Trace {
    package let isOn: Bool
    private let clock: VirtualClock
    private let start: Int64

    package init(_ clock: VirtualClock, isOn: Bool) {
        self.clock = clock
        self.isOn = isOn
        start = clock.microseconds
    }

    package func note(_ who: String, _ what: @autoclosure () -> String) {
        guard isOn else { return }
        let passed = clock.microseconds - start
        let text = String(passed / 1_000) + "." + String(1_000 + passed % 1_000).dropFirst()
        print(String(repeating: " ", count: max(0, 12 - text.count)) + text, who, what())
    }
}
