/// What one check looked at, and what it found wrong.
struct Check: Sendable {
    /// What is claimed.
    let name: String
    /// How many things were looked at: a check of nothing proves nothing.
    var looked = 0
    /// What was lost, in words.
    var lost: [String] = []
    /// What was done twice.
    var twice: [String] = []
    /// What is otherwise wrong.
    var wrong: [String] = []

    init(_ name: String) { self.name = name }

    var isGood: Bool { lost.isEmpty && twice.isEmpty && wrong.isEmpty }

    /// Compares how often something should be with how often it is.
    mutating func count(_ what: String, expected: Int, found: Int) {
        looked += 1
        if found < expected { lost.append("\(what): \(found) instead of \(expected)") }
        if found > expected { twice.append("\(what): \(found) instead of \(expected)") }
    }

    /// Looks at one thing that should be so.
    mutating func look(_ isSo: Bool, _ otherwise: @autoclosure () -> String) {
        looked += 1
        if !isSo { wrong.append(otherwise()) }
    }
}
