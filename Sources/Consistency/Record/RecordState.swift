import Canonical

/// What the hub knows of one entity: its systems' copies, and per field what each of them said and was seen to hold.
///
/// Laid out flat: texts in one arena (the state's own bytes, and what is new behind them), everything else in arrays that
/// point at each other by index. One value is used for one state after the other, so its memory is allocated once.
///
/// For records a column is a system; for customers it is one member, `system:id`.
struct RecordState {
    var arena: [UInt8] = []
    var flags: Flags = []
    var rules: UInt32 = 0
    var revision: Int64 = 0
    var columns: [Column] = []
    /// By name. The first one, with the empty name, is whether the entity exists.
    var fields: [Field] = []
    var values: [Value] = []
    var slots: [Slot] = []
    var entries: [Entry] = []
    /// Customers: what members are matched by.
    var hashes: [MatchHash] = []
    /// Whether there is anything to write back.
    var modified = false

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// There is a golden record.
        static let alive = Flags(rawValue: 1)
        /// There was one; systems must delete their copies.
        static let erased = Flags(rawValue: 2)
        /// The tombstone is written.
        static let gone = Flags(rawValue: 4)
    }

    struct Column {
        var name: TextRange
        var selfID = TextRange.empty
        var status = Status.none
        /// Whether the copy has ever been seen: an observation, or a report with what is held.
        var isObservable = false
        /// The latest revision that a report named.
        var acknowledged: Int64 = 0
        /// Since when a revision waits for its report; ``Tick/never`` when none does.
        var pendingSince = Tick.never
        /// Why it is parked.
        var reason = TextRange.empty
        /// Customers: the member for whom this one was created by a sink; -1 for none.
        var anchor: Int32 = -1
    }

    enum Status: UInt8 {
        case none, written, unchanged, absent, parked
    }

    struct Field {
        var name: TextRange
        /// The revision at which the golden value last changed.
        var changed: Int64 = 0
        var firstValue: Int32 = -1
        var firstSlot: Int32 = -1
        /// The golden value; -1 when there is none.
        var golden: Int32 = -1
        var isDirty = false
    }

    /// A value's JSON text. Values of a field differ in their text, not always in what it means (19.90, 19.9).
    struct Value {
        var text: TextRange
        var next: Int32
        /// Its number when written.
        var number: Int32 = -1
    }

    /// One column's part in one field.
    struct Slot {
        var column: Int32
        var next: Int32
        /// What the system itself says; -1 for nothing.
        var contribution: Int32 = -1
        var stamp = Tick.never
        var origin = Origin(partition: 0, offset: -1)
        /// What the copy was known to hold, in the order of positions.
        var firstEntry: Int32 = -1
        /// Whether older entries were dropped.
        var isTrimmed = false
        /// How often the golden value was sent again without new input.
        var rewrites: UInt8 = 0
    }

    struct Entry {
        /// In the system's change log; `.min` when unknown.
        var position: Int64
        /// The revision that was written; -1: observed.
        var revision: Int64
        var value: Int32
        var next: Int32

        var isWrite: Bool { revision >= 0 }
    }

    struct MatchHash: Equatable {
        var column: Int32
        /// Which of the rules' match fields.
        var field: UInt8
        var high: UInt64
        var low: UInt64
    }

    /// Forgets all and keeps the memory.
    mutating func reset() {
        arena.removeAll(keepingCapacity: true)
        flags = []
        rules = 0
        revision = 0
        columns.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        modified = false
    }
}

// MARK: Texts

extension RecordState {
    func string(_ text: TextRange) -> String { String(decoding: arena[text.range], as: UTF8.self) }

    func equals(_ text: TextRange, _ other: some Collection<UInt8>) -> Bool {
        Int(text.count) == other.count && arena[text.range].elementsEqual(other)
    }

    mutating func append(_ text: some Collection<UInt8>) -> TextRange {
        let start = arena.count
        arena.append(contentsOf: text)
        return TextRange(start: Int32(start), count: Int32(arena.count - start))
    }
}

// MARK: Columns

extension RecordState {
    func column(_ name: String) -> Int? {
        for (index, column) in columns.enumerated() where equals(column.name, name.utf8) { return index }
        return nil
    }

    /// The column of that name, made when there is none.
    mutating func addColumn(_ name: String) -> Int {
        if let found = column(name) { return found }
        columns.append(Column(name: append(name.utf8)))
        modified = true
        return columns.count - 1
    }

    func name(ofColumn index: Int) -> String { string(columns[index].name) }
}

// MARK: Fields, values, slots

extension RecordState {
    /// The place of a field, or where it would stand.
    func find(field name: UnsafeBufferPointer<UInt8>) -> (index: Int, found: Bool) {
        var low = 0
        var high = fields.count
        while low < high {
            let middle = (low + high) / 2
            switch order(fields[middle].name, name) {
            case 0: return (middle, true)
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return (low, false)
    }

    private func order(_ text: TextRange, _ other: UnsafeBufferPointer<UInt8>) -> Int {
        let count = Int(text.count)
        let start = Int(text.start)
        return arena.withUnsafeBufferPointer { arena in
            var at = 0
            while at < count, at < other.count {
                let difference = Int(arena[start + at]) - Int(other[at])
                if difference != 0 { return difference }
                at += 1
            }
            return count - other.count
        }
    }

    mutating func addField(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let place = find(field: name)
        if !place.found { fields.insert(Field(name: append(name)), at: place.index) }
        return place.index
    }

    func field(_ name: String) -> Int? {
        var name = name
        let place = name.withUTF8 { find(field: $0) }
        return place.found ? place.index : nil
    }

    /// Whether the entity exists, as a field: always the first.
    mutating func existence() -> Int {
        if let first = fields.first, first.name.isEmpty { return 0 }
        fields.insert(Field(name: .empty), at: 0)
        return 0
    }

    /// The value of that text among the field's values, added when it is new.
    mutating func intern(_ text: [UInt8], field: Int) -> Int32 {
        let wanted = text.count
        var value = fields[field].firstValue
        let known = arena.withUnsafeBufferPointer { arena in
            text.withUnsafeBufferPointer { text in
                while value >= 0 {
                    let range = values[Int(value)].text
                    if Int(range.count) == wanted,
                        sameBytes(arena.baseAddress! + Int(range.start), text.baseAddress!, wanted)
                    {
                        return true
                    }
                    value = values[Int(value)].next
                }
                return false
            }
        }
        if known { return value }
        values.append(Value(text: append(text), next: fields[field].firstValue))
        fields[field].firstValue = Int32(values.count - 1)
        return Int32(values.count - 1)
    }

    func slot(field: Int, column: Int) -> Int? {
        var slot = fields[field].firstSlot
        while slot >= 0 {
            if slots[Int(slot)].column == Int32(column) { return Int(slot) }
            slot = slots[Int(slot)].next
        }
        return nil
    }

    mutating func addSlot(field: Int, column: Int) -> Int {
        if let found = slot(field: field, column: column) { return found }
        slots.append(Slot(column: Int32(column), next: fields[field].firstSlot))
        fields[field].firstSlot = Int32(slots.count - 1)
        return slots.count - 1
    }

    /// The latest of what the copy was known to hold.
    func lastEntry(_ slot: Int) -> Entry? {
        var entry = slots[slot].firstEntry
        guard entry >= 0 else { return nil }
        while entries[Int(entry)].next >= 0 { entry = entries[Int(entry)].next }
        return entries[Int(entry)]
    }
}

@inline(__always)
func sameBytes(_ one: UnsafePointer<UInt8>, _ other: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var at = 0
    while at + 8 <= count {
        let left = UnsafeRawPointer(one + at).loadUnaligned(as: UInt64.self)
        let right = UnsafeRawPointer(other + at).loadUnaligned(as: UInt64.self)
        if left != right { return false }
        at += 8
    }
    while at < count {
        if one[at] != other[at] { return false }
        at += 1
    }
    return true
}
