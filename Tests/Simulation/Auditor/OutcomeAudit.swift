import Canonical
import Document
import Kafka

// I2: every record of the input ends as exactly one of its outcomes.

extension Auditor {
    mutating func auditOutcomes() {
        var letters: [String: Int] = [:]
        for letter in committed(names.dead(of: "hub")) {
            letters[letter.header("omni_where") ?? "nowhere", default: 0] += 1
        }
        var strays: [String: Int] = [:]
        var early: [String] = []
        for domain in world.plan.model.domains {
            for record in committed(names.input(domain: domain)) {
                verdict.count("records")
                let fate = record.header(Vandal.header).flatMap { Vandal.Fate(rawValue: $0) }
                let expected = fate == .dead ? 1 : 0
                let found = letters.removeValue(forKey: record.place.description) ?? 0
                if found != expected {
                    verdict.add("I2", "\(record.place) has \(found) dead letters, not \(expected)")
                }
                if fate == .stray { strays[record.header("ce_id") ?? "", default: 0] += 1 }
                if fate == .early { early.append(record.keyText) }
            }
        }
        for (place, count) in letters.sorted(by: { $0.key < $1.key }) {
            verdict.add("I2", "\(count) dead letters of \(place), where nothing was")
        }
        for (id, count) in strays.sorted(by: { $0.key < $1.key }) where count != 2 {
            verdict.add("I2", "the stray \(id) was written \(count - 1) times under its right key")
        }
        auditWaiting(early)
    }

    /// What only a newer hub can decide waits, in the order in which it came.
    private mutating func auditWaiting(_ early: [String]) {
        let notes = table(names.state(domain: "product")).keys.filter { $0.hasPrefix("\u{1}w") }
        let waiting = Dictionary(grouping: notes) { String($0.dropFirst(18)) }.mapValues(\.count)
        let expected = Dictionary(grouping: early) { $0 }.mapValues(\.count)
        verdict.check("I2", waiting == expected, "waiting are \(waiting), not \(expected)")
    }
}
