import Document

/// What a run comes to.
struct Report: Sendable {
    var seed: UInt64 = 0
    var seconds = 0.0
    /// How long after the input's end everything was level and every copy agreed; nil when it never was.
    var rest: Double?
    var changes = 0
    var troubles: [Trouble: Int] = [:]
    var checks: [Check] = []
    /// What `omni drift` and `omni lag` said at the end.
    var drift: Int?
    var drifting: [String] = []
    var behind: Int?
    var folder: String?

    var lost: Int { checks.reduce(0) { $0 + $1.lost.count } }
    var twice: Int { checks.reduce(0) { $0 + $1.twice.count } }
    var wrong: Int { checks.reduce(0) { $0 + $1.wrong.count } }

    /// A check that looked at nothing proves nothing.
    var isGood: Bool {
        !checks.isEmpty && checks.allSatisfy { $0.isGood && $0.looked > 0 } && drift == 0 && behind == 0
    }

    /// For people.
    var text: String {
        var lines: [String] = []
        for (trouble, count) in troubles.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append("  \(pad("\(count)", 5))× \(trouble.rawValue)")
        }
        lines.append("")
        for check in checks {
            let mark = check.isGood && check.looked > 0 ? "✓" : "✗"
            lines.append("  \(mark) \(pad("\(check.looked)", 7))  \(check.name)")
            for (what, findings) in [("lost", check.lost), ("twice", check.twice), ("wrong", check.wrong)] {
                for finding in findings.prefix(10) { lines.append("              \(what): \(finding)") }
                if findings.count > 10 { lines.append("              \(what): \(findings.count - 10) more") }
            }
        }
        lines.append("")
        let words = rest.map { "at rest \(tenths($0)) s after the input's end" } ?? "it did not come to rest"
        lines.append(
            "  'omni drift' \(drift.map(String.init) ?? "?"), behind \(behind.map(String.init) ?? "?"); \(words)")
        for copy in drifting.prefix(10) { lines.append("      \(copy)") }
        lines.append(
            "  seed \(seed): \(changes) changes, \(troubles.values.reduce(0, +)) troubles in \(tenths(seconds)) s: "
                + "\(lost) lost, \(twice) twice, \(wrong) wrong")
        if let folder { lines.append("  logs, journal and data: \(folder)") }
        return lines.joined(separator: "\n")
    }

    var json: JSON {
        [
            "good": .bool(isGood), "seed": .string(String(seed)), "seconds": number(seconds),
            "rest": rest.map(number) ?? .null, "changes": .number(Number(changes)),
            "lost": .number(Number(lost)), "twice": .number(Number(twice)), "wrong": .number(Number(wrong)),
            "drift": drift.map { .number(Number($0)) } ?? .null, "behind": behind.map { .number(Number($0)) } ?? .null,
            "troubles": .object(
                troubles.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    .init($0.key.rawValue, .number(Number($0.value)))
                }),
            "checks": .array(
                checks.map { check in
                    [
                        "name": .string(check.name), "looked": .number(Number(check.looked)),
                        "lost": .array(check.lost.map { .string($0) }),
                        "twice": .array(check.twice.map { .string($0) }),
                        "wrong": .array(check.wrong.map { .string($0) }),
                    ]
                }),
            "folder": folder.map { .string($0) } ?? .null,
        ]
    }

    private func number(_ seconds: Double) -> JSON { .number(Number(tenths(seconds)) ?? Number(0)) }

    private func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
