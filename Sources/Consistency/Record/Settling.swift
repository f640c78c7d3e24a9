import Canonical

// After an event was taken in: merge what it touched, and say what follows.

extension RecordState {
    /// How often a field is sent again to a copy that doesn't keep it, without new input.
    static let mostRewrites: UInt8 = 3
}

extension RecordState {
    /// Merges what is dirty; emits the golden record, its end or its tombstone; asks for losing edits to be corrected.
    mutating func settle(_ place: Place, _ now: Tick, _ effects: inout Effects) {
        if rules != place.context.rules {
            rules = place.context.rules
            modified = true
            for field in fields.indices { fields[field].isDirty = true }
        }
        // Nothing new was said or seen, so nothing follows.
        guard modified || place.isChanged else { return }
        for (follower, leader) in place.context.followers {
            guard let leading = field(leader), fields[leading].isDirty else { continue }
            if let field = field(follower) { fields[field].isDirty = true }
        }
        let before = flags
        let existence = self.existence()
        var changed = mergeDirty(place.context.merge, next: revision + 1)
        let exists = place.context.merge.existence(self, field: existence) ?? false
        changed = setExistence(exists, existence) || changed || place.isChanged
        let mustResend = place.isMissed || !place.isReport && place.column >= 0 && resend(place)
        if exists {
            if changed || mustResend || !before.contains(.alive) { emitGolden(place, now, &effects) }
        } else if before.contains(.alive) {
            emitErased(place, now, &effects)
        } else if mustResend, !before.isDisjoint(with: [.erased, .gone]) {
            emitErased(place, now, &effects)
        }
        if flags.contains(.erased) { bury(place, &effects) }
        // Behind the tombstone: whoever kept it until now has deleted it, too.
        if before.contains(.gone), flags.contains(.gone), modified { purge(ofMembers: place.context.merge.ofMembers) }
    }

    private mutating func mergeDirty(_ merge: Merge, next: Int64) -> Bool {
        var changed = false
        // Existence, the first field, has rules of its own.
        for field in fields.indices.dropFirst() where fields[field].isDirty {
            fields[field].isDirty = false
            var value = merge.outcome(&self, field: field).value
            // Nobody gives it: that removes nothing (I8), but for what is another person's.
            if value < 0, holdsForeign(field) { value = intern(ValueText.null, field: field) }
            let golden = fields[field].golden
            let isSame = golden < 0 || value < 0 ? golden == value : same(golden, value)
            fields[field].golden = value
            guard !isSame else { continue }
            changed = true
            fields[field].changed = next
            forgiveRewrites(field)
        }
        return changed
    }

    /// Keeps whether the entity exists as the first field's golden value.
    private mutating func setExistence(_ exists: Bool, _ existence: Int) -> Bool {
        fields[existence].isDirty = false
        let golden = fields[existence].golden
        guard golden < 0 || isTrue(golden) != exists else { return false }
        modified = true
        fields[existence].golden = intern(exists ? ValueText.yes : ValueText.no, field: existence)
        fields[existence].changed = revision + 1
        forgiveRewrites(existence)
        return exists
    }

    /// Whether the event's copy holds what lost, with no write under way that would correct it; counts the attempts.
    private mutating func resend(_ place: Place) -> Bool {
        let column = place.column
        // Behind a tombstone nothing is under way: nobody is given the erasure any more whose report this copy owes.
        let isOnItsWay = columns[column].acknowledged < revision && !flags.contains(.gone)
        guard copies(place.context).contains(column), !isOnItsWay else { return false }
        var mustResend = false
        for field in fields.indices {
            guard let slot = slot(field: field, column: column), !isInSync(field: field, slot: slot) else {
                continue
            }
            if slots[slot].rewrites < RecordState.mostRewrites {
                slots[slot].rewrites += 1
                modified = true
                mustResend = true
            }
            // A copy that should not be there, or is not there, has no fields to correct.
            if field == 0 { return mustResend }
        }
        return mustResend
    }

    private mutating func emitGolden(_ place: Place, _ now: Tick, _ effects: inout Effects) {
        revision += 1
        flags = .alive
        wait(place, now)
        let document = effects.document { writeGolden(into: &$0, members: place.context.merge.ofMembers) }
        effects.add(
            .golden(entity: place.context.name, key: place.key, revision: revision, document: document))
    }

    private mutating func emitErased(_ place: Place, _ now: Tick, _ effects: inout Effects) {
        revision += 1
        flags = .erased
        wait(place, now)
        effects.add(.erased(entity: place.context.name, key: place.key, revision: revision))
    }

    /// Every copy waits for its report from now on.
    private mutating func wait(_ place: Place, _ now: Tick) {
        modified = true
        for column in copies(place.context) where !columns[column].pendingSince.isKnown {
            columns[column].pendingSince = now
        }
    }

    /// Writes the tombstone once no subscriber holds a copy any more, and forgets what they said.
    private mutating func bury(_ place: Place, _ effects: inout Effects) {
        let existence = self.existence()
        let erasedAt = fields[existence].changed
        let columns = copies(place.context)
        guard columns.allSatisfy({ isAbsent(column: $0, existence: existence, since: erasedAt) }) else { return }
        flags = .gone
        modified = true
        effects.add(.tombstone(entity: place.context.name, key: place.key))
        purge(ofMembers: place.context.merge.ofMembers)
    }

    /// Whether a copy was last seen to be gone, or has acknowledged the erasure.
    private func isAbsent(column: Int, existence: Int, since erasedAt: Int64) -> Bool {
        guard let slot = slot(field: existence, column: column), let last = lastEntry(slot) else {
            return columns[column].acknowledged >= erasedAt
        }
        return !isTrue(last.value)
    }
}

// MARK: Copies

extension RecordState {
    /// The columns that are subscribers' copies; a subscriber without one gets one.
    mutating func copies(_ context: EntityContext) -> [Int] {
        var copies: [Int] = []
        for system in context.subscribers {
            var first = -1
            var anyPresent = false
            for index in columns.indices where context.merge.isColumn(self, Int32(index), of: system) {
                // A member that is gone says more than the place that was kept before there was one.
                if first < 0 || !isMember(first) { first = index }
                guard isPresent(index) else { continue }
                copies.append(index)
                anyPresent = true
            }
            if anyPresent { continue }
            copies.append(first >= 0 ? first : addColumn(context.merge.ofMembers ? "\(system):" : system))
        }
        return copies
    }
}

extension RecordState {
    /// Whether the copy was there when last heard of.
    func isPresent(_ column: Int) -> Bool {
        guard !fields.isEmpty, fields[0].name.isEmpty, let slot = slot(field: 0, column: column),
            let last = lastEntry(slot)
        else { return false }
        return isTrue(last.value)
    }

    /// Whether a copy holds a field's golden value, or what it makes of it.
    func isInSync(field: Int, slot: Int) -> Bool {
        guard let last = lastEntry(slot) else { return true }
        if last.isWrite, last.revision >= fields[field].changed { return true }
        let golden = fields[field].golden
        // Without a golden value there is nothing that it should hold.
        return golden < 0 || same(golden, last.value)
    }

    /// Whether a copy holds something that we wrote into this field for somebody else.
    private func holdsForeign(_ field: Int) -> Bool {
        var slot = fields[field].firstSlot
        while slot >= 0 {
            if let last = lastEntry(Int(slot)), last.isForeign, !isNull(last.value) { return true }
            slot = slots[slot].next
        }
        return false
    }

    /// New input: what was sent again in vain may be tried again.
    mutating func forgiveRewrites(_ field: Int) {
        var slot = fields[field].firstSlot
        while slot >= 0 {
            slots[slot].rewrites = 0
            slot = slots[slot].next
        }
    }

    /// Forgets everything that copies which are gone said and held. Of records it stays known who deleted them, so that
    /// nobody's older statement revives one (I3); of persons nothing stays but the revision, so that a new beginning
    /// counts on.
    mutating func purge(ofMembers: Bool) {
        hasOtherNames = true
        var present: [Bool] = []
        for column in columns.indices { present.append(isPresent(column)) }
        if ofMembers && !present.contains(true) {
            columns.removeAll()
            fields.removeAll()
            hashes.removeAll()
            return
        }
        for field in fields.indices.dropFirst() {
            keepSlots(of: field) { present[Int($0)] }
            fields[field].isDirty = true
            fields[field].golden = -1
        }
        fields.removeAll { !$0.name.isEmpty && $0.firstSlot < 0 }
        hashes.removeAll { !present[Int($0.column)] }
    }

    mutating func keepSlots(of field: Int, _ keep: (Int32) -> Bool) {
        var kept: Int32 = -1
        var slot = fields[field].firstSlot
        while slot >= 0 {
            let next = slots[slot].next
            if keep(slots[slot].column) {
                slots[slot].next = kept
                kept = slot
            }
            slot = next
        }
        fields[field].firstSlot = kept
    }
}
