import Canonical

// The state as bytes: its properties in their order, lists with their counts before them.

extension StockState {
    static func decode(_ bytes: [UInt8]) throws(StateError) -> StockState {
        var state = StockState()
        try state.load(bytes)
        return state
    }

    /// Reads a state into the memory of the one before.
    mutating func load(_ bytes: [UInt8]) throws(StateError) {
        reset()
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.stock)
            revision = Int64(reader.varint())
            let text = reader.text()
            if !reader.failed { document.append(contentsOf: reader.slice(text)) }
            let bits = reader.byte()
            isIncomplete = bits & 1 != 0
            if bits & 2 != 0 { count = Count(&reader, &systems) }
            if bits & 4 != 0 { forgotten = Tick(reader.int64()) }
            balance = Quantity(thousandths: reader.int64())
            closed = Tick(reader.int64())
            due = Tick(reader.int64())
            sequence = Int64(reader.varint())
            reader.fill(&closedPositions) { ClosedPosition(system: $0.name(&systems), position: $0.int64()) }
            reader.fill(&movements) { Movement(&$0, &systems) }
            reader.fill(&deliveries) { Delivery(&$0) }
            reader.fill(&reservations) { Reservation(&$0) }
            reader.fill(&copies) { StockCopy(&$0) }
            try reader.finish()
        }
    }

    func encode(_ writer: inout StateWriter) {
        writer.begin(Magic.stock)
        writer.varint(Int(revision))
        writer.bytes(document)
        writer.byte((isIncomplete ? 1 : 0) | (count == nil ? 0 : 2) | (forgotten.isKnown ? 4 : 0))
        count?.encode(&writer, systems)
        if forgotten.isKnown { writer.int64(forgotten.milliseconds) }
        writer.int64(balance.thousandths)
        writer.int64(closed.milliseconds)
        writer.int64(due.milliseconds)
        writer.varint(Int(sequence))
        writer.varint(closedPositions.count)
        for closed in closedPositions {
            writer.bytes(systems.bytes(closed.system))
            writer.int64(closed.position)
        }
        writer.varint(movements.count)
        encodeMovements(&writer)
        writer.varint(deliveries.count)
        for delivery in deliveries { delivery.encode(&writer) }
        writer.varint(reservations.count)
        for reservation in reservations { reservation.encode(&writer) }
        writer.varint(copies.count)
        for copy in copies { copy.encode(&writer) }
    }
}

extension StockState {
    private func encodeMovements(_ writer: inout StateWriter) {
        var cursor = writer.cursor(movements.count * (Movement.bound + systems.longest))
        var at = 0
        // A run of one system's movements takes its name out once.
        while at < movements.count {
            let system = movements[at].system
            systems.bytes(system).withUnsafeBufferPointer { name in
                while at < movements.count, movements[at].system == system {
                    movements[at].encode(&cursor, name)
                    at += 1
                }
            }
        }
        writer.end(cursor)
    }
}

extension StockState.Count {
    init(_ reader: inout StateReader, _ systems: inout SystemNames) {
        system = reader.name(&systems)
        quantity = Quantity(thousandths: reader.int64())
        stamp = Tick(reader.int64())
        position = reader.optional()
        origin = Origin(partition: Int32(truncatingIfNeeded: reader.varint()), offset: Int64(reader.varint()))
    }

    func encode(_ writer: inout StateWriter, _ systems: borrowing SystemNames) {
        writer.bytes(systems.bytes(system))
        writer.int64(quantity.thousandths)
        writer.int64(stamp.milliseconds)
        writer.optional(position)
        writer.varint(Int(origin.partition))
        writer.varint(Int(origin.offset))
    }
}

extension StockState.Movement {
    /// The most bytes that one takes besides its system's name.
    static let bound = 48

    @inline(__always)
    init(_ reader: inout StateReader, _ systems: inout SystemNames) {
        id = UInt64(bitPattern: reader.int64())
        system = reader.name(&systems)
        stamp = Tick(reader.int64())
        isDated = reader.byte() != 0
        position = reader.optional()
        quantity = Quantity(thousandths: reader.int64())
    }

    @inline(__always)
    func encode(_ cursor: inout StateWriter.Cursor, _ name: UnsafeBufferPointer<UInt8>) {
        cursor.int64(Int64(bitPattern: id))
        cursor.text(name)
        cursor.int64(stamp.milliseconds)
        cursor.byte(isDated ? 1 : 0)
        cursor.byte(position == nil ? 0 : 1)
        if let position { cursor.int64(position) }
        cursor.int64(quantity.thousandths)
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
        var list: [Element] = []
        fill(&list, element)
        return list
    }

    /// Reads a list behind what stands in it.
    @inline(__always)
    mutating func fill<Element>(_ list: inout [Element], _ element: (inout StateReader) -> Element) {
        let count = length()
        list.reserveCapacity(list.count + count)
        for _ in 0..<count where !failed { list.append(element(&self)) }
    }

    /// The bytes of a text that was read.
    func slice(_ text: TextRange) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes + Int(text.start), count: Int(text.count))
    }

    /// Mostly it is the one before, which stands in the same bytes.
    @inline(__always)
    mutating func name(_ systems: inout SystemNames) -> Int32 {
        let text = text()
        if let latestName, latestName.text.count == text.count,
            sameBytes(bytes + Int(text.start), bytes + Int(latestName.text.start), Int(text.count))
        {
            return latestName.number
        }
        let number = failed ? 0 : systems.number(of: slice(text))
        latestName = (text, number)
        return number
    }
}

extension StateWriter {
    mutating func optional(_ value: Int64?) {
        byte(value == nil ? 0 : 1)
        if let value { int64(value) }
    }

    mutating func bytes(_ bytes: [UInt8]) {
        var cursor = cursor(bytes.count + 10)
        bytes.withUnsafeBufferPointer { cursor.text($0) }
        end(cursor)
    }
}
