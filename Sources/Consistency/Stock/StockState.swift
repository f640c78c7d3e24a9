import Canonical

/// What the hub knows of one product at one place.
struct StockState {
    var revision: Int64 = 0
    /// The position as it was published last; empty when it never was.
    var document: [UInt8] = []
    /// A movement could not be used; the next count heals it.
    var isIncomplete = false
    var count: Count?
    /// Movements after the count, up to ``closed``, which are not listed any more.
    var balance = Quantity.zero
    /// Up to here movements are closed into the balance.
    var closed = Tick.never
    /// By system: how far its change log is closed. What is read again from before is known.
    var closedPositions: [ClosedPosition] = []
    /// The names of systems that the count and the movements are of.
    var systems = SystemNames()
    /// Movements after the count, and those near to it.
    var movements: [Movement] = []
    /// Announcements and receipts within the horizon.
    var deliveries: [Delivery] = []
    var reservations: [Reservation] = []
    /// Of the holds that were forgotten before their time, as they had ended by themselves: the latest end.
    var forgotten = Tick.never
    /// Whether it is found by other reservations than before (``StateName``). Not kept.
    var hasOtherNames = false
    /// What the next reservation's place in the row is.
    var sequence: Int64 = 0
    var copies: [StockCopy] = []
    /// What was said to be due next.
    var due = Tick.never

    /// Whether any system ever spoke of this position.
    var isKnown: Bool {
        count != nil || !movements.isEmpty || !deliveries.isEmpty || !closedPositions.isEmpty || isIncomplete
            || balance != .zero || closed.isKnown || reservations.contains { $0.isActive }
    }

    /// Whether nothing is known, asked or held here.
    var isBlank: Bool { !isKnown && reservations.isEmpty && copies.isEmpty }

    /// Forgets all, and keeps the memory.
    mutating func reset() {
        revision = 0
        document.removeAll(keepingCapacity: true)
        isIncomplete = false
        count = nil
        balance = .zero
        closed = .never
        closedPositions.removeAll(keepingCapacity: true)
        systems.begin()
        movements.removeAll(keepingCapacity: true)
        deliveries.removeAll(keepingCapacity: true)
        reservations.removeAll(keepingCapacity: true)
        forgotten = .never
        hasOtherNames = false
        sequence = 0
        copies.removeAll(keepingCapacity: true)
        due = .never
    }

    /// The latest count, and which movements it holds: those before its position in the same system's change log, else
    /// those before its stamp.
    struct Count: BitwiseCopyable {
        var system: Int32
        var quantity: Quantity
        var stamp: Tick
        var position: Int64?
        var origin: Origin
    }

    struct Movement: BitwiseCopyable {
        var id: UInt64
        var system: Int32
        var stamp: Tick
        /// Whether the system said when it happened.
        var isDated: Bool
        var position: Int64?
        var quantity: Quantity
    }

    struct ClosedPosition: BitwiseCopyable {
        var system: Int32
        var position: Int64
    }

    struct Delivery: BitwiseCopyable {
        var id: UInt64
        var name: UInt64
        var stamp: Tick
        /// What was announced; negative: what came.
        var quantity: Quantity
    }

    struct Reservation {
        var id: String
        var state: ReservationState
        var quantity: Quantity
        var fulfilled = Quantity.zero
        /// How much of it isn't there.
        var short = Quantity.zero
        var until: Tick
        var decidedAt: Tick
        var sequence: Int64
        var revision: Int64 = 0
        var customer = ""
        var order = ""
        var reason = ""
        /// The movements that fulfilled it.
        var fulfilledBy: [UInt64] = []
        /// A release came before the request: there is nothing to publish yet.
        var isPlaceholder = false

        var remaining: Quantity { max(.zero, quantity - fulfilled) }
        var isActive: Bool { state == .confirmed || state == .short }
    }

    /// A system's copy of the position.
    struct StockCopy {
        var system: String
        var status = RecordState.Status.none
        var acknowledged: Int64 = 0
        var pendingSince = Tick.never
        var reason = ""
        /// The revision that was written when it was last seen to hold this; -1: observed.
        var writtenRevision: Int64 = -1
        var onHand: Quantity?
        var available: Quantity?
    }
}

/// What became of a request to hold goods.
enum ReservationState: UInt8 {
    case confirmed, refused, fulfilled, released, expired, short

    var name: String {
        switch self {
        case .confirmed: "confirmed"
        case .refused: "refused"
        case .fulfilled: "fulfilled"
        case .released: "released"
        case .expired: "expired"
        case .short: "short"
        }
    }
}
