import Canonical

// Reservations: requested, then confirmed or refused; then fulfilled, released, expired or short. Decisions are facts: the
// same request is answered with the same decision (I5).

extension StockState {
    /// A request to hold goods.
    struct Request {
        var id: String
        var quantity: Quantity
        var until: Tick
        var notAfter: Tick?
        var customer: String
        var order: String
    }

    /// The most reservations that are remembered; only refusals are forgotten for it.
    static let mostReservations = 2048

    /// What confirmed reservations still hold.
    var reserved: Quantity { reservations.reduce(.zero) { $1.isActive ? $0 + $1.remaining : $0 } }

    /// How much of the reserved isn't there.
    var short: Quantity { reservations.reduce(.zero) { $1.state == .short ? $0 + $1.short : $0 } }

    /// The place of a reservation in the list.
    func reservation(_ id: String) -> Int? { reservations.firstIndex { $0.id.isExactly(id) } }

    /// Decides a request that isn't known yet; answers its place.
    mutating func decide(_ request: Request, _ rules: StockRules, _ bounds: HoldBounds, _ now: Tick) -> Int {
        var decided = Reservation(
            id: request.id, state: .confirmed, quantity: request.quantity, until: request.until, decidedAt: now,
            sequence: sequence)
        decided.customer = request.customer
        decided.order = request.order
        decided.revision = 1
        sequence += 1
        if let reason = refusal(request, rules, bounds, now) {
            decided.state = .refused
            decided.reason = reason
        }
        reservations.append(decided)
        hasOtherNames = true
        return reservations.count - 1
    }

    /// Why a request can't be granted; nil when it can.
    private func refusal(_ request: Request, _ rules: StockRules, _ bounds: HoldBounds, _ now: Tick) -> String? {
        if let notAfter = request.notAfter, now > notAfter { return "decided too late" }
        guard request.until > now else { return "its time is over" }
        if let most = bounds.most, request.quantity > Quantity(thousandths: Int64(most) * 1000) {
            return "too many: at most \(most) in one hold"
        }
        if let longest = bounds.longest, case let last = now.advanced(by: longest), request.until > last {
            return "too long: a hold that is decided now ends by \(last.rfc3339)"
        }
        guard let onHand else { return "never counted" }
        guard reserved + request.quantity <= onHand + rules.promised else { return "not available" }
        return nil
    }

    /// Gives up a hold. Before its request came, this is remembered, so that the request finds it given up.
    mutating func release(_ id: String, _ now: Tick) -> Int? {
        guard let place = reservation(id) else {
            var placeholder = Reservation(
                id: id, state: .released, quantity: .zero, until: now, decidedAt: now, sequence: sequence)
            placeholder.isPlaceholder = true
            sequence += 1
            reservations.append(placeholder)
            hasOtherNames = true
            return nil
        }
        guard reservations[place].isActive else { return nil }
        change(place, to: .released, now)
        return place
    }

    /// A sale or shipment that carries a reservation takes from it.
    mutating func fulfil(_ id: String, by movement: UInt64, _ quantity: Quantity, _ now: Tick) -> Int? {
        guard quantity > .zero, let place = reservation(id), reservations[place].isActive,
            !reservations[place].fulfilledBy.contains(movement)
        else { return nil }
        reservations[place].fulfilledBy.append(movement)
        reservations[place].fulfilled += quantity
        guard reservations[place].remaining == .zero else { return nil }
        change(place, to: .fulfilled, now)
        return place
    }

    /// Expires what nobody came for; answers the places.
    mutating func expire(_ now: Tick) -> [Int] {
        var places: [Int] = []
        for place in reservations.indices where reservations[place].isActive && reservations[place].until <= now {
            change(place, to: .expired, now)
            places.append(place)
        }
        return places
    }

    /// Says which reservations are short: on hand covers them in the order in which they were granted. Answers the places
    /// of those that changed.
    mutating func allocate(_ rules: StockRules, _ now: Tick) -> [Int] {
        guard !reservations.isEmpty else { return [] }
        var left = max(.zero, (onHand ?? .zero) + rules.promised)
        var places: [Int] = []
        let order = reservations.indices.sorted { reservations[$0].sequence < reservations[$1].sequence }
        for place in order where reservations[place].isActive {
            let remaining = reservations[place].remaining
            let covered = min(left, remaining)
            left = left - covered
            let short = remaining - covered
            guard short != reservations[place].short || (short > .zero) != (reservations[place].state == .short) else {
                continue
            }
            reservations[place].short = short
            change(place, to: short > .zero ? .short : .confirmed, now)
            places.append(place)
        }
        return places
    }

    private mutating func change(_ place: Int, to state: ReservationState, _ now: Tick) {
        reservations[place].state = state
        reservations[place].decidedAt = now
        reservations[place].revision += 1
        if state != .short { reservations[place].short = .zero }
    }

    /// Until when a reservation is remembered.
    static func remembered(_ reservation: Reservation, _ rules: StockRules) -> Tick {
        var end = max(reservation.until, reservation.decidedAt)
        // A refusal is no promise: it isn't kept for as long as was asked for.
        if reservation.state == .refused { end = min(end, reservation.decidedAt.advanced(by: rules.remember)) }
        return end.advanced(by: rules.remember)
    }

    /// Forgets what was decided long ago; answers what is forgotten.
    mutating func forget(_ rules: StockRules, _ now: Tick) -> [Reservation] {
        guard !reservations.isEmpty else { return [] }
        var forgotten = reservations.filter { !$0.isActive && Self.remembered($0, rules) <= now }
        if !forgotten.isEmpty { reservations.removeAll { !$0.isActive && Self.remembered($0, rules) <= now } }
        // A rush: the oldest refusals go before their time, so that one position's state stays small.
        while reservations.count > Self.mostReservations,
            let oldest = reservations.firstIndex(where: { $0.state == .refused && $0.decidedAt < now })
        { forgotten.append(reservations.remove(at: oldest)) }
        if !forgotten.isEmpty { hasOtherNames = true }
        return forgotten
    }

    /// When something expires, or is forgotten, next.
    func nextDue(_ rules: StockRules) -> Tick? {
        reservations.lazy.map { $0.isActive ? $0.until : Self.remembered($0, rules) }.min()
    }
}
