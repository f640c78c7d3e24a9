import Canonical

extension RecordState {
    /// Takes over columns of another state with all they said and held.
    ///
    /// Revisions of another key mean nothing here, so what was written counts as written before everything, and every
    /// column waits to be written again. What was written into a copy is marked as another's: ``claimWritten()`` finds out
    /// whether it is.
    mutating func take(_ columns: [Int], of other: borrowing RecordState) {
        var places = [Int32](repeating: -1, count: other.columns.count)
        for index in columns {
            let from = other.columns[index]
            let place = addColumn(other.string(from.name))
            places[index] = Int32(place)
            self.columns[place].selfID = append(other.buffer(from.selfID))
            self.columns[place].status = from.status
            self.columns[place].reason = append(other.buffer(from.reason))
            self.columns[place].isObservable = from.isObservable
        }
        for index in columns where other.columns[index].anchor >= 0 {
            self.columns[Int(places[index])].anchor = places[Int(other.columns[index].anchor)]
        }
        for index in other.hashes.indices where places[Int(other.hashes[index].column)] >= 0 {
            var moved = other.hashes[index]
            moved.column = places[Int(moved.column)]
            hashes.append(moved)
        }
        for index in other.fields.indices { take(other.fields[index], of: other, places) }
        modified = true
    }

    private mutating func take(_ field: Field, of other: borrowing RecordState, _ places: [Int32]) {
        var slot = field.firstSlot
        while slot >= 0 {
            let from = other.slots[slot]
            slot = from.next
            let column = places[Int(from.column)]
            guard column >= 0 else { continue }
            let here = addField(other.buffer(field.name))
            fields[here].isDirty = true
            let place = addSlot(field: here, column: Int(column))
            slots[place].stamp = from.stamp
            slots[place].origin = from.origin
            slots[place].isTrimmed = from.isTrimmed
            if from.contribution >= 0 {
                slots[place].contribution = intern(other.text(from.contribution), field: here)
            }
            takeEntries(from, of: other, wasWritten: field.golden >= 0, field: here, slot: place)
        }
    }

    /// - Parameter wasWritten: whether the golden record had this field. What a report showed of others is no write of ours.
    private mutating func takeEntries(
        _ from: Slot, of other: borrowing RecordState, wasWritten: Bool, field: Int, slot: Int
    ) {
        var last: Int32 = -1
        var entry = from.firstEntry
        while entry >= 0 {
            var moved = other.entries[entry]
            entry = moved.next
            moved.value = intern(other.text(moved.value), field: field)
            moved.isForeign = moved.isForeign || moved.isWrite && wasWritten
            moved.revision = moved.isWrite ? 0 : -1
            moved.next = -1
            entries.append(moved)
            let place = Int32(entries.count - 1)
            if last < 0 { slots[slot].firstEntry = place } else { entries[last].next = place }
            last = place
        }
    }

    /// Of what was written into the copies, what a member says itself is no other person's.
    mutating func claimWritten() {
        for field in fields.indices {
            var slot = fields[field].firstSlot
            while slot >= 0 {
                var entry = slots[slot].firstEntry
                while entry >= 0 {
                    if entries[entry].isForeign, isSaid(entries[entry].value, field: field) {
                        entries[entry].isForeign = false
                    }
                    entry = entries[entry].next
                }
                slot = slots[slot].next
            }
        }
    }

    /// Whether any column, with a say or without, states this value.
    func isSaid(_ value: Int32, field: Int) -> Bool {
        var slot = fields[field].firstSlot
        while slot >= 0 {
            let contribution = slots[slot].contribution
            if contribution >= 0, same(contribution, value) { return true }
            slot = slots[slot].next
        }
        return false
    }

    /// Whether a column is a member, not the place kept for a system that has none yet (`shop:`).
    func isMember(_ column: Int) -> Bool {
        // A number may end with a colon: only a system's own is at the end and the first.
        let name = buffer(columns[column].name)
        return name.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 < name.count } ?? true
    }
}
