import Canonical
import Consistency
import Document
import Hub

/// Looks golden records up in the hub's store.
struct Records {
    let hub: HubProcess

    /// Where a golden record's state lies.
    private func place(_ entity: EntityType, _ key: String) -> (partition: DomainPartition, key: String) {
        switch entity.engine {
        case .record, .stock: (hub.partition(of: key, domain: entity.domain), key)
        case .customer: (DomainPartition(entity.domain, 0), Engine.stateKey(ofCustomer: key))
        }
    }

    /// The entity of that name that has golden records.
    func entity(_ name: String) throws -> EntityType {
        guard let entity = hub.model.entity(name), name != "reservation" else {
            let names = hub.model.entities.map(\.name).filter { $0 != "reservation" }
            throw Refusal(404, "there is no entity '\(name)'; there are: \(names.joined(separator: ", "))")
        }
        return entity
    }

    /// The state of a golden record.
    func state(_ entity: EntityType, _ key: String) throws -> [UInt8]? {
        // Keys are never longer (LMDB would refuse to look), and those of control characters are the hub's own.
        guard StateKey.flaw(of: key) == nil else { return nil }
        let place = place(entity, key)
        // What the store has of a partition that is another hub's now may be long outdated.
        guard hub.readable.contains(place.partition) else {
            throw unreadable("\(place.partition)")
        }
        return try hub.store.stateBytes(place.partition, Array(place.key.utf8))
    }

    /// Refuses where not all partitions of a domain can be read here: what isn't found may be there all the same.
    func requireAll(of domain: String) throws {
        guard let missing = hub.allPartitions.first(where: { $0.domain == domain && !hub.readable.contains($0) })
        else { return }
        throw unreadable("\(missing)")
    }

    private func unreadable(_ what: String) -> Refusal {
        if hub.isBrokerAway { return .brokerAway }
        if hub.standsBy { return Refusal(503, "this hub doesn't know \(what) to its end yet: repeat it") }
        return Refusal(
            503,
            "another hub has \(what): ask that one's API, let every hub answer for all (hub.standby: true), or read what "
                + "this machine's stores hold ('omni get … --local')")
    }

    /// The golden record under a key.
    func record(_ entity: EntityType, _ key: String) throws -> JSON? {
        guard let state = try state(entity, key) else { return nil }
        return try Self.json(entity, key, state, hub.model)
    }

    /// The golden record that a system knows by its own number, with its key.
    func key(_ entity: EntityType, system: String, id: String) throws -> String? {
        guard system.utf8.count + id.utf8.count <= StateKey.longest,
            let found = try hub.store.find(StateName("id.\(entity.name)", "\(system):\(id)"))
        else { return nil }
        return Self.key(entity, state: String(decoding: found.key, as: UTF8.self))
    }

    /// A page of golden records, partition by partition, in the order of their keys.
    ///
    /// - Parameter after: `next` of the page before.
    func page(_ entity: EntityType, after: String?, limit: Int) throws -> (records: [JSON], next: String?) {
        var page = try Page(limit: limit, after: after)
        let partitions = hub.readable.filter { $0.domain == entity.domain }.sorted { $0.partition < $1.partition }
        for partition in partitions where !page.isFull {
            try hub.store.scan(partition) { keyBytes, state in
                let stateKey = String(decoding: keyBytes, as: UTF8.self)
                guard page.wants(partition.partition, stateKey), let key = Self.key(entity, state: stateKey) else {
                    return true
                }
                return page.take(partition.partition, stateKey) {
                    try Self.json(entity, key, Array(state), hub.model)
                }
            }
            if let failure = page.failure { throw failure }
        }
        return (page.records, page.next)
    }

    /// The golden record's key in a state's key; nil for states that hold none.
    static func key(_ entity: EntityType, state key: String) -> String? {
        guard let first = key.utf8.first, first >= 0x20 else { return nil }
        guard entity.engine == .customer else { return key }
        return Engine.goldenKey(ofCustomerState: key)
    }

    private static func json(_ entity: EntityType, _ key: String, _ state: [UInt8], _ model: Model) throws -> JSON? {
        let engine = Engine(model: model, subscribers: [:])
        guard let golden = try engine.golden(of: entity.name, state: state), let document = golden.document else {
            return nil
        }
        return [
            "entity": .string(entity.name), "key": .string(key), "revision": .number(Number(Int(golden.revision))),
            "document": try JSON(parsing: document),
        ]
    }
}

/// A page being filled. Its cursor is the last record's partition and state key.
struct Page {
    let limit: Int
    private let after: (partition: Int32, key: String)?
    private(set) var records: [JSON] = []
    private(set) var next: String?
    private(set) var failure: (any Error)?
    private var last = ""

    init(limit: Int, after: String?) throws(Refusal) {
        self.limit = limit
        guard let after else {
            self.after = nil
            return
        }
        let parts = after.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(String(decoding: parts[0], as: UTF8.self)) else {
            throw Refusal(422, "'after' is the 'next' of the page before")
        }
        self.after = (partition, String(decoding: parts[1], as: UTF8.self))
    }

    var isFull: Bool { next != nil }

    /// Whether a state lies behind the cursor.
    func wants(_ partition: Int32, _ key: String) -> Bool {
        guard let after else { return true }
        // In the order of the store: bytes.
        return partition > after.partition
            || partition == after.partition && after.key.comesBefore(key)
    }

    /// Takes a record; answers whether the scan goes on.
    mutating func take(_ partition: Int32, _ key: String, _ record: () throws -> JSON?) -> Bool {
        do {
            guard let record = try record() else { return true }
            if records.count == limit {
                next = last
                return false
            }
            records.append(record)
            last = "\(partition)/\(key)"
            return true
        } catch {
            failure = error
            return false
        }
    }
}
