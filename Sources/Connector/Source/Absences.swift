import Transports

/// The system's own numbers that a source has reported deleted and not seen since: what is missing is reported once.
///
/// They are kept in `omni.position.<connector>`, a key each, `<source>/gone/<number>`, so that a restart knows them too
/// (I1). Pure: what must be written is returned.
struct Absences {
    /// What was reported.
    private(set) var reported: Set<String>
    /// What has changed since it was written: reported, or back.
    private(set) var changes: [String: Bool] = [:]
    /// What the last patchwork lacked, and nothing has shown since. In memory only: a restart merely asks once more.
    private var lacking: Set<String> = []

    init(reported: Set<String> = []) { self.reported = reported }

    /// Notes a report. False: it was reported already.
    mutating func report(_ number: String) -> Bool {
        lacking.remove(number)
        guard reported.insert(number).inserted else { return false }
        changes[number] = true
        return true
    }

    /// It is there.
    mutating func see(_ number: String) {
        guard !lacking.isEmpty || !reported.isEmpty else { return }
        lacking.remove(number)
        if reported.remove(number) != nil { changes[number] = false }
    }

    /// Forgets what nobody knows any more.
    mutating func keep(only known: Set<String>) {
        for number in reported.union(lacking) where !known.contains(number) { see(number) }
    }

    /// What of the missing numbers is gone: all; but of a patchwork only what the one before it lacked too.
    mutating func believed(of missing: Set<String>, isPatchwork: Bool) -> Set<String> {
        guard isPatchwork else {
            lacking = []
            return missing
        }
        defer { lacking = missing.subtracting(reported) }
        return missing.filter { lacking.contains($0) || reported.contains($0) }
    }

    /// What was written of these is taken back, or may be: it is written again as it is.
    mutating func rewrite(_ numbers: some Sequence<String>) {
        for number in numbers { changes[number] = reported.contains(number) }
    }

    /// The changes are written.
    mutating func confirm() { changes = [:] }

    /// The key of a number in the topic.
    static func key(_ source: String, _ number: String) -> String { "\(source)/gone/\(number)" }

    /// The number in a key of the topic; nil when it is another source's, or a position.
    static func number(in key: String, of source: String) -> String? {
        let prefix = "\(source)/gone/"
        return key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil
    }
}

/// What sinks wrote, told to the sources of the same entity: it is there again, though no source has seen it.
final class WrittenBack: Sendable {
    private struct Ears: Sendable {
        let entity: String
        var numbers: Set<String> = []
    }

    private let ears: Monitor<[String: Ears]>

    /// - Parameter sources: the sources that report deletions, with their entities.
    init(_ sources: [(name: String, entity: String)]) {
        ears = Monitor(Dictionary(uniqueKeysWithValues: sources.map { ($0.name, Ears(entity: $0.entity)) }))
    }

    /// A sink wrote this copy.
    func note(_ number: String, of entity: String) {
        ears.withLock { ears in
            for name in ears.keys where ears[name]?.entity == entity { ears[name]?.numbers.insert(number) }
        }
    }

    /// What was written since the source asked the last time.
    func take(_ source: String) -> Set<String> {
        ears.withLock { ears in
            defer { ears[source]?.numbers = [] }
            return ears[source]?.numbers ?? []
        }
    }
}
