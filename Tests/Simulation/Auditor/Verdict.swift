/// What an audit has found: nothing, where all is well.
package struct Verdict: Sendable {
    /// One thing that must not be.
    package struct Finding: Sendable, CustomStringConvertible {
        /// The invariant that is broken, as CONTRIBUTING.md numbers them.
        package let invariant: String
        package let text: String

        package var description: String { "\(invariant): \(text)" }
    }

    package private(set) var findings: [Finding] = []
    /// What the seed has drawn, for who replays it.
    package var setting = ""
    /// What was looked at, by name: an auditor that saw nothing has proved nothing.
    package private(set) var seen: [String: Int] = [:]

    package var isClean: Bool { findings.isEmpty }

    mutating func add(_ invariant: String, _ text: String) {
        findings.append(Finding(invariant: invariant, text: text))
    }

    mutating func check(_ invariant: String, _ isRight: Bool, _ text: @autoclosure () -> String) {
        if !isRight { add(invariant, text()) }
    }

    mutating func count(_ what: String, _ number: Int = 1) { seen[what, default: 0] += number }
}
