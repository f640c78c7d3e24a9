/// How a suite's cases came out.
struct Outcome {
    var total = 0
    var failures: [Failure] = []

    struct Failure {
        /// The case, as the file of exceptions names it.
        let name: String
        let why: String
    }

    mutating func note(_ name: String, _ why: String?) {
        total += 1
        if let why { failures.append(Failure(name: name, why: why)) }
    }
}

/// Cases that may fail, each with its reason: lines of `suite | beginning of the case's name | reason`.
struct Exceptions {
    private struct Entry {
        let suite: String
        let name: String
        let reason: String
    }

    private var entries: [Entry] = []

    init() {}

    init(file: String) throws {
        for line in String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("#") { continue }
            let parts = line.split(separator: "|", maxSplits: 2).map { Self.trimmed($0) }
            guard parts.count == 3 else { throw Files.Unreadable(path: "\(file): \(line)") }
            entries.append(Entry(suite: parts[0], name: parts[1], reason: parts[2]))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// What failed as expected, what failed beside that, and which entries no failure answers to.
    func judge(
        _ suite: String, _ failures: [Outcome.Failure]
    ) -> (excepted: [String], unexpected: [String], stale: [String]) {
        let own = entries.filter { $0.suite == suite }
        let unexpected = failures.filter { failure in !own.contains { failure.name.hasPrefix($0.name) } }
        var excepted: [String] = []
        var stale: [String] = []
        for entry in own {
            let count = failures.count { $0.name.hasPrefix(entry.name) }
            if count == 0 {
                stale.append(entry.name)
            } else {
                excepted.append("\(count)x \(entry.name): \(entry.reason)")
            }
        }
        return (excepted, unexpected.map { "\($0.name): \($0.why)" }, stale)
    }
}
