import Canonical

// The ledger: the latest count, and the movements after it, each once.

extension StockState {
    /// The most movements that stay listed. Beyond, the oldest are closed into the balance before their time.
    static let mostMovements = 512
    /// As long as all that could be closed have one stamp, as on a day whose sales are dated without a time, so many stay.
    static let mostOfOneStamp = 2048
    static let mostDeliveries = 256

    /// How many are there as far as known; nil before the first count.
    var onHand: Quantity? {
        guard let count else { return nil }
        return movements.reduce(count.quantity + balance) { sum, movement in
            isAfterCount(movement) ? sum + movement.quantity : sum
        }
    }

    /// Whether some movement may or may not be in the count.
    func isUncertain(_ rules: StockRules) -> Bool {
        guard let count else { return false }
        return movements.contains { movement in
            guard resolvedByPosition(movement, count) == nil else { return false }
            // One that is listed for its id alone was long before the count.
            if !movement.isDated { return movement.stamp >= count.stamp.advanced(by: -rules.skew) }
            return isNear(movement.stamp, count.stamp, rules.skew)
        }
    }

    /// What was announced and did not come yet.
    var incoming: Quantity {
        var names: [UInt64] = []
        for delivery in deliveries where !names.contains(delivery.name) { names.append(delivery.name) }
        return names.reduce(.zero) { sum, name in
            let open = deliveries.reduce(Quantity.zero) { $1.name == name ? $0 + $1.quantity : $0 }
            return sum + max(.zero, open)
        }
    }

    /// The stamp of the latest count or movement after it.
    var asOf: Tick {
        let base = max(count?.stamp ?? .never, closed)
        return movements.reduce(base) { isAfterCount($1) ? max($0, $1.stamp) : $0 }
    }

    func isAfterCount(_ movement: Movement) -> Bool {
        guard let count else { return true }
        return resolvedByPosition(movement, count) ?? (movement.stamp > count.stamp)
    }

    /// The same system's change log tells for certain; nil when it can't.
    private func resolvedByPosition(_ movement: Movement, _ count: Count) -> Bool? {
        guard movement.system == count.system, let position = movement.position, let cut = count.position else {
            return nil
        }
        return position > cut
    }

    private func isNear(_ one: Tick, _ other: Tick, _ skew: Int64) -> Bool {
        one >= other.advanced(by: -skew) && one <= other.advanced(by: skew)
    }
}

// MARK: Counts and movements

extension StockState {
    /// Takes in a count, if it is later than the one known.
    mutating func take(_ new: Count, _ rules: StockRules) -> Rejection? {
        if let count, !isLater(new, than: count) { return nil }
        guard new.stamp > closed else {
            return Rejection(
                .beyondHorizon, "the count is older than movements that are closed into the balance: count again")
        }
        count = new
        balance = .zero
        isIncomplete = false
        // Those near the count stay: they tell that it is uncertain, and are known when they come again. So do those that are
        // dated by their arrival: that would be after the count then.
        let nearest = new.stamp.advanced(by: -rules.skew)
        movements = movements.filter { isAfterCount($0) || $0.stamp >= nearest || !$0.isDated }
        return nil
    }

    private func isLater(_ new: Count, than known: Count) -> Bool {
        if new.system == known.system, let position = new.position, let other = known.position {
            return position > other
        }
        if new.stamp != known.stamp { return new.stamp > known.stamp }
        if new.system != known.system { return systems.precedes(new.system, known.system) }
        return new.origin.offset > known.origin.offset && new.quantity != known.quantity
    }

    /// What came of a movement.
    enum Taken {
        /// It is new and counts.
        case counted
        /// It is in the count already, or was seen before.
        case known
        /// It is older than the ledger reaches.
        case tooOld
    }

    /// Takes in a movement, each once by its id.
    mutating func take(_ movement: Movement, _ rules: StockRules, _ now: Tick) -> Taken {
        guard !movements.contains(where: { $0.id == movement.id }) else { return .known }
        guard isAfterCount(movement) else {
            if let count, movement.stamp >= count.stamp.advanced(by: -rules.skew) { movements.append(movement) }
            return .known
        }
        // Behind what is closed of its own log it is new for certain, whatever its stamp.
        var isNew = false
        if let position = movement.position,
            let cut = closedPositions.first(where: { $0.system == movement.system })
        {
            if cut.position >= position { return .known }
            isNew = true
        }
        guard movement.stamp > now.advanced(by: -rules.horizon), isNew || movement.stamp > closed else {
            isIncomplete = true
            return .tooOld
        }
        movements.append(movement)
        // Looked at now and then: it may be that none can be closed.
        if movements.count > Self.mostMovements, movements.count % 64 == 1 { close(keeping: Self.mostMovements / 2) }
        return .counted
    }

    /// Takes in an announcement (positive) or a receipt (negative) of a delivery, each once.
    mutating func take(_ delivery: Delivery) {
        guard !deliveries.contains(where: { $0.id == delivery.id }) else { return }
        deliveries.append(delivery)
        if deliveries.count > Self.mostDeliveries {
            deliveries.sort { ($0.stamp, $0.id) < ($1.stamp, $1.id) }
            deliveries.removeFirst(deliveries.count - Self.mostDeliveries)
        }
    }

    /// Closes what is older than the horizon into the balance.
    mutating func closeOld(_ rules: StockRules, _ now: Tick) {
        let horizon = now.advanced(by: -rules.horizon)
        if !deliveries.isEmpty { deliveries.removeAll { $0.stamp <= horizon } }
        if movements.contains(where: { $0.stamp <= horizon }) { close { $0.stamp <= horizon } }
    }

    private mutating func close(keeping kept: Int) {
        let stamps = movements.map(\.stamp).sorted()
        let last = stamps[stamps.count - kept - 1]
        // More of the last stamp may come yet, which would be too old.
        if let earlier = stamps.last(where: { $0 < last }) {
            close { $0.stamp <= earlier }
        } else if movements.count > Self.mostOfOneStamp {
            close { $0.stamp <= last }
        }
    }

    private mutating func close(_ isOld: (Movement) -> Bool) {
        for movement in movements where isOld(movement) {
            closed = max(closed, movement.stamp)
            guard isAfterCount(movement) else { continue }
            balance += movement.quantity
            guard let position = movement.position else { continue }
            if let place = closedPositions.firstIndex(where: { $0.system == movement.system }) {
                closedPositions[place].position = max(closedPositions[place].position, position)
            } else {
                closedPositions.append(ClosedPosition(system: movement.system, position: position))
            }
        }
        movements.removeAll(where: isOld)
    }
}
