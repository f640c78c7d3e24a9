/// What happened: in words only when somebody listens, and counted always. A simulation in which nothing went wrong has
/// shown little.
package final class Trace {
    private let tell: ((String) -> Void)?
    private let clock: VirtualClock
    private let start: Int64
    package private(set) var counts: [String: Int] = [:]

    /// - Parameter tell: hears what happens, line by line; nil: nobody.
    package init(_ clock: VirtualClock, tell: ((String) -> Void)?) {
        self.clock = clock
        self.tell = tell
        start = clock.microseconds
    }

    package var isOn: Bool { tell != nil }

    /// Something that goes wrong, or is seldom.
    package func count(_ what: String, _ who: String, _ more: @autoclosure () -> String = "") {
        counts[what, default: 0] += 1
        note(who, isOn ? "\(what) \(more())" : "")
    }

    package func note(_ who: String, _ what: @autoclosure () -> String) {
        guard let tell else { return }
        let passed = clock.microseconds - start
        let text = String(passed / 1_000) + "." + String(1_000 + passed % 1_000).dropFirst()
        tell("\(String(repeating: " ", count: max(0, 12 - text.count)))\(text) \(who) \(what())")
    }
}
