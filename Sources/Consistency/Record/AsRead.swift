#if canImport(Glibc)
    import Glibc
#endif

/// The fields of a state as they were read, by which those are found that nothing has touched since.
///
/// They are compared with what they have become. So nobody who changes a field has to say so, or could forget it.
struct AsRead: ~Copyable {
    struct Field: BitwiseCopyable {
        /// Where it lies in the arena, with its name.
        let bytes: TextRange
        let field: RecordState.Field
        /// Its part of the slots and of the entries.
        let slots: TextRange
        let entries: TextRange
    }

    private var fields = Table<Field>()
    private var slots = Table<RecordState.Slot>()
    private var entries = Table<RecordState.Entry>()

    mutating func reset() {
        fields.removeAll()
        slots.removeAll()
        entries.removeAll()
    }

    /// Notes a field; answers its number.
    mutating func add(_ field: Field) -> Int32 {
        fields.append(field)
        return Int32(fields.count - 1)
    }

    /// Copies what all fields together have, once all of them are read.
    mutating func keep(_ slots: borrowing Table<RecordState.Slot>, _ entries: borrowing Table<RecordState.Entry>) {
        self.slots.append(slots.all)
        self.entries.append(entries.all)
    }

    /// The bytes of a field that is as it was read; nil when it is not, or may not be.
    ///
    /// Values are only ever added, at the head of a field's list: then its first one is another.
    func bytes(
        of field: RecordState.Field, _ slots: borrowing Table<RecordState.Slot>,
        _ entries: borrowing Table<RecordState.Entry>
    ) -> TextRange? {
        guard field.read >= 0 else { return nil }
        let known = fields[field.read]
        guard field.changed == known.field.changed, field.golden == known.field.golden,
            field.firstValue == known.field.firstValue, field.firstSlot == known.field.firstSlot,
            Self.isSame(slots, self.slots, known.slots), Self.isSame(entries, self.entries, known.entries)
        else { return nil }
        return known.bytes
    }

    /// Padding may differ between equal ones: that costs time, and nothing else.
    private static func isSame<Element>(
        _ one: borrowing Table<Element>, _ other: borrowing Table<Element>, _ range: TextRange
    ) -> Bool {
        let size = Int(range.count) * MemoryLayout<Element>.stride
        return size == 0 || memcmp(one.start + Int(range.start), other.start + Int(range.start), size) == 0
    }
}

extension RecordState {
    /// What was read of a field, when it is what would be written of it.
    func bytesAsRead(ofField index: Int) -> TextRange? { asRead.bytes(of: fields[index], slots, entries) }
}
