import Canonical
import Installation

#if canImport(Glibc)
    import Glibc
#endif

/// The consumer groups of an installation, and what each reads.
struct Groups {
    let installation: Installation
    let names: TopicNames

    init(_ installation: Installation) {
        self.installation = installation
        names = TopicNames(prefix: installation.settings.prefix)
    }

    /// The hub, then the connectors that have sinks.
    func readers(_ model: Model) throws -> [(name: String, group: String, topics: [String])] {
        var readers: [(name: String, group: String, topics: [String])] = [
            ("hub", names.hubGroup, model.domains.map { names.input(domain: $0) })
        ]
        for name in installation.connectors {
            let sinks = try installation.connector(name, surroundings: .unneeded).sinks
            guard !sinks.isEmpty else { continue }
            let topics = Set(sinks.map { names.golden(entity: $0.of) }).sorted()
            readers.append((name, names.group(connector: name), topics))
        }
        return readers
    }
}

/// Milliseconds since 1970.
func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
