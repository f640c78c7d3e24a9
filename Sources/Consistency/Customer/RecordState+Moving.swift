import Canonical

extension RecordState {
    /// Takes over columns of another state with all they said and held.
    ///
    /// Revisions of another key mean nothing here, so what was written counts as written before everything, and every
    /// column waits to be written again.
    mutating func take(_ columns: [Int], of other: RecordState) {
        var places = [Int32](repeating: -1, count: other.columns.count)
        for index in columns {
            let from = other.columns[index]
            let place = addColumn(other.string(from.name))
            places[index] = Int32(place)
            self.columns[place].selfID = append(other.arena[from.selfID.range])
            self.columns[place].status = from.status
            self.columns[place].reason = append(other.arena[from.reason.range])
            self.columns[place].isObservable = from.isObservable
        }
        for index in columns where other.columns[index].anchor >= 0 {
            self.columns[Int(places[index])].anchor = places[Int(other.columns[index].anchor)]
        }
        for hash in other.hashes where places[Int(hash.column)] >= 0 {
            var moved = hash
            moved.column = places[Int(hash.column)]
            hashes.append(moved)
        }
        for field in other.fields { take(field, of: other, places) }
        modified = true
    }

    private mutating func take(_ field: Field, of other: RecordState, _ places: [Int32]) {
        let name = Array(other.arena[field.name.range])
        var slot = field.firstSlot
        while slot >= 0 {
            let from = other.slots[Int(slot)]
            slot = from.next
            let column = places[Int(from.column)]
            guard column >= 0 else { continue }
            let here = name.withUnsafeBufferPointer { addField($0) }
            fields[here].isDirty = true
            let place = addSlot(field: here, column: Int(column))
            slots[place].stamp = from.stamp
            slots[place].origin = from.origin
            slots[place].isTrimmed = from.isTrimmed
            if from.contribution >= 0 {
                slots[place].contribution = intern(Array(other.text(from.contribution)), field: here)
            }
            takeEntries(from, of: other, field: here, slot: place)
        }
    }

    private mutating func takeEntries(_ from: Slot, of other: RecordState, field: Int, slot: Int) {
        var last: Int32 = -1
        var entry = from.firstEntry
        while entry >= 0 {
            var moved = other.entries[Int(entry)]
            entry = moved.next
            moved.value = intern(Array(other.text(moved.value)), field: field)
            moved.revision = moved.isWrite ? 0 : -1
            moved.next = -1
            entries.append(moved)
            let place = Int32(entries.count - 1)
            if last < 0 { slots[slot].firstEntry = place } else { entries[Int(last)].next = place }
            last = place
        }
    }

    func text(_ value: Int32) -> ArraySlice<UInt8> { arena[values[Int(value)].text.range] }

    /// Whether a column is a member, not the place kept for a system that has none yet (`shop:`).
    func isMember(_ column: Int) -> Bool { arena[columns[column].name.range].last != UInt8(ascii: ":") }
}
