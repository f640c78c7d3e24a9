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

        /// Whether customer and order are longer than anybody's numbers are.
        var isWordy: Bool { customer.utf8.count + order.utf8.count > longestText }
    }

    /// So many bytes a reservation's id may have: it is a key of the store's index. Customer and order together have no more.
    static let longestText = 400
    /// Beyond so many reservations, what matters least is forgotten before its time.
    static let mostReservations = 2048
    /// So many bytes they may take: the state with all else in it must fit into a record.
    static let room = 512 << 10

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
        if !request.isWordy {
            decided.customer = request.customer
            decided.order = request.order
        }
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
        if request.isWordy { return "'customer' and 'order' have at most \(Self.longestText) bytes together" }
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
            guard size + placeholder.size <= Self.room else { return nil }
            sequence += 1
            reservations.append(placeholder)
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
        if reservations.count > Self.mostReservations { forgotten += makeRoom(for: 0, now) }
        if !forgotten.isEmpty { hasOtherNames = true }
        return forgotten
    }

    /// When something expires, or is forgotten, next.
    func nextDue(_ rules: StockRules) -> Tick? {
        reservations.lazy.map { $0.isActive ? $0.until : Self.remembered($0, rules) }.min()
    }
}

// MARK: Room

extension StockState {
    /// What reservations take, in bytes.
    var size: Int { reservations.reduce(0) { $0 + $1.size } }

    /// Forgets what matters least until so many bytes more find room, as far as there is any such; answers what is forgotten.
    ///
    /// A rush may ask for thousands of holds in an hour: what they leave must not fill the state, as nothing could be decided
    /// or counted then.
    mutating func makeRoom(for bytes: Int, _ now: Tick) -> [Reservation] {
        var tooMany = reservations.count - Self.mostReservations
        var tooLarge = size + bytes - Self.room
        var gone: [Reservation] = []
        for rank in Reservation.Rank.allCases where tooMany > 0 || tooLarge > 0 {
            // The oldest come first.
            reservations.removeAll { reservation in
                guard tooMany > 0 || tooLarge > 0, reservation.rank(now) == rank else { return false }
                tooMany -= 1
                tooLarge -= reservation.size
                gone.append(reservation)
                return true
            }
        }
        for reservation in gone where reservation.rank(now) == .over && reservation.until <= now {
            forgotten = max(forgotten, reservation.until)
        }
        if !gone.isEmpty { hasOtherNames = true }
        return gone
    }
}

extension StockState.Reservation {
    /// What may be forgotten before its time: what matters least first.
    enum Rank: CaseIterable {
        case refused
        /// A release of what nobody asked for.
        case placeholder
        /// A hold that has ended.
        case over
    }

    /// How long a hold that was ended before its time is remembered in any case: whoever repeats the request does so by then.
    private static let patience: Int64 = 86_400_000

    /// Nil for what is remembered in any case: what is held, and what was decided this very moment.
    func rank(_ now: Tick) -> Rank? {
        guard decidedAt < now, !isActive else { return nil }
        if isPlaceholder { return .placeholder }
        if state == .refused { return .refused }
        return until <= now || decidedAt.advanced(by: Self.patience) <= now ? .over : nil
    }

    /// What it takes in the state, in bytes, or somewhat less.
    var size: Int {
        64 + id.utf8.count + customer.utf8.count + order.utf8.count + reason.utf8.count + 8 * fulfilledBy.count
    }
}
