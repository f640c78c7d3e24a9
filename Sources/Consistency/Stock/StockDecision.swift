public import Canonical
import Document

#if canImport(Glibc)
    import Glibc
#endif

// Stock: one writer decides everything about a product at a place (I5).

extension Engine {
    mutating func decideStock(
        _ context: EntityContext, _ event: borrowing Event, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) -> Rejection? {
        let type = event.envelope.type
        // Reports about reservations lie under the reservation's key; nothing hangs on them.
        if type.verb == .written, type.kind == "reservation" { return nil }
        guard let key = StockKey(event.envelope.subject) else {
            return Rejection(.wrongKey, "stock's key is <product>@<place>")
        }
        var desk = try open(event.envelope.subject, key, &state, now)
        desk.passTime(&effects)
        let rejection: Rejection?
        switch (type.verb, type.kind) {
        case (.stated, "movement"): rejection = desk.takeMovement(event, &effects)
        case (.stated, "count"): rejection = desk.takeCount(event)
        case (.requested, "hold"): rejection = desk.takeRequest(event, bounds, &effects)
        case (.released, "hold"): rejection = desk.takeRelease(event, &effects)
        case (.stated, "stock"): rejection = desk.takeSighting(event)
        case (.written, "stock"): rejection = desk.takeReport(event)
        default: rejection = Rejection(.unknownType, "stock takes no '\(type)'")
        }
        close(desk, event.envelope.subject, &state, &effects)
        return rejection
    }

    /// Expires what is due at a stock position: call when ``Effect/due(key:at:)`` said so, or to be sure.
    public mutating func expire(
        key: String, state: inout some StateAccess, now: Tick, effects: inout Effects
    ) throws(StateError) {
        guard let stockKey = StockKey(key) else { return }
        var desk = try open(key, stockKey, &state, now)
        guard !bytes.isEmpty else { return }
        desk.passTime(&effects)
        close(desk, key, &state, &effects)
    }

    /// Marks a position incomplete: an event about it became a dead letter. The next count heals it.
    public mutating func markIncomplete(
        key: String, state: inout some StateAccess, now: Tick, effects: inout Effects
    ) throws(StateError) {
        guard let stockKey = StockKey(key), isPosition(stockKey) else { return }
        var desk = try open(key, stockKey, &state, now)
        desk.passTime(&effects)
        desk.state.isIncomplete = true
        close(desk, key, &state, &effects)
    }

    /// Whether there can be such a position: nobody has checked the key of what was refused.
    private func isPosition(_ key: StockKey) -> Bool {
        guard case .stock(isGTIN: true) = contexts.first(where: { $0.name == "stock" })?.entity.key else { return true }
        var product = key.product
        return product.withUTF8 { GTIN.isNormal($0) }
    }

    /// Puts a position on the desk; ``bytes`` are its state as it was read, empty when there is none.
    private mutating func open(
        _ subject: String, _ key: StockKey, _ state: inout some StateAccess, _ now: Tick
    ) throws(StateError) -> StockDesk {
        if state.get(subject, into: &bytes) {
            try stock.load(bytes)
        } else {
            bytes.removeAll(keepingCapacity: true)
            stock.reset()
        }
        // The desk has it alone: what two have would be copied by the first change.
        var own = StockState()
        swap(&own, &stock)
        return StockDesk(key: key, rules: ledger, subscribers: stockSubscribers, state: own, now: now)
    }

    /// Publishes what has changed, and writes a state back unless it is what was read.
    private mutating func close(
        _ desk: consuming StockDesk, _ subject: String, _ state: inout some StateAccess, _ effects: inout Effects
    ) {
        desk.publish(subject, &object, &effects)
        swap(&stock, &desk.state)
        // Of what was refused nothing stays.
        if bytes.isEmpty, stock.revision == 0, stock.isBlank { return }
        stock.encode(&writer)
        if !isSame(bytes, writer.bytes) { state.put(subject, writer.bytes, keepsNames: !stock.hasOtherNames) }
    }

    /// When something is due at a position, of its state; nil when nothing is. For the hub's start: later,
    /// ``Effect/due(key:at:)`` tells.
    public static func nextDue(_ state: [UInt8]) throws(StateError) -> Tick? {
        guard state.count > 2, state[0] == Magic.stock.0, state[1] == Magic.stock.1 else { return nil }
        let due = try StockState.decode(state).due
        return due.isKnown ? due : nil
    }

    /// On whose count a position rests, and where that count was read; nil where none has been counted.
    public static func source(ofPosition state: [UInt8]) throws(StateError) -> (system: String, origin: Origin)? {
        let stock = try StockState.decode(state)
        return stock.count.map { (stock.systems.text($0.system), $0.origin) }
    }
}

private func isSame(_ one: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
    one.count == other.count
        && (one.isEmpty || one.withUnsafeBytes { memcmp($0.baseAddress!, other.baseAddress!, other.count) == 0 })
}

/// One position at work: its state, the rules, the time.
struct StockDesk: ~Copyable {
    let key: StockKey
    let rules: StockRules
    let subscribers: [String]
    var state: StockState
    let now: Tick

    init(key: StockKey, rules: StockRules, subscribers: [String], state: consuming StockState, now: Tick) {
        self.key = key
        self.rules = rules
        self.subscribers = subscribers
        self.state = state
        self.now = now
    }

    /// What the passing of time alone brings.
    mutating func passTime(_ effects: inout Effects) {
        state.closeOld(rules, now)
        for place in state.expire(now) { tell(place, &effects) }
        bury(state.forget(rules, now), &effects)
    }

    private func bury(_ forgotten: [StockState.Reservation], _ effects: inout Effects) {
        for reservation in forgotten where !reservation.isPlaceholder {
            effects.add(.tombstone(entity: "reservation", key: reservation.id))
        }
    }

    /// Publishes what has changed: shortages, the position, what is due.
    mutating func publish(_ subject: String, _ object: inout ObjectWriter, _ effects: inout Effects) {
        for place in state.allocate(rules, now) { tell(place, &effects) }
        state.describe(key, rules, to: &object)
        // Where nothing is known, a refused request makes no position of it.
        if !isSame(state.document, object.bytes), state.revision > 0 || state.isKnown {
            state.document.removeAll(keepingCapacity: true)
            state.document.append(contentsOf: object.bytes)
            state.revision += 1
            for system in subscribers {
                let copy = copy(of: system)
                if !state.copies[copy].pendingSince.isKnown { state.copies[copy].pendingSince = now }
            }
            let range = effects.document { $0 += state.document }
            effects.add(.golden(entity: "stock", key: subject, revision: state.revision, document: range))
        }
        let due = state.nextDue(rules) ?? .never
        if due != state.due {
            state.due = due
            effects.add(.due(key: subject, at: due.isKnown ? due : nil))
        }
    }

    mutating func tell(_ place: Int, _ effects: inout Effects) {
        let reservation = state.reservations[place]
        let range = effects.document { $0 += StockState.document(reservation, key) }
        effects.add(.decided(reservation: reservation.id, revision: reservation.revision, document: range))
    }

    /// The place of a system's copy, made when there is none.
    mutating func copy(of system: String) -> Int {
        if let place = state.copies.firstIndex(where: { $0.system.isExactly(system) }) { return place }
        state.copies.append(StockState.StockCopy(system: system))
        return state.copies.count - 1
    }
}

// MARK: Events

extension StockDesk {
    mutating func takeCount(_ event: borrowing Event) -> Rejection? {
        guard let quantity = Quantity(event.data["quantity"]) else { return Self.badQuantity }
        let stamp = event.stamp
        let system = state.systems.number(of: event.envelope.source.system)
        return state.take(
            StockState.Count(
                system: system, quantity: quantity, stamp: stamp.isKnown ? stamp : event.arrival,
                position: event.envelope.position, origin: event.origin), rules)
    }

    mutating func takeMovement(_ event: borrowing Event, _ effects: inout Effects) -> Rejection? {
        guard let quantity = Quantity(event.data["quantity"]) else { return Self.badQuantity }
        let stamp = event.stamp
        let kind = event.data["kind"]?.string
        let movement = StockState.Movement(
            id: event.identity, system: state.systems.number(of: event.envelope.source.system),
            stamp: stamp.isKnown ? stamp : event.arrival, isDated: stamp.isKnown, position: event.envelope.position,
            quantity: quantity)
        if kind == "incoming" || kind == "receipt" {
            let name = stableHash(event.data["delivery"]?.string ?? "")
            let open = kind == "incoming" ? quantity : .zero - quantity
            if movement.stamp > now.advanced(by: -rules.horizon) {
                state.take(StockState.Delivery(id: movement.id, name: name, stamp: movement.stamp, quantity: open))
            }
        }
        // An announcement moves nothing yet.
        if kind == "incoming" { return nil }
        if state.take(movement, rules, now) == .tooOld {
            return Rejection(
                .beyondHorizon, "the movement is older than the ledger reaches: recount this product at this place")
        }
        if let id = event.data["reservation"]?.string,
            let place = state.fulfil(id, by: movement.id, .zero - quantity, now)
        {
            tell(place, &effects)
        }
        return nil
    }

    mutating func takeRequest(
        _ event: borrowing Event, _ bounds: HoldBounds, _ effects: inout Effects
    ) -> Rejection? {
        guard let id = Self.id(of: event) else { return Self.noReservation }
        guard let quantity = Quantity(event.data["quantity"]), quantity > .zero else { return Self.badQuantity }
        guard let until = Self.end(of: event, bounds) else {
            return Rejection(.malformed, "a hold's 'until' is an RFC 3339 date and time")
        }
        if let place = state.reservation(id) {
            if state.reservations[place].isPlaceholder { refuseReleased(place, quantity, until) }
            tell(place, &effects)
            return nil
        }
        // Had it been decided, it might be forgotten by now; deciding anew could contradict that (I5).
        guard until > state.forgotten, until.advanced(by: rules.remember) > now else {
            return Rejection(.forgotten, "the request is older than decisions are remembered: ask again under a new id")
        }
        let request = StockState.Request(
            id: id, quantity: quantity, until: until, notAfter: event.envelope.notAfter,
            customer: event.data["customer"]?.string ?? "", order: event.data["order"]?.string ?? "")
        bury(state.makeRoom(for: id.utf8.count + StockState.longestText + 128, now), &effects)
        let place = state.decide(request, rules, bounds, now)
        if state.size > StockState.room { refuseForRoom(place) }
        tell(place, &effects)
        // It is answered, and leaves nothing behind.
        if state.size > StockState.room { bury([state.reservations.removeLast()], &effects) }
        return nil
    }

    private mutating func refuseForRoom(_ place: Int) {
        state.reservations[place].state = .refused
        state.reservations[place].reason = "too many holds of this product at this place: ask again later"
        state.reservations[place].customer = ""
        state.reservations[place].order = ""
    }

    /// When a hold that is asked for ends; nil when it says something else than a time. One that doesn't say lasts from when
    /// it was asked for, not from now: read again, it is the same request.
    private static func end(of event: borrowing Event, _ bounds: HoldBounds) -> Tick? {
        guard let until = event.data["until"] else {
            let stamp = event.stamp
            return (stamp.isKnown ? stamp : event.arrival).advanced(by: bounds.standard)
        }
        return until.string.flatMap { Tick(rfc3339: $0) }
    }

    private mutating func refuseReleased(_ place: Int, _ quantity: Quantity, _ until: Tick) {
        state.reservations[place].isPlaceholder = false
        state.hasOtherNames = true
        state.reservations[place].state = .refused
        state.reservations[place].reason = "released before it was requested"
        state.reservations[place].quantity = quantity
        state.reservations[place].until = until
        state.reservations[place].revision += 1
    }

    mutating func takeRelease(_ event: borrowing Event, _ effects: inout Effects) -> Rejection? {
        guard let id = Self.id(of: event) else { return Self.noReservation }
        if let place = state.release(id, now) { tell(place, &effects) }
        return nil
    }

    /// A copy of the position as a system holds it: compared, never a contribution.
    mutating func takeSighting(_ event: borrowing Event) -> Rejection? {
        let copy = copy(of: event.envelope.source.system)
        state.copies[copy].onHand = Quantity(event.data["onHand"])
        state.copies[copy].available = Quantity(event.data["available"])
        state.copies[copy].writtenRevision = -1
        return nil
    }

    mutating func takeReport(_ event: borrowing Event) -> Rejection? {
        let report: Report
        do { report = try Report(event.data, of: event.envelope.source.system) } catch { return error }
        let copy = copy(of: event.envelope.source.system)
        state.copies[copy].status = report.status
        state.copies[copy].reason = report.status == .parked ? report.reason ?? "no reason given" : ""
        if report.status == .parked { return nil }
        let revision = min(report.revision, state.revision)
        state.copies[copy].acknowledged = max(state.copies[copy].acknowledged, revision)
        state.copies[copy].writtenRevision = revision
        if revision >= state.revision { state.copies[copy].pendingSince = .never }
        if let held = report.held {
            state.copies[copy].onHand = Quantity(held["onHand"])
            state.copies[copy].available = Quantity(held["available"])
        }
        return nil
    }

    private static let badQuantity = Rejection(
        .malformed, "'quantity' must be a number with at most three decimals, and above zero in a hold")
    private static let noReservation = Rejection(
        .malformed, "'reservation' must name the reservation in at most \(StockState.longestText) bytes")

    private static func id(of event: borrowing Event) -> String? {
        guard let id = event.data["reservation"]?.string, !id.isEmpty, id.utf8.count <= StockState.longestText else {
            return nil
        }
        return id
    }
}
