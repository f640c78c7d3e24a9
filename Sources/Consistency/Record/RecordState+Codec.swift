import Canonical

/// The state as bytes. Layout, after the magic:
///
///     flags u8 · rules u32 as varint · revision varint
///     columns: count, then each: name · self · status u8 (bit 7: observable, bit 6: pending) · acknowledged varint ·
///              [pending since i64] · [reason, when parked] · anchor+1 varint · hashes: count, (field u8, 16 bytes)
///     fields:  count, then each: name · changed varint · values: count, texts · golden+1 varint · slots
///     slots:   count, then each: column varint · bits u8 (0: contribution, 1: trimmed, 2...: rewrites) ·
///              [value varint · stamp i64 · partition varint · offset+1 varint] · entries
///     entries: count, then each: value varint · revision+1 varint · position: 0, or 1 and i64
extension RecordState {
    /// Reads the state that lies in the arena.
    mutating func decode() throws(StateError) {
        // A second reference to the same bytes: nothing is appended to the arena while it is read.
        let bytes = arena
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.record)
            flags = Flags(rawValue: reader.byte())
            rules = UInt32(truncatingIfNeeded: reader.varint())
            revision = Int64(reader.varint())
            for index in 0..<reader.length() { decodeColumn(index, &reader) }
            for _ in 0..<reader.length() { try decodeField(&reader) }
            try reader.finish()
        }
    }

    private mutating func decodeColumn(_ index: Int, _ reader: inout StateReader) {
        var column = Column(name: reader.text())
        column.selfID = reader.text()
        let bits = reader.byte()
        column.status = Status(rawValue: bits & 0x0F) ?? .none
        column.isObservable = bits & 0x80 != 0
        column.acknowledged = Int64(reader.varint())
        if bits & 0x40 != 0 { column.pendingSince = Tick(reader.int64()) }
        if column.status == .parked { column.reason = reader.text() }
        column.anchor = Int32(truncatingIfNeeded: reader.varint() - 1)
        for _ in 0..<reader.length() {
            let field = reader.byte()
            let high = UInt64(bitPattern: reader.int64())
            let low = UInt64(bitPattern: reader.int64())
            hashes.append(MatchHash(column: Int32(index), field: field, high: high, low: low))
        }
        columns.append(column)
    }

    private mutating func decodeField(_ reader: inout StateReader) throws(StateError) {
        var field = Field(name: reader.text())
        field.changed = Int64(reader.varint())
        let base = values.count
        let count = reader.length()
        for index in 0..<count {
            values.append(Value(text: reader.text(), next: index + 1 < count ? Int32(base + index + 1) : -1))
        }
        if count > 0 { field.firstValue = Int32(base) }
        let golden = reader.varint() - 1
        guard golden < count else { throw StateError("a state with a value that isn't there") }
        field.golden = golden < 0 ? -1 : Int32(base + golden)
        let slotCount = reader.length()
        let firstSlot = slots.count
        for index in 0..<slotCount {
            var slot = Slot(
                column: Int32(truncatingIfNeeded: reader.varint()),
                next: index + 1 < slotCount ? Int32(firstSlot + index + 1) : -1)
            let bits = reader.byte()
            slot.isTrimmed = bits & 2 != 0
            slot.rewrites = bits >> 2
            if bits & 1 != 0 {
                slot.contribution = Int32(truncatingIfNeeded: base + reader.varint())
                slot.stamp = Tick(reader.int64())
                let partition = Int32(truncatingIfNeeded: reader.varint())
                slot.origin = Origin(partition: partition, offset: Int64(reader.varint() - 1))
            }
            decodeEntries(&slot, base: base, &reader)
            guard slot.column >= 0, Int(slot.column) < columns.count, Int(slot.contribution) < values.count else {
                throw StateError("a state with a column that isn't there")
            }
            slots.append(slot)
        }
        if slotCount > 0 { field.firstSlot = Int32(firstSlot) }
        fields.append(field)
    }

    private mutating func decodeEntries(_ slot: inout Slot, base: Int, _ reader: inout StateReader) {
        let count = reader.length()
        if count > 0 { slot.firstEntry = Int32(entries.count) }
        for index in 0..<count {
            let value = Int32(truncatingIfNeeded: base + reader.varint())
            let revision = Int64(reader.varint() - 1)
            let position = reader.byte() == 0 ? Int64.min : reader.int64()
            if Int(value) >= values.count || value < 0 { reader.failed = true }
            entries.append(
                Entry(
                    position: position, revision: revision, value: value,
                    next: index + 1 < count ? Int32(entries.count + 1) : -1))
        }
    }

    /// Writes the state. Values that nothing points at are left out.
    mutating func encode(_ writer: inout StateWriter) {
        let bytes = arena
        bytes.withUnsafeBufferPointer { buffer in
            // The arena of an empty state has no address, and then no text is read from it either.
            let arena = buffer.baseAddress ?? UnsafePointer(bitPattern: 8)!
            writer.begin(Magic.record)
            writer.byte(flags.rawValue)
            writer.varint(Int(rules))
            writer.varint(Int(revision))
            writer.varint(columns.count)
            for index in columns.indices { encodeColumn(index, &writer, arena) }
            writer.varint(fields.count)
            for index in fields.indices { encodeField(index, &writer, arena) }
        }
    }

    private func encodeColumn(_ index: Int, _ writer: inout StateWriter, _ arena: UnsafePointer<UInt8>) {
        let column = columns[index]
        writer.text(column.name, in: arena)
        writer.text(column.selfID, in: arena)
        writer.byte(
            column.status.rawValue | (column.isObservable ? 0x80 : 0) | (column.pendingSince.isKnown ? 0x40 : 0))
        writer.varint(Int(column.acknowledged))
        if column.pendingSince.isKnown { writer.int64(column.pendingSince.milliseconds) }
        if column.status == .parked { writer.text(column.reason, in: arena) }
        writer.varint(Int(column.anchor) + 1)
        if hashes.isEmpty {
            writer.varint(0)
            return
        }
        let own = hashes.filter { $0.column == Int32(index) }
        writer.varint(own.count)
        for hash in own {
            writer.byte(hash.field)
            writer.int64(Int64(bitPattern: hash.high))
            writer.int64(Int64(bitPattern: hash.low))
        }
    }

    private mutating func encodeField(_ index: Int, _ writer: inout StateWriter, _ arena: UnsafePointer<UInt8>) {
        let field = fields[index]
        writer.text(field.name, in: arena)
        writer.varint(Int(field.changed))
        let used = numberValues(of: field)
        writer.varint(used)
        // Numbers are given from the last to the first of the list, so writing needs one pass for each value: few.
        for number in 0..<used {
            var value = field.firstValue
            while values[Int(value)].number != Int32(number) { value = values[Int(value)].next }
            writer.text(values[Int(value)].text, in: arena)
        }
        writer.varint(field.golden < 0 ? 0 : Int(values[Int(field.golden)].number) + 1)
        var count = 0
        var slot = field.firstSlot
        while slot >= 0 {
            count += 1
            slot = slots[Int(slot)].next
        }
        writer.varint(count)
        slot = field.firstSlot
        while slot >= 0 {
            encodeSlot(slots[Int(slot)], &writer)
            slot = slots[Int(slot)].next
        }
    }

    /// Numbers the values that are pointed at, in the order in which they stand; answers how many there are.
    private mutating func numberValues(of field: Field) -> Int {
        var value = field.firstValue
        while value >= 0 {
            values[Int(value)].number = -1
            value = values[Int(value)].next
        }
        if field.golden >= 0 { values[Int(field.golden)].number = 0 }
        var slot = field.firstSlot
        while slot >= 0 {
            if slots[Int(slot)].contribution >= 0 { values[Int(slots[Int(slot)].contribution)].number = 0 }
            var entry = slots[Int(slot)].firstEntry
            while entry >= 0 {
                values[Int(entries[Int(entry)].value)].number = 0
                entry = entries[Int(entry)].next
            }
            slot = slots[Int(slot)].next
        }
        var count: Int32 = 0
        value = field.firstValue
        while value >= 0 {
            if values[Int(value)].number == 0 {
                values[Int(value)].number = count
                count += 1
            }
            value = values[Int(value)].next
        }
        return Int(count)
    }

    private func encodeSlot(_ slot: Slot, _ writer: inout StateWriter) {
        writer.varint(Int(slot.column))
        writer.byte((slot.contribution >= 0 ? 1 : 0) | (slot.isTrimmed ? 2 : 0) | slot.rewrites << 2)
        if slot.contribution >= 0 {
            writer.varint(Int(values[Int(slot.contribution)].number))
            writer.int64(slot.stamp.milliseconds)
            writer.varint(Int(slot.origin.partition))
            writer.varint(Int(slot.origin.offset) + 1)
        }
        var count = 0
        var entry = slot.firstEntry
        while entry >= 0 {
            count += 1
            entry = entries[Int(entry)].next
        }
        writer.varint(count)
        entry = slot.firstEntry
        while entry >= 0 {
            let known = entries[Int(entry)]
            writer.varint(Int(values[Int(known.value)].number))
            writer.varint(Int(known.revision) + 1)
            writer.byte(known.position == .min ? 0 : 1)
            if known.position != .min { writer.int64(known.position) }
            entry = known.next
        }
    }
}
