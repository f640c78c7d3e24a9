import Connector
import Installation

/// The systems as one process of a connector sees them.
struct HouseSystems: Systems {
    let house: House
    let process: SimulatedProcess
    let settings: ConnectorSettings
    let clock: LoopClock

    /// The shop's address.
    private var http: HTTPConnection {
        get throws {
            for connection in settings.connections { if case .http(let http) = connection.kind { return http } }
            throw SystemFailure("\(settings.name) has no connection by HTTP")
        }
    }

    func transport(of source: SourceSettings) throws -> any SourceTransport {
        switch (settings.system, source.from.transport) {
        case ("till", _): return TillSource(house.till, process, page: source.page)
        case ("importer", _): return ImporterSource(house.importer, process)
        case ("shop", .poll(let reading)):
            let hints = Hints()
            house.webhooks.door = (process, hints)
            return PollSource(
                source, reading, house.shop.api(process, try http), hints: hints, registration: nil,
                clock: clock)
        default: throw SystemFailure("nothing is simulated behind \(source.name)")
        }
    }

    func writer(of sink: SinkSettings) throws -> any SinkWriter {
        switch (settings.system, sink.to.transport) {
        case ("till", _): return TillWriter(house.till, process)
        case ("importer", _): return ImporterWriter(house.importer, process)
        case ("shop", .resource(let writing)):
            return ResourceWriter(
                settings: writing, deletion: sink.delete, system: house.shop.api(process, try http))
        default: throw SystemFailure("nothing is simulated behind \(sink.name)")
        }
    }
}

/// The shop's webhooks: hints that get lost, come twice, late, or when nobody listens.
final class Webhooks {
    private let scheduler: Scheduler
    private let topic: String
    var door: (process: SimulatedProcess, hints: Hints)?

    init(_ scheduler: Scheduler, topic: String) {
        self.scheduler = scheduler
        self.topic = topic
    }

    func announce(_ id: Int) {
        let body = Array("{\"topic\":\"\(topic)\",\"data\":{\"id\":\(id)}}".utf8)
        guard !scheduler.random.one(in: 4) else { return }
        for _ in 0..<(scheduler.random.one(in: 5) ? 2 : 1) {
            scheduler.after(scheduler.random.pick([1, 20, 900])) { [unowned self] in
                guard let door, !door.process.isDead, !door.process.isFrozen else { return }
                door.hints.deliver(body) { _ in }
            }
        }
    }
}
