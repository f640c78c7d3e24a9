import Canonical

/// The state as bytes. Layout, after the magic:
///
///     flags u8 · rules u32 as varint · revision varint
///     columns: count, then each: name · self · status u8 (bit 7: observable, bit 6: pending) · acknowledged varint ·
///              [pending since i64] · [reason, when parked] · anchor+1 varint · hashes: count, (field u8, 16 bytes)
///     fields:  count, then each: name · changed varint · values: count, texts · golden+1 varint · slots
///     slots:   count, then each: column varint · bits u8 (0: contribution, 1: trimmed, 2...: rewrites) ·
///              [value varint · stamp i64 · partition varint · offset+1 varint] · entries
///     entries: count, then each: value varint · revision+1 varint · bits u8 (0: position, 1: foreign) · [position i64]
extension RecordState {
    /// Reads a state.
    mutating func load(_ bytes: [UInt8]) throws(StateError) {
        bytes.withUnsafeBytes { take($0) }
        try decode()
    }

    /// Copies a state's bytes, to be decoded next.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        reset()
        arena.reserve(bytes.count + UncheckedReader.padding)
        arena.append(bytes.bindMemory(to: UInt8.self))
    }

    /// Reads the state whose bytes were taken.
    mutating func decode() throws(StateError) {
        let size = arena.count
        // Nothing is appended to the arena while it is read.
        var reader = StateReader(UnsafeBufferPointer(start: arena.start, count: arena.count))
        try reader.expect(Magic.record)
        flags = Flags(rawValue: reader.byte())
        rules = UInt32(truncatingIfNeeded: reader.varint())
        revision = Int64(reader.varint())
        for index in 0..<reader.length() { decodeColumn(index, &reader) }
        if reader.failed { throw StateError("a state that ends too early") }
        var fast = UncheckedReader(arena.start, from: reader.at, count: reader.count)
        guard let count = fast.length() else { throw StateError("a state that ends too early") }
        for _ in 0..<count {
            guard decodeField(&fast) else {
                throw StateError("a state that ends too early or points at what isn't there")
            }
        }
        for index in columns.indices where Int(columns[index].anchor) >= columns.count || columns[index].anchor < -1 {
            throw StateError("a state with a column that isn't there")
        }
        guard fast.offset == size else { throw StateError("a state that doesn't end where it should") }
        asRead.keep(slots, entries)
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

    private mutating func decodeField(_ shared: inout UncheckedReader) -> Bool {
        // A copy of one's own stays in registers.
        var reader = shared
        let start = reader.offset
        guard let name = reader.text() else { return false }
        var field = Field(name: name)
        field.changed = Int64(reader.varint())
        let base = values.count
        guard let count = reader.length() else { return false }
        for index in 0..<count {
            guard let text = reader.text() else { return false }
            values.append(Value(text: text, next: index + 1 < count ? Int32(base + index + 1) : -1))
        }
        if count > 0 { field.firstValue = Int32(base) }
        let golden = reader.varint() - 1
        guard golden < count else { return false }
        field.golden = golden < 0 ? -1 : Int32(base + golden)
        guard let slotCount = reader.length() else { return false }
        let (firstSlot, firstEntry) = (slots.count, entries.count)
        for index in 0..<slotCount {
            let isLast = index + 1 == slotCount
            guard decodeSlot(next: isLast ? -1 : Int32(firstSlot + index + 1), base: base, count: count, &reader) else {
                return false
            }
        }
        if slotCount > 0 { field.firstSlot = Int32(firstSlot) }
        field.read = asRead.add(
            AsRead.Field(
                bytes: TextRange(start: Int32(start), count: Int32(reader.offset - start)), field: field,
                slots: TextRange(start: Int32(firstSlot), count: Int32(slotCount)),
                entries: TextRange(start: Int32(firstEntry), count: Int32(entries.count - firstEntry))))
        fields.append(field)
        shared = reader
        return true
    }

    @inline(__always)
    private mutating func decodeSlot(next: Int32, base: Int, count: Int, _ reader: inout UncheckedReader) -> Bool {
        let column = reader.varint()
        var slot = Slot(column: Int32(truncatingIfNeeded: column), next: next)
        let bits = reader.byte()
        slot.isTrimmed = bits & 2 != 0
        slot.rewrites = bits >> 2
        var isValid = column >= 0 && column < columns.count
        if bits & 1 != 0 {
            let value = reader.varint()
            isValid = isValid && value >= 0 && value < count
            slot.contribution = Int32(truncatingIfNeeded: base + value)
            slot.stamp = Tick(reader.int64())
            let partition = Int32(truncatingIfNeeded: reader.varint())
            slot.origin = Origin(partition: partition, offset: Int64(reader.varint() - 1))
        }
        guard isValid, let entryCount = reader.length() else { return false }
        if entryCount > 0 { slot.firstEntry = Int32(entries.count) }
        slots.append(slot)
        for index in 0..<entryCount {
            let value = reader.varint()
            let revision = Int64(reader.varint() - 1)
            let bits = reader.byte()
            let position = bits & 1 == 0 ? Int64.min : reader.int64()
            guard value >= 0, value < count, !reader.isBeyond else { return false }
            entries.append(
                Entry(
                    position: position, revision: revision, value: Int32(base + value),
                    next: index + 1 < entryCount ? Int32(entries.count + 1) : -1, isForeign: bits & 2 != 0))
        }
        return !reader.isBeyond
    }
}

// MARK: Writing

extension RecordState {
    /// Writes the state. Values that nothing points at are left out.
    mutating func encode(_ writer: inout StateWriter) {
        // Every text of the arena is written once at most; what stands between them is bounded by its widest form.
        let bound =
            arena.count + 64 + columns.count * 64 + fields.count * 40 + values.count * 5 + slots.count * 64
            + entries.count * 25 + hashes.count * 17
        writer.begin(Magic.record)
        var out = writer.cursor(bound)
        out.byte(flags.rawValue)
        out.varint(Int(rules))
        out.varint(Int(revision))
        out.varint(columns.count)
        for index in columns.indices { encodeColumn(index, &out) }
        out.varint(fields.count)
        encodeFields(&out)
        writer.end(out)
    }

    /// An event touches few fields. The others' bytes are copied, in as few pieces as they lie in.
    private mutating func encodeFields(_ out: inout StateWriter.Cursor) {
        var run = TextRange.empty
        for index in fields.indices {
            guard let bytes = bytesAsRead(ofField: index) else {
                out.raw(buffer(run))
                run = .empty
                encodeField(index, &out)
                continue
            }
            if run.start + run.count == bytes.start {
                run.count += bytes.count
            } else {
                out.raw(buffer(run))
                run = bytes
            }
        }
        out.raw(buffer(run))
    }

    private func encodeColumn(_ index: Int, _ out: inout StateWriter.Cursor) {
        let column = columns[index]
        out.text(buffer(column.name))
        out.text(buffer(column.selfID))
        out.byte(
            column.status.rawValue | (column.isObservable ? 0x80 : 0) | (column.pendingSince.isKnown ? 0x40 : 0))
        out.varint(Int(column.acknowledged))
        if column.pendingSince.isKnown { out.int64(column.pendingSince.milliseconds) }
        if column.status == .parked { out.text(buffer(column.reason)) }
        out.varint(Int(column.anchor) + 1)
        var own = 0
        for at in hashes.indices where hashes[at].column == Int32(index) { own += 1 }
        out.varint(own)
        for at in hashes.indices where hashes[at].column == Int32(index) {
            out.byte(hashes[at].field)
            out.int64(Int64(bitPattern: hashes[at].high))
            out.int64(Int64(bitPattern: hashes[at].low))
        }
    }

    private mutating func encodeField(_ index: Int, _ shared: inout StateWriter.Cursor) {
        let field = fields[index]
        // A copy of one's own stays in registers.
        var out = shared
        defer { shared = out }
        out.text(buffer(field.name))
        out.varint(Int(field.changed))
        out.varint(numberValues(of: field))
        var value = field.firstValue
        while value >= 0 {
            if values[value].number >= 0 { out.text(text(value)) }
            value = values[value].next
        }
        out.varint(field.golden < 0 ? 0 : Int(values[field.golden].number) + 1)
        var count = 0
        var slot = field.firstSlot
        while slot >= 0 {
            count += 1
            slot = slots[slot].next
        }
        out.varint(count)
        slot = field.firstSlot
        while slot >= 0 {
            encodeSlot(slots[slot], &out)
            slot = slots[slot].next
        }
    }

    /// Numbers the values that are pointed at, in the order in which they stand; answers how many there are.
    private mutating func numberValues(of field: Field) -> Int {
        var value = field.firstValue
        while value >= 0 {
            values[value].number = -1
            value = values[value].next
        }
        if field.golden >= 0 { values[field.golden].number = 0 }
        var slot = field.firstSlot
        while slot >= 0 {
            if slots[slot].contribution >= 0 { values[slots[slot].contribution].number = 0 }
            var entry = slots[slot].firstEntry
            while entry >= 0 {
                values[entries[entry].value].number = 0
                entry = entries[entry].next
            }
            slot = slots[slot].next
        }
        var count: Int32 = 0
        value = field.firstValue
        while value >= 0 {
            if values[value].number == 0 {
                values[value].number = count
                count += 1
            }
            value = values[value].next
        }
        return Int(count)
    }

    @inline(__always)
    private func encodeSlot(_ slot: Slot, _ out: inout StateWriter.Cursor) {
        out.varint(Int(slot.column))
        out.byte((slot.contribution >= 0 ? 1 : 0) | (slot.isTrimmed ? 2 : 0) | slot.rewrites << 2)
        if slot.contribution >= 0 {
            out.varint(Int(values[slot.contribution].number))
            out.int64(slot.stamp.milliseconds)
            out.varint(Int(slot.origin.partition))
            out.varint(Int(slot.origin.offset) + 1)
        }
        var count = 0
        var entry = slot.firstEntry
        while entry >= 0 {
            count += 1
            entry = entries[entry].next
        }
        out.varint(count)
        entry = slot.firstEntry
        while entry >= 0 {
            let known = entries[entry]
            out.varint(Int(values[known.value].number))
            out.varint(Int(known.revision) + 1)
            out.byte((known.position == .min ? 0 : 1) | (known.isForeign ? 2 : 0))
            if known.position != .min { out.int64(known.position) }
            entry = known.next
        }
    }
}
