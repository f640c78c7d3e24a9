public import Canonical

/// A golden record as a state holds it.
public struct GoldenView: Sendable, Hashable {
    /// Its revision.
    public let revision: Int64
    /// The document's JSON text in UTF-8.
    public let document: [UInt8]
}

/// What a state can be found by, besides its key.
public struct StateName: Sendable, Hashable {
    /// Which kind of name: `id.<entity>` for systems' own numbers, `reservation` for reservations' ids.
    public let index: String
    /// The name, for example `crm:C-17`.
    public let name: String

    /// A name.
    public init(_ index: String, _ name: String) {
        self.index = index
        self.name = name
    }
}

/// Questions about one state, for the API and for operators. They change nothing.
public struct StateQuery: ~Copyable {
    private let model: Model
    private var record = RecordState()

    /// Questions about states of a model's entities.
    public init(model: Model) { self.model = model }

    /// The entity whose golden record lies under a state's key; nil for states without one.
    public func entity(domain: String, key: String) -> EntityType? {
        guard let entity = model.entities(of: domain).first(where: { $0.name == domain }) else { return nil }
        if entity.engine == .customer, !key.hasPrefix("golden:") { return nil }
        return key.utf8.first.map { $0 > 0x20 } == true ? entity : nil
    }

    /// The golden record in a state; nil when there is none.
    public mutating func golden(_ entity: EntityType, _ state: [UInt8]) throws(StateError) -> GoldenView? {
        switch entity.engine {
        case .stock:
            let stock = try StockState.decode(state)
            return stock.document.isEmpty ? nil : GoldenView(revision: stock.revision, document: stock.document)
        case .record, .customer:
            try load(state)
            guard record.flags.contains(.alive) else { return nil }
            var document: [UInt8] = []
            record.writeGolden(into: &document, members: entity.engine == .customer)
            return GoldenView(revision: record.revision, document: document)
        }
    }

    /// What a state can be found by.
    public mutating func names(domain: String, key: String, _ state: [UInt8]) throws(StateError) -> [StateName] {
        guard let entity = entity(domain: domain, key: key) else { return [] }
        switch entity.engine {
        case .stock:
            return try StockState.decode(state).reservations.map { StateName("reservation", $0.id) }
        case .customer:
            try load(state)
            return record.members.map { StateName("id.\(entity.name)", $0.key) }
        case .record:
            try load(state)
            return record.columns.indices.compactMap { column in
                let own = record.string(record.columns[column].selfID)
                guard !own.isEmpty, record.isPresent(column) else { return nil }
                return StateName("id.\(entity.name)", "\(record.name(ofColumn: column)):\(own)")
            }
        }
    }

    private mutating func load(_ state: [UInt8]) throws(StateError) {
        record.reset()
        record.arena = state
        try record.decode()
    }
}

extension StateQuery {
    /// A reservation in a stock position's state; nil when it is not remembered there.
    public func reservation(_ id: String, key: String, _ state: [UInt8]) throws(StateError) -> [UInt8]? {
        let stock = try StockState.decode(state)
        guard let stockKey = StockKey(key), let place = stock.reservation(id) else { return nil }
        return StockState.document(stock.reservations[place], stockKey)
    }
}
