import Connector
import Canonical
import Consistency
import Document
import Hub
import Installation

#if canImport(Glibc)
    import Glibc
#endif

/// Golden records as the hubs' local stores on this machine hold them: without a hub, an API or a broker.
struct LocalRecords {
    private let copies: [(name: String, copy: LocalCopy)]
    private let model: Model
    private let now: Int64

    /// Opens every hub's store in the data folder.
    init(_ installation: Installation, _ model: Model, now: Int64) throws {
        self.model = model
        self.now = now
        let folder = installation.settings.data
        var copies: [(name: String, copy: LocalCopy)] = []
        var failure: (any Error)?
        for name in Folders.names(in: folder) where name.hasPrefix("hub-") && !name.hasSuffix(".starts") {
            do { copies.append((name, try LocalCopy(folder: "\(folder)/\(name)"))) } catch { failure = error }
        }
        if copies.isEmpty {
            throw CommandFailure(failure.map { "\($0)" } ?? "there is no hub's local store in \(folder)")
        }
        self.copies = copies
    }

    /// A golden record, by its key or a system's own number, of the store that is the youngest; with its age.
    func record(_ name: String, key: String, system: String?) throws -> JSON {
        guard let entity = model.entity(name), name != "reservation" else {
            throw CommandFailure("local stores are asked for golden records: there is no such entity '\(name)'")
        }
        var best: (name: String, found: LocalCopy.Found)?
        for (name, copy) in copies {
            guard let state = try stateKey(entity, key, system, in: copy) else { continue }
            for found in try copy.states(of: state, domain: entity.domain)
            where best.map({ $0.found.asOf < found.asOf }) ?? true { best = (name, found) }
        }
        guard let best, let record = try json(entity, best.found, store: best.name) else {
            throw CommandFailure("no local store on this machine holds \(name) '\(key)'")
        }
        return record
    }

    private func stateKey(
        _ entity: EntityType, _ key: String, _ system: String?, in copy: LocalCopy
    ) throws -> String? {
        if let system {
            return try copy.find(StateName("id.\(entity.name)", "\(system):\(key)")).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return entity.engine == .customer ? Engine.stateKey(ofCustomer: key) : key
    }

    private func json(_ entity: EntityType, _ found: LocalCopy.Found, store: String) throws -> JSON? {
        let engine = Engine(model: model, subscribers: [:])
        guard let golden = try engine.golden(of: entity.name, state: found.state), let document = golden.document
        else { return nil }
        let state = String(decoding: found.key, as: UTF8.self)
        let key = entity.engine == .customer ? Engine.goldenKey(ofCustomerState: state) ?? state : state
        return [
            "entity": .string(entity.name), "key": .string(key), "revision": .number(Number(Int(golden.revision))),
            "document": try JSON(parsing: document), "store": .string(store),
            "partition": .string(found.partition.description),
            "asOf": found.asOf.isKnown ? .string(found.asOf.rfc3339) : .null,
            "ageMs": found.asOf.isKnown ? .number(Number(Int(max(0, now - found.asOf.milliseconds)))) : .null,
        ]
    }
}
