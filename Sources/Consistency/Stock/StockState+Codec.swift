import Canonical

// The state as bytes: its properties in their order, lists with their counts before them.

extension StockState {
    static func decode(_ bytes: [UInt8]) throws(StateError) -> StockState {
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        var state = StockState()
        try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.stock)
            state.revision = Int64(reader.varint())
            state.document = Array(bytes[reader.text().range])
            let bits = reader.byte()
            state.isIncomplete = bits & 1 != 0
            if bits & 2 != 0 { state.count = Count(&reader) }
            state.balance = Quantity(thousandths: reader.int64())
            state.closed = Tick(reader.int64())
            state.due = Tick(reader.int64())
            state.sequence = Int64(reader.varint())
            state.closedPositions = reader.list { ClosedPosition(system: $0.string(), position: $0.int64()) }
            state.movements = reader.list { Movement(&$0) }
            state.deliveries = reader.list { Delivery(&$0) }
            state.reservations = reader.list { Reservation(&$0) }
            state.copies = reader.list { StockCopy(&$0) }
            try reader.finish()
        }
        return state
    }

    func encode(_ writer: inout StateWriter) {
        writer.begin(Magic.stock)
        writer.varint(Int(revision))
        writer.bytes(document)
        writer.byte((isIncomplete ? 1 : 0) | (count == nil ? 0 : 2))
        count?.encode(&writer)
        writer.int64(balance.thousandths)
        writer.int64(closed.milliseconds)
        writer.int64(due.milliseconds)
        writer.varint(Int(sequence))
        writer.varint(closedPositions.count)
        for closed in closedPositions {
            writer.string(closed.system)
            writer.int64(closed.position)
        }
        writer.varint(movements.count)
        for movement in movements { movement.encode(&writer) }
        writer.varint(deliveries.count)
        for delivery in deliveries { delivery.encode(&writer) }
        writer.varint(reservations.count)
        for reservation in reservations { reservation.encode(&writer) }
        writer.varint(copies.count)
        for copy in copies { copy.encode(&writer) }
    }
}

extension StockState.Count {
    init(_ reader: inout StateReader) {
        system = reader.string()
        quantity = Quantity(thousandths: reader.int64())
        stamp = Tick(reader.int64())
        position = reader.optional()
        origin = Origin(partition: Int32(truncatingIfNeeded: reader.varint()), offset: Int64(reader.varint()))
    }

    func encode(_ writer: inout StateWriter) {
        writer.string(system)
        writer.int64(quantity.thousandths)
        writer.int64(stamp.milliseconds)
        writer.optional(position)
        writer.varint(Int(origin.partition))
        writer.varint(Int(origin.offset))
    }
}

extension StockState.Movement {
    init(_ reader: inout StateReader) {
        id = UInt64(bitPattern: reader.int64())
        system = reader.string()
        stamp = Tick(reader.int64())
        isDated = reader.byte() != 0
        position = reader.optional()
        quantity = Quantity(thousandths: reader.int64())
    }

    func encode(_ writer: inout StateWriter) {
        writer.int64(Int64(bitPattern: id))
        writer.string(system)
        writer.int64(stamp.milliseconds)
        writer.byte(isDated ? 1 : 0)
        writer.optional(position)
        writer.int64(quantity.thousandths)
    }
}

extension StockState.Delivery {
    init(_ reader: inout StateReader) {
        id = UInt64(bitPattern: reader.int64())
        name = UInt64(bitPattern: reader.int64())
        stamp = Tick(reader.int64())
        quantity = Quantity(thousandths: reader.int64())
    }

    func encode(_ writer: inout StateWriter) {
        writer.int64(Int64(bitPattern: id))
        writer.int64(Int64(bitPattern: name))
        writer.int64(stamp.milliseconds)
        writer.int64(quantity.thousandths)
    }
}

extension StockState.Reservation {
    init(_ reader: inout StateReader) {
        id = reader.string()
        let bits = reader.byte()
        if ReservationState(rawValue: bits & 0x7F) == nil { reader.failed = true }
        state = ReservationState(rawValue: bits & 0x7F) ?? .refused
        isPlaceholder = bits & 0x80 != 0
        quantity = Quantity(thousandths: reader.int64())
        fulfilled = Quantity(thousandths: reader.int64())
        short = Quantity(thousandths: reader.int64())
        until = Tick(reader.int64())
        decidedAt = Tick(reader.int64())
        sequence = Int64(reader.varint())
        revision = Int64(reader.varint())
        customer = reader.string()
        order = reader.string()
        reason = reader.string()
        fulfilledBy = reader.list { UInt64(bitPattern: $0.int64()) }
    }

    func encode(_ writer: inout StateWriter) {
        writer.string(id)
        writer.byte(state.rawValue | (isPlaceholder ? 0x80 : 0))
        writer.int64(quantity.thousandths)
        writer.int64(fulfilled.thousandths)
        writer.int64(short.thousandths)
        writer.int64(until.milliseconds)
        writer.int64(decidedAt.milliseconds)
        writer.varint(Int(sequence))
        writer.varint(Int(revision))
        writer.string(customer)
        writer.string(order)
        writer.string(reason)
        writer.varint(fulfilledBy.count)
        for id in fulfilledBy { writer.int64(Int64(bitPattern: id)) }
    }
}

extension StockState.StockCopy {
    init(_ reader: inout StateReader) {
        system = reader.string()
        status = RecordState.Status(rawValue: reader.byte()) ?? .none
        acknowledged = Int64(reader.varint())
        pendingSince = Tick(reader.int64())
        reason = reader.string()
        writtenRevision = Int64(reader.varint()) - 1
        onHand = reader.optional().map { Quantity(thousandths: $0) }
        available = reader.optional().map { Quantity(thousandths: $0) }
    }

    func encode(_ writer: inout StateWriter) {
        writer.string(system)
        writer.byte(status.rawValue)
        writer.varint(Int(acknowledged))
        writer.int64(pendingSince.milliseconds)
        writer.string(reason)
        writer.varint(Int(writtenRevision) + 1)
        writer.optional(onHand?.thousandths)
        writer.optional(available?.thousandths)
    }
}

extension StateReader {
    mutating func optional() -> Int64? { byte() == 0 ? nil : int64() }

    mutating func list<Element>(_ element: (inout StateReader) -> Element) -> [Element] {
        let count = length()
        var list: [Element] = []
        list.reserveCapacity(count)
        for _ in 0..<count where !failed { list.append(element(&self)) }
        return list
    }
}

extension StateWriter {
    mutating func optional(_ value: Int64?) {
        byte(value == nil ? 0 : 1)
        if let value { int64(value) }
    }

    mutating func bytes(_ bytes: [UInt8]) {
        varint(bytes.count)
        for byte in bytes { self.byte(byte) }
    }
}
