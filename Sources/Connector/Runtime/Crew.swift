import Canonical
import Document
import Installation
import Kafka
import Logging

/// The loops of one connector: the tables' first; when these are read, those of its sinks and sources.
struct Crew {
    let settings: ConnectorSettings
    let shared: Shared
    let mappings: Mappings
    let brokers: any Brokers
    /// Whose numbers are followed.
    let entities: [String]
    /// Opens when the tables are read to their ends.
    let tables = Gate()
    /// Opens when the writes that may have been under way are repeated.
    let repeated = Gate()

    /// What follows the tables.
    func follower() -> any Loop {
        IdentityFollower(
            shared, brokers, entities: entities, decisions: mappings.mention("omni_decision"), ready: tables)
    }

    /// The sinks' and the sources' loops, as they were left. The tables must have been read.
    ///
    /// - Parameters:
    ///   - sinks: opens the system, for writing.
    ///   - transport: opens the system, for reading.
    func loops(
        sinks: @escaping () throws -> [Sink],
        transport: @escaping (SourceSettings) throws -> any SourceTransport
    ) throws -> [any Loop] {
        let positions = try brokers.table(shared.names.position(connector: shared.connector))
        let parked = try brokers.table(shared.names.parked(connector: shared.connector))
        let bootstrap = bootstrap(positions)
        var loops: [any Loop] = []
        if settings.sinks.isEmpty {
            repeated.open()
        } else {
            loops.append(
                try SinkLoop(
                    settings.sinks, shared, brokers, parked: writes(parked), bootstrap, ready: repeated, sinks))
        }
        for source in settings.sources {
            let gone = positions.keys.compactMap { Absences.number(in: $0, of: source.name) }
            loops.append(
                SourceLoop(
                    source, shared, mappings.sources[source.name]!, position: positions[source.name]?["position"],
                    lanes: lanes(parked, of: source), absences: Absences(reported: Set(gone)), bootstrap,
                    after: repeated
                ) { try transport(source) })
        }
        return loops
    }

    /// The sources whose snapshot must be known before the sinks begin. Files come when they come.
    private func bootstrap(_ positions: [String: JSON]) -> Bootstrap {
        Bootstrap(
            awaited: Set(
                settings.sources.filter { source in
                    if case .files = source.from.transport { return false }
                    return source.start == .snapshot && positions[source.name] == nil
                }.map(\.name)))
    }

    private func writes(_ parked: [String: JSON]) -> ParkedWrites {
        var writes = ParkedWrites()
        for (name, value) in parked where settings.sinks.contains(where: { name.hasPrefix($0.name + "/") }) {
            if !writes.restore(name, value, now: shared.clock.now()) { tellUnreadable(name) }
        }
        return writes
    }

    private func lanes(_ parked: [String: JSON], of source: SourceSettings) -> Lanes {
        var lanes = Lanes()
        for (name, value) in parked where name.hasPrefix(source.name + "/") {
            guard let lane = Lanes.Lane(name: String(name.dropFirst(source.name.utf8.count + 1)), value) else {
                tellUnreadable(name)
                continue
            }
            lanes.restore(lane)
        }
        return lanes
    }

    private func tellUnreadable(_ name: String) {
        shared.log.error("a parked record can't be read", metadata: ["key": "\(name)"])
    }
}
