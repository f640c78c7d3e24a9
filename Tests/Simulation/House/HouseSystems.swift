import Connector
import Installation

/// The systems as one process of a connector sees them.
struct HouseSystems: Systems {
    let house: House
    let process: SimulatedProcess
    let settings: ConnectorSettings
    let clock: LoopClock

    func transport(of source: SourceSettings) throws -> any SourceTransport {
        switch (settings.system, source.from.transport) {
        case ("till", .outbox(let reading)):
            return try TillSource(house.till, try table(reading.table), process, writing, source)
        case ("importer", _): return SupplierSource(house.importer, process)
        case ("wholesaler", _): return SupplierSource(house.wholesaler, process)
        case ("shop", .poll(let reading)):
            let hints = Hints()
            house.webhooks(source.name).door = (process, hints)
            return PollSource(
                source, reading, house.shop.api(process, try http), hints: hints, registration: nil, clock: clock)
        case ("crm", .poll(let reading)):
            return PollSource(
                source, reading, house.crm.api(process, try http), hints: nil, registration: nil, clock: clock)
        default: throw SystemFailure("nothing is simulated behind \(source.name)")
        }
    }

    func writer(of sink: SinkSettings) throws -> any SinkWriter {
        switch (settings.system, sink.to.transport) {
        case ("till", .table(let table)):
            return TillWriter(house.till, try self.table(table.table), process, writing, sink.delete)
        case ("importer", .file(let writing)): return try writer(writing, sink, house.importer)
        case ("wholesaler", .file(let writing)): return try writer(writing, sink, house.wholesaler)
        case ("shop", .resource(let writing)):
            return ResourceWriter(
                settings: writing, deletion: sink.delete, system: house.shop.api(process, try http))
        case ("crm", .resource(let writing)):
            return ResourceWriter(settings: writing, deletion: sink.delete, system: house.crm.api(process, try http))
        default: throw SystemFailure("nothing is simulated behind \(sink.name)")
        }
    }

    private func writer(_ writing: FileWriting, _ sink: SinkSettings, _ supplier: Supplier) throws -> FolderWriter {
        let folder = try house.folder(of: settings.system)
        let file = try FileWriter(
            writing, folder: folder, shown: folder, sink: sink.name, readsBack: sink.seenBy != nil)
        return FolderWriter(file, supplier.line, process)
    }

    private var writing: WritingProcess { WritingProcess(of: settings.name, id: process.name) }

    private func table(_ name: String) throws -> StoreTill.Table {
        guard let table = StoreTill.Table(rawValue: name) else { throw SystemFailure("the till has no \(name)") }
        return table
    }

    private var http: HTTPConnection {
        get throws {
            for connection in settings.connections { if case .http(let http) = connection.kind { return http } }
            throw SystemFailure("\(settings.name) has no connection by HTTP")
        }
    }
}

/// A source's webhooks: hints that get lost, come twice, late, or when nobody listens.
final class Webhooks {
    private let scheduler: Scheduler
    var door: (process: SimulatedProcess, hints: Hints)?

    init(_ scheduler: Scheduler) { self.scheduler = scheduler }

    func announce(_ id: Int) {
        let body = Array("{\"data\":{\"id\":\(id)}}".utf8)
        guard !scheduler.random.one(in: 4) else { return }
        for _ in 0..<(scheduler.random.one(in: 5) ? 2 : 1) {
            scheduler.after(scheduler.random.pick([1, 20, 900])) { [unowned self] in
                guard let door, !door.process.isDead, !door.process.isFrozen else { return }
                door.hints.deliver(body) { _ in }
            }
        }
    }
}
