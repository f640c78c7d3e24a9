import Canonical
import Document

/// What an observation is, against what the copy was known to hold (docs/contracts.md, Shadow).
enum Classification: Equatable {
    /// The copy held this already: the contribution keeps its stamp.
    case noNews
    /// The copy holds what a write gave it: an acknowledgement.
    case echo
    /// The system's own edit.
    case edit
    /// It belongs before what was read already: known, or overtaken.
    case stale
}

/// What comes with an observed value.
struct Observation {
    /// Where the system's change log stood; nil: after everything known.
    var position: Int64?
    /// When the system says it happened.
    var stamp: Tick
    var arrival: Tick
    var origin: Origin
}

extension RecordState {
    /// The most entries that a timeline keeps. So many writes may stand ahead of what was read of the change log.
    static let longestTimeline = 256
    /// So many it keeps however long their values are; further ones as long as all values together aren't longer than this.
    static let sureTimeline = 16
    static let longestTimelineBytes = 16_384

    /// Takes in what a system's copy was seen to hold in one field, and says what that means (I6).
    mutating func observe(
        _ text: UnsafeBufferPointer<UInt8>, field: Int, column: Int, _ seen: Observation, by merge: Merge
    ) -> Classification {
        let value = intern(text, field: field)
        let slot = addSlot(field: field, column: column)
        let found = classify(value, slot: slot, at: seen.position)
        if let position = seen.position { prune(slot, before: position) }
        guard found.classification == .edit else { return found.classification }
        // Without a baseline, a contribution of the same value is this very statement, read again.
        let contribution = slots[slot].contribution
        let repeated = !found.hasBaseline && contribution >= 0 && same(contribution, value)
        insert(Entry(position: seen.position ?? latestPosition(slot), revision: -1, value: value, next: -1), slot)
        modified = true
        if found.isOvertaken || repeated { return .noNews }
        slots[slot].contribution = contributed(value, found.baseline, field: field, slot: slot, by: merge)
        slots[slot].stamp = stamp(seen, hasBaseline: found.hasBaseline, isNull: isNull(value))
        slots[slot].origin = seen.origin
        fields[field].isDirty = true
        return .edit
    }

    /// Whether an observed value is no news for certain, found without writing it out. False may mean that it takes a
    /// closer look.
    func isPlainlyNoNews(_ node: Node, field: Int, column: Int, _ seen: Observation) -> Bool {
        guard let last = onlyBaseline(field: field, column: column, seen) else { return false }
        return ValueText.isPlainly(text(last.value), node)
    }

    /// The last entry, when it is the baseline of the observation and nothing stands before it to be dropped.
    func onlyBaseline(field: Int, column: Int, _ seen: Observation) -> Entry? {
        guard let slot = slot(field: field, column: column) else { return nil }
        guard let position = seen.position else { return lastEntry(slot) }
        let first = slots[slot].firstEntry
        guard first >= 0, entries[first].next < 0, entries[first].position < position else { return nil }
        return entries[first]
    }

    /// What an edit makes the system's own say: the value, but of a set only what is its own in it.
    private mutating func contributed(
        _ value: Int32, _ baseline: Int32, field: Int, slot: Int, by merge: Merge
    ) -> Int32 {
        guard case .union(let by) = merge.strategy(self, field),
            let own = Union.own(self, field: field, slot: slot, baseline: baseline, value: value, by: by)
        else { return value }
        return intern(own, field: field)
    }

    /// An undated edit happened after its baseline was seen: it counts as of its arrival. An undated first statement may
    /// be of any age, and a null there removes nothing: both count as before everything.
    private func stamp(_ seen: Observation, hasBaseline: Bool, isNull: Bool) -> Tick {
        if !hasBaseline && isNull { return .never }
        if seen.stamp.isKnown { return min(seen.stamp, seen.arrival) }
        return hasBaseline ? seen.arrival : .never
    }

    /// A classification, with what it was found by.
    private struct Finding {
        var classification: Classification
        /// The last value known before the observation; -1 for none.
        var baseline: Int32
        /// Whether something later was observed already.
        var isOvertaken: Bool

        var hasBaseline: Bool { baseline >= 0 }
    }

    private func classify(_ value: Int32, slot: Int, at position: Int64?) -> Finding {
        var baseline: Int32 = -1
        var isEcho = false
        var nextWrite: Int64?
        var isOvertaken = false
        var isRepeated = false
        var entry = slots[slot].firstEntry
        while entry >= 0 {
            let known = entries[entry]
            if position == nil || known.position < position! {
                baseline = known.value
            } else if known.isWrite {
                // What a write leaves in the log stands between the write before and itself.
                if nextWrite == nil { nextWrite = known.position }
                if known.position == nextWrite, same(known.value, value) { isEcho = true }
            } else {
                if known.position > position! { isOvertaken = true }
                if known.position == position!, same(known.value, value) { isRepeated = true }
            }
            entry = known.next
        }
        let classification: Classification =
            if baseline >= 0, same(baseline, value) {
                .noNews
            } else if isRepeated {
                .noNews
            } else if isEcho {
                .echo
            } else if baseline < 0, slots[slot].isTrimmed {
                .stale
            } else {
                .edit
            }
        return Finding(classification: classification, baseline: baseline, isOvertaken: isOvertaken)
    }

    /// Takes in what a copy holds after a write of a revision.
    ///
    /// - Parameter isFormer: whether the revision was of other members than these; what nobody here says is then another
    ///   person's, and goes.
    mutating func acknowledge(
        _ text: UnsafeBufferPointer<UInt8>, field: Int, column: Int, position: Int64?, revision: Int64,
        isFormer: Bool = false
    ) {
        let value = intern(text, field: field)
        let slot = addSlot(field: field, column: column)
        var written = Entry(position: position ?? latestPosition(slot), revision: revision, value: value, next: -1)
        modified = true
        if isFormer, !isNull(value), !isSaid(value, field: field) {
            written.isForeign = true
            if fields[field].golden < 0 { fields[field].isDirty = true }
        }
        if !extendRun(written, slot) { insert(written, slot) }
    }

    /// Of a run of writes of one value the first and the last tell all: moves the last one on, if this is one more.
    private mutating func extendRun(_ written: Entry, _ slot: Int) -> Bool {
        var before: Int32 = -1
        var last = slots[slot].firstEntry
        guard last >= 0 else { return false }
        while entries[last].next >= 0 {
            before = last
            last = entries[last].next
        }
        guard before >= 0, entries[before].isWrite, entries[last].isWrite, entries[last].position <= written.position,
            entries[before].value == written.value, entries[last].value == written.value,
            entries[last].isForeign == written.isForeign
        else { return false }
        entries[last].position = written.position
        entries[last].revision = max(entries[last].revision, written.revision)
        return true
    }

    /// Forgets what a copy held: it is gone.
    mutating func forgetTimeline(_ slot: Int) {
        guard slots[slot].firstEntry >= 0 || slots[slot].isTrimmed else { return }
        slots[slot].firstEntry = -1
        slots[slot].isTrimmed = false
        slots[slot].rewrites = 0
        modified = true
    }

    private func latestPosition(_ slot: Int) -> Int64 { lastEntry(slot)?.position ?? .min }

    /// Puts an entry behind those at or before its position.
    private mutating func insert(_ entry: Entry, _ slot: Int) {
        var before: Int32 = -1
        var at = slots[slot].firstEntry
        var count = 1
        while at >= 0, entries[at].position <= entry.position {
            before = at
            at = entries[at].next
            count += 1
        }
        if entry.position == .min, at < 0 {
            // No positions at all: what is observed next comes after this, so nothing older will be compared with.
            before = -1
            count = 1
        }
        var added = entry
        added.next = at
        entries.append(added)
        if before >= 0 {
            entries[before].next = Int32(entries.count - 1)
        } else {
            slots[slot].firstEntry = Int32(entries.count - 1)
        }
        while at >= 0 {
            count += 1
            at = entries[at].next
        }
        if count > Self.longestTimeline || count > Self.sureTimeline && isTooLong(slot) {
            slots[slot].firstEntry = entries[slots[slot].firstEntry].next
            slots[slot].isTrimmed = true
        }
    }

    private func isTooLong(_ slot: Int) -> Bool {
        var bytes = 0
        var entry = slots[slot].firstEntry
        while entry >= 0 {
            bytes += text(entries[entry].value).count
            entry = entries[entry].next
        }
        return bytes > Self.longestTimelineBytes
    }

    /// Drops what stands before the baseline of a position: change logs are read in order, so nothing older comes.
    private mutating func prune(_ slot: Int, before position: Int64) {
        while true {
            let first = slots[slot].firstEntry
            guard first >= 0 else { return }
            let second = entries[first].next
            guard second >= 0, entries[second].position < position else { return }
            slots[slot].firstEntry = second
            slots[slot].isTrimmed = true
            modified = true
        }
    }
}
