import Canonical

/// What the hub knows of one entity: its systems' copies, and per field what each of them said and was seen to hold.
///
/// Laid out flat: texts in one arena (the state's own bytes, and what is new behind them), everything else in arrays that
/// point at each other by index. One value is used for one state after the other, so its memory is allocated once.
///
/// For records a column is a system; for customers it is one member, `system:id`.
struct RecordState: ~Copyable {
    var arena = Table<UInt8>(capacity: 4096)
    var flags: Flags = []
    var rules: UInt32 = 0
    var revision: Int64 = 0
    var columns = Table<Column>(capacity: 16)
    /// By name. The first one, with the empty name, is whether the entity exists.
    var fields = Table<Field>()
    var values = Table<Value>()
    var slots = Table<Slot>()
    var entries = Table<Entry>()
    /// Customers: what members are matched by.
    var hashes = Table<MatchHash>(capacity: 8)
    /// What was read: fields that still look like that are written by copying their bytes.
    var asRead = AsRead()
    /// Where the members of the last statement stood among the fields: those of the next one mostly stand there, too.
    var guesses = Table<Int32>(capacity: 32)
    /// Whether there is anything to write back.
    var modified = false
    /// Whether it may be found by other names than before (``StateName``).
    var hasOtherNames = false

    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// There is a golden record.
        static let alive = Flags(rawValue: 1)
        /// There was one; systems must delete their copies.
        static let erased = Flags(rawValue: 2)
        /// The tombstone is written.
        static let gone = Flags(rawValue: 4)
    }

    struct Column: BitwiseCopyable {
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

    enum Status: UInt8, BitwiseCopyable {
        case none, written, unchanged, absent, parked
    }

    struct Field: BitwiseCopyable {
        var name: TextRange
        /// The revision at which the golden value last changed.
        var changed: Int64 = 0
        var firstValue: Int32 = -1
        var firstSlot: Int32 = -1
        /// The golden value; -1 when there is none.
        var golden: Int32 = -1
        var isDirty = false
        /// Which of the fields that were read it is; -1 for a new one.
        var read: Int32 = -1
    }

    /// A value's JSON text. Values of a field differ in their text, not always in what it means (19.90, 19.9).
    struct Value: BitwiseCopyable {
        var text: TextRange
        var next: Int32
        /// Its number when written.
        var number: Int32 = -1
    }

    /// One column's part in one field.
    struct Slot: BitwiseCopyable {
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

    struct Entry: BitwiseCopyable {
        /// In the system's change log; `.min` when unknown.
        var position: Int64
        /// The revision that was written; -1: observed.
        var revision: Int64
        var value: Int32
        var next: Int32
        /// Customers: we wrote it for somebody who was found to be another person since. Nobody here says it.
        var isForeign = false

        var isWrite: Bool { revision >= 0 }
    }

    struct MatchHash: Equatable, BitwiseCopyable {
        var column: Int32
        /// Which of the rules' match fields.
        var field: UInt8
        var high: UInt64
        var low: UInt64
    }

    /// Forgets all and keeps the memory.
    mutating func reset() {
        arena.removeAll()
        flags = []
        rules = 0
        revision = 0
        columns.removeAll()
        fields.removeAll()
        values.removeAll()
        slots.removeAll()
        entries.removeAll()
        hashes.removeAll()
        asRead.reset()
        modified = false
        hasOtherNames = false
    }
}

// MARK: Texts

extension RecordState {
    func buffer(_ text: TextRange) -> UnsafeBufferPointer<UInt8> { arena.buffer(text) }

    /// A value's JSON text.
    func text(_ value: Int32) -> UnsafeBufferPointer<UInt8> { arena.buffer(values[value].text) }

    func string(_ text: TextRange) -> String { String(decoding: buffer(text), as: UTF8.self) }

    func equals(_ text: TextRange, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        Int(text.count) == other.count
            && (other.isEmpty || sameBytes(arena.start + Int(text.start), other.baseAddress!, other.count))
    }

    func equals(_ text: TextRange, _ other: String) -> Bool {
        guard Int(text.count) == other.utf8.count else { return false }
        var other = other
        return other.withUTF8 { equals(text, $0) }
    }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> TextRange {
        let start = arena.count
        arena.append(text)
        return TextRange(start: Int32(start), count: Int32(text.count))
    }

    mutating func append(_ text: String) -> TextRange {
        var text = text
        let start = arena.count
        text.withUTF8 { arena.append($0) }
        return TextRange(start: Int32(start), count: Int32(arena.count - start))
    }
}

// MARK: Columns

extension RecordState {
    func column(_ name: String) -> Int? {
        for index in columns.indices where equals(columns[index].name, name) { return index }
        return nil
    }

    /// The column of that name, made when there is none.
    mutating func addColumn(_ name: String) -> Int {
        if let found = column(name) { return found }
        let text = append(name)
        columns.append(Column(name: text))
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
            let order = byteOrder(buffer(fields[middle].name), name)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    mutating func addField(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let place = find(field: name)
        if !place.found {
            let text = append(name)
            fields.insert(Field(name: text), at: place.index)
        }
        return place.index
    }

    /// The same for the member at a place of a statement.
    mutating func addField(_ name: UnsafeBufferPointer<UInt8>, member place: Int) -> Int {
        while guesses.count <= place { guesses.append(0) }
        let guess = Int(guesses[place])
        if guess < fields.count, equals(fields[guess].name, name) { return guess }
        let found = addField(name)
        guesses[place] = Int32(found)
        return found
    }

    func field(_ name: String) -> Int? {
        var name = name
        let place = name.withUTF8 { find(field: $0) }
        return place.found ? place.index : nil
    }

    /// Whether the entity exists, as a field: always the first.
    mutating func existence() -> Int {
        if fields.isEmpty || !fields[0].name.isEmpty { fields.insert(Field(name: .empty), at: 0) }
        return 0
    }

    /// The value of that text among the field's values, added when it is new.
    mutating func intern(_ text: UnsafeBufferPointer<UInt8>, field: Int) -> Int32 {
        var value = fields[field].firstValue
        while value >= 0 {
            if equals(values[value].text, text) { return value }
            value = values[value].next
        }
        let range = append(text)
        return addValue(range, field: field)
    }

    mutating func intern(_ text: [UInt8], field: Int) -> Int32 {
        text.withUnsafeBufferPointer { intern($0, field: field) }
    }

    private mutating func addValue(_ text: TextRange, field: Int) -> Int32 {
        values.append(Value(text: text, next: fields[field].firstValue))
        fields[field].firstValue = Int32(values.count - 1)
        return Int32(values.count - 1)
    }

    func slot(field: Int, column: Int) -> Int? {
        var slot = fields[field].firstSlot
        while slot >= 0 {
            if slots[slot].column == Int32(column) { return Int(slot) }
            slot = slots[slot].next
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
        while entries[entry].next >= 0 { entry = entries[entry].next }
        return entries[entry]
    }
}
