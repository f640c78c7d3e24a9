import Document

/// What becomes of one stock position and its reservations, event by event in the order of the log, when no hold expires
/// (docs/contracts.md, Stock). Written without the engine, for clarity, not for speed.
struct NaiveStock {
    struct Hold {
        let id: String
        var state: String
        var quantity: Int
        var fulfilled = 0
        var usedBy: Set<String> = []
        var remaining: Int { max(0, quantity - fulfilled) }
        var isActive: Bool { state == "confirmed" || state == "short" }
    }

    private var count: (quantity: Int, position: Int64)?
    private var movements: [String: (quantity: Int, position: Int64)] = [:]
    /// In the order in which they were asked for.
    private(set) var holds: [Hold] = []

    var onHand: Int? {
        guard let count else { return nil }
        return movements.values.reduce(count.quantity) { $1.position > count.position ? $0 + $1.quantity : $0 }
    }

    private var reserved: Int { holds.reduce(0) { $1.isActive ? $0 + $1.remaining : $0 } }

    mutating func take(_ type: String, id: String, position: Int64?, _ data: JSON) {
        let quantity = data["quantity"]?.integer ?? 0
        let reservation = data["reservation"]?.string
        let hold = holds.firstIndex { $0.id == reservation }
        switch type {
        case "omni.count.stated":
            if let position, position >= count?.position ?? -1 { count = (quantity, position) }
        case "omni.movement.stated":
            movements[id] = (quantity, position ?? 0)
            if let hold, quantity < 0 { fulfil(hold, by: id, -quantity) }
        case "omni.hold.requested":
            if let hold { refuseReleased(hold, quantity) } else { ask(reservation ?? "", quantity) }
        case "omni.hold.released": release(reservation ?? "", hold)
        default: break
        }
        cover()
    }

    private mutating func ask(_ id: String, _ quantity: Int) {
        let isThere = onHand.map { reserved + quantity <= $0 } ?? false
        holds.append(Hold(id: id, state: isThere ? "confirmed" : "refused", quantity: quantity))
    }

    private mutating func refuseReleased(_ hold: Int, _ quantity: Int) {
        guard holds[hold].state == "given up" else { return }
        holds[hold].state = "refused"
        holds[hold].quantity = quantity
    }

    private mutating func release(_ id: String, _ hold: Int?) {
        guard let hold else { return holds.append(Hold(id: id, state: "given up", quantity: 0)) }
        if holds[hold].isActive { holds[hold].state = "released" }
    }

    private mutating func fulfil(_ hold: Int, by id: String, _ quantity: Int) {
        guard holds[hold].isActive, holds[hold].usedBy.insert(id).inserted else { return }
        holds[hold].fulfilled += quantity
        if holds[hold].remaining == 0 { holds[hold].state = "fulfilled" }
    }

    /// Those that were granted first are covered first.
    private mutating func cover() {
        var left = max(0, onHand ?? 0)
        for hold in holds.indices where holds[hold].isActive {
            let covered = min(left, holds[hold].remaining)
            left -= covered
            holds[hold].state = covered < holds[hold].remaining ? "short" : "confirmed"
        }
    }
}
