import Canonical

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

extension Engine {
    /// The entity whose golden record lies under a state's key; nil for states without one.
    private func entity(domain: String, key: String, state: [UInt8]) -> EntityType? {
        guard let entity = model.entities(of: domain).first(where: { $0.name == domain }) else { return nil }
        guard entity.engine == .customer else { return entity }
        return key.hasPrefix(Registry.clusterKey("")) && !(state.count > 1 && state[1] == Magic.redirect.1)
            ? entity : nil
    }

    /// What a state can be found by.
    public func names(domain: String, key: String, state: [UInt8]) throws(StateError) -> [StateName] {
        guard let entity = entity(domain: domain, key: key, state: state) else { return [] }
        if entity.engine == .stock {
            return try StockState.decode(state).reservations.filter { !$0.isPlaceholder }
                .map { StateName("reservation", $0.id) }
        }
        var record = RecordState()
        try record.load(state)
        if entity.engine == .customer { return record.members.map { StateName("id.\(entity.name)", $0.key) } }
        var names: [StateName] = []
        for column in record.columns.indices where record.isPresent(column) {
            for own in record.numbers(ofColumn: column) {
                names.append(StateName("id.\(entity.name)", "\(record.name(ofColumn: column)):\(own)"))
            }
        }
        return names
    }

    /// The golden key in a customer's state key; nil for other states of the domain.
    public static func goldenKey(ofCustomerState key: String) -> String? {
        let prefix = Registry.clusterKey("")
        return key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil
    }

    /// A reservation in a stock position's state, as JSON; nil when it is not remembered there.
    public static func reservation(_ id: String, key: String, state: [UInt8]) throws(StateError) -> [UInt8]? {
        let stock = try StockState.decode(state)
        // A release of what nobody asked for is none: the reservation may be held elsewhere.
        guard let stockKey = StockKey(key), let place = stock.reservation(id),
            !stock.reservations[place].isPlaceholder
        else { return nil }
        return StockState.document(stock.reservations[place], stockKey)
    }

    /// The longest id of a reservation, in bytes.
    public static var longestReservation: Int { StockState.longestText }
}
