import Canonical

// What stock publishes: the position, and each reservation as it is decided.

extension StockState {
    /// The position as JSON.
    func position(_ key: StockKey, _ rules: Rules.Ledger) -> [UInt8] {
        let onHand = self.onHand
        let reserved = reserved
        let available = max(.zero, (onHand ?? .zero) - reserved)
        var object = ObjectWriter()
        object.member("product", string: key.product)
        object.member("place", string: key.place)
        object.member("onHand", raw: onHand?.text ?? "null")
        object.member("reserved", raw: reserved.text)
        object.member("available", raw: available.text)
        object.member("incoming", raw: incoming.text)
        if short > .zero { object.member("short", raw: short.text) }
        if asOf.isKnown { object.member("asOf", string: asOf.rfc3339) } else { object.member("asOf", raw: "null") }
        // More has left than ever came: something is wrong with what the systems say, whatever it is.
        if isUncertain(rules) || (onHand ?? .zero) < .zero { object.member("uncertain", raw: "true") }
        if isIncomplete { object.member("incomplete", raw: "true") }
        return object.finish()
    }

    /// A reservation as JSON.
    static func document(_ reservation: Reservation, _ key: StockKey) -> [UInt8] {
        var object = ObjectWriter()
        object.member("reservation", string: reservation.id)
        object.member("product", string: key.product)
        object.member("place", string: key.place)
        object.member("quantity", raw: reservation.quantity.text)
        object.member("state", string: reservation.state.name)
        if !reservation.reason.isEmpty { object.member("reason", string: reservation.reason) }
        if reservation.short > .zero { object.member("short", raw: reservation.short.text) }
        object.member("until", string: reservation.until.rfc3339)
        object.member("decidedAt", string: reservation.decidedAt.rfc3339)
        if !reservation.customer.isEmpty { object.member("customer", string: reservation.customer) }
        if !reservation.order.isEmpty { object.member("order", string: reservation.order) }
        return object.finish()
    }
}

/// Writes a small JSON object.
struct ObjectWriter {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func member(_ name: String, raw text: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(string: name)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func member(_ name: String, string: String) {
        member(name, raw: "")
        bytes.append(string: string)
    }

    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
