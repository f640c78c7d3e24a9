import Connector
import Document

/// What came of a fixture, for people and for programs.
enum OutcomeText {
    /// - Parameter place: whose fixture it is: a connector's name, or `Schemas`.
    static func lines(of outcome: Fixtures.Outcome, in place: String) -> [String] {
        let isWritten = outcome.update != .none && outcome.update != .withheld
        var lines = ["\(isWritten ? "✎" : outcome.isFine ? "✓" : "✗") \(place)/\(outcome.name)"]
        // Why a record is refused explains the differences. Of what is as expected refusals are expected, too.
        let isExpected = outcome.isFine && outcome.update == .none
        lines += isExpected ? [] : counted(outcome.refusals).map { "    ! refused: \($0)" }
        lines += outcome.differences.map { "    \($0)" }
        switch outcome.update {
        case .none: break
        case .written(let what): lines.append("    wrote \(what)")
        case .withheld:
            lines.append("    not written: mend the record or the mapping, or add --refused to expect this")
        }
        return lines
    }

    /// Each of some lines once, with how often it stands there.
    private static func counted(_ lines: [String]) -> [String] {
        var counts: [(line: String, count: Int)] = []
        for line in lines {
            if let place = counts.firstIndex(where: { $0.line == line }) {
                counts[place].count += 1
            } else {
                counts.append((line, 1))
            }
        }
        return counts.map { $0.count == 1 ? $0.line : "\($0.line) (\($0.count) records)" }
    }

    static func json(of outcome: Fixtures.Outcome, in place: String) -> JSON {
        var json: JSON = [
            "connector": .string(place), "fixture": .string(outcome.name), "passed": .bool(outcome.isFine),
            "differences": .array(outcome.differences.map { .string($0) }),
            "refusals": .array(outcome.refusals.map { .string($0) }),
        ]
        if case .written(let what) = outcome.update { json["wrote"] = .string(what) }
        return json
    }
}
