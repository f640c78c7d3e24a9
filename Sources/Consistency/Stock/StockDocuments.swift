import Canonical
// What stock publishes: the position, and each reservation as it is decided.

extension StockState {
    /// The position as JSON.
    func describe(_ key: StockKey, _ rules: StockRules, to object: inout ObjectWriter) {
        let onHand = self.onHand
        let reserved = reserved
        let short = short
        let asOf = asOf
        object.begin()
        object.member("product", string: key.product)
        object.member("place", string: key.place)
        object.member("onHand", quantity: onHand)
        object.member("reserved", quantity: reserved)
        object.member("available", quantity: max(.zero, (onHand ?? .zero) - reserved))
        object.member("incoming", quantity: incoming)
        if short > .zero { object.member("short", quantity: short) }
        if asOf.isKnown { object.member("asOf", string: asOf.rfc3339) } else { object.member("asOf", raw: "null") }
        // More has left than ever came: something is wrong with what the systems say, whatever it is.
        if isUncertain(rules) || (onHand ?? .zero) < .zero { object.member("uncertain", raw: "true") }
        if isIncomplete { object.member("incomplete", raw: "true") }
        object.end()
    }

    /// A reservation as JSON.
    static func document(_ reservation: Reservation, _ key: StockKey) -> [UInt8] {
        var object = ObjectWriter()
        object.begin()
        object.member("reservation", string: reservation.id)
        object.member("product", string: key.product)
        object.member("place", string: key.place)
        object.member("quantity", quantity: reservation.quantity)
        object.member("state", string: reservation.state.name)
        if !reservation.reason.isEmpty { object.member("reason", string: reservation.reason) }
        if reservation.short > .zero { object.member("short", quantity: reservation.short) }
        object.member("until", string: reservation.until.rfc3339)
        object.member("decidedAt", string: reservation.decidedAt.rfc3339)
        if !reservation.customer.isEmpty { object.member("customer", string: reservation.customer) }
        if !reservation.order.isEmpty { object.member("order", string: reservation.order) }
        object.end()
        return Array(object.bytes)
    }
}
