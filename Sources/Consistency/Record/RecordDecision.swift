import Canonical
import Document

// Records: each system's statements merge into one golden record by the entity's rules.

extension Engine {
    mutating func decideRecord(
        _ context: EntityContext, _ event: borrowing Event, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) -> Rejection? {
        let isKnown = state.read(event.envelope.subject) { record.take($0) }
        if isKnown { try record.decode() } else { record.reset() }
        var place = Place(context: context, key: event.envelope.subject)
        let system = event.envelope.source.system
        switch event.envelope.type.verb {
        case .stated:
            if let flaw = flaw(ofFields: event.data) { return Rejection(.malformed, "a statement's data \(flaw)") }
            place.column = record.addColumn(system)
            if record.isOvertaken(event, column: place.column) { return nil }
            if record.isOfGone(event, column: place.column) { return nil }
            record.takeStatement(event, place, &json, &effects)
        case .deleted:
            // What nobody ever held can't be deleted.
            guard isKnown else { return nil }
            place.column = record.addColumn(system)
            if record.isOvertaken(event, column: place.column) { return nil }
            record.takeDeletion(event, place, &effects)
        case .written:
            guard isKnown else { return Rejection(.malformed, "a report about what the hub doesn't have") }
            do {
                let report = try Report(event.data, of: system)
                place.isReport = true
                place.column = record.addColumn(system)
                place.isMissed = record.takeReport(report, event, place, &json, &effects)
            } catch {
                return error
            }
        default:
            return Rejection(.unknownType, "\(context.name) takes no '\(event.envelope.type.verb.rawValue)'")
        }
        record.settle(place, now, &effects)
        if record.modified { save(event.envelope.subject, &state) }
        return nil
    }

    mutating func save(_ key: String, _ state: inout some StateAccess) {
        record.encode(&writer)
        state.put(key, writer.bytes, keepsNames: !record.hasOtherNames)
    }
}

/// The most fields that are taken of one event.
private let mostFields = 4096

/// Why a value can't be taken field by field; nil when it can.
func flaw(ofFields data: Node) -> String? {
    guard data.kind == .object else { return "must be an object" }
    // Each new one is put in its place among the others.
    if data.count > mostFields { return "holds \(data.count) fields, of at most \(mostFields)" }
    // In a record's state the field without a name is whether the record exists (I8).
    for (_, name, _) in data.fixedMembers where name.isEmpty {
        return "holds a field without a name: name it or leave it out"
    }
    return nil
}

/// Which record is decided, and whose event does it.
struct Place {
    let context: EntityContext
    /// The golden record's key.
    var key: String
    /// The event's column; -1 for none.
    var column = -1
    var isReport = false
    /// Whether a sink passed over a copy that it didn't know of: the document must be sent again.
    var isMissed = false
    /// Whether the document must be sent again whatever its fields say: its members changed.
    var isChanged = false
}

// MARK: What events say

extension RecordState {
    mutating func takeStatement(
        _ event: borrowing Event, _ place: Place, _ json: inout JSONWriter, _ effects: inout Effects
    ) {
        let seen = Observation(event)
        if !columns[place.column].isObservable {
            columns[place.column].isObservable = true
            modified = true
        }
        let existence = self.existence()
        // Older than what was read of this copy already: so are its fields.
        let known = onlyBaseline(field: existence, column: place.column, seen)
        if known.map({ !isTrue($0.value) }) ?? true {
            let presence = observe(true, column: place.column, seen, by: place.context.merge)
            guard presence != .stale else { return }
        }
        let isFormer = wasGoneLater(existence, column: place.column, seen)
        // Under the number of a former life nothing stands: whoever wrote there would wait for ever (I9).
        if !wasDeletedLater(existence, column: place.column, seen.position) {
            addNumber(number(of: event, place), place, &effects)
        }
        var number = -1
        for (_, name, value) in event.data.fixedMembers {
            number += 1
            if !place.context.readOnly.isEmpty, place.context.readOnly.contains(where: { $0.elementsEqual(name) }) {
                continue
            }
            let field = addField(name, member: number)
            if isFormer, !isRemembered(field, column: place.column) { continue }
            if isPlainlyNoNews(value, field: field, column: place.column, seen) { continue }
            json.reset()
            json.write(value)
            json.bytes.withUnsafeBufferPointer {
                _ = observe($0, field: field, column: place.column, seen, by: place.context.merge)
            }
        }
    }

    /// The system's own number; a customer's is in her key.
    private func number(of event: borrowing Event, _ place: Place) -> String? {
        place.context.merge.ofMembers ? Reference(key: event.envelope.subject)?.id : event.envelope.selfID
    }

    /// Whether something was there before a write whose report has come already: it was said then, or the report has overtaken it.
    /// Behind the report it would count as an edit that was made after the write (I3, I6).
    func isOvertaken(_ event: borrowing Event, column: Int) -> Bool {
        guard let revision = event.envelope.revision else { return false }
        // Where nothing was reported there is nothing to be behind.
        let reported = columns[column].acknowledged
        return reported > 0 && reported >= revision
    }

    /// Whether a record that isn't in use shows a copy that was known to be gone: what a sink's deletion has left of it says nothing,
    /// least of all that it is back (I6).
    mutating func isOfGone(_ event: borrowing Event, column: Int) -> Bool {
        guard event.envelope.isDormant, let slot = slot(field: existence(), column: column) else { return false }
        var isGone = false
        var entry = slots[slot].firstEntry
        while entry >= 0 {
            if let position = event.envelope.position, entries[entry].position >= position { break }
            isGone = !isTrue(entries[entry].value)
            entry = entries[entry].next
        }
        return isGone
    }

    /// Whether the copy is known to have been gone after this: it is read late, of a former life. What is not remembered
    /// of that life was forgotten with it, and must not be taken for a first statement.
    private func wasGoneLater(_ existence: Int, column: Int, _ seen: Observation) -> Bool {
        guard let position = seen.position, let slot = slot(field: existence, column: column) else { return false }
        var entry = slots[slot].firstEntry
        while entry >= 0 {
            if entries[entry].position >= position, !isTrue(entries[entry].value) { return true }
            entry = entries[entry].next
        }
        return false
    }

    /// Whether the system is known to have deleted the copy after this. That a sink knew of none says nothing of that.
    private func wasDeletedLater(_ existence: Int, column: Int, _ position: Int64?) -> Bool {
        guard let position, let slot = slot(field: existence, column: column) else { return false }
        var entry = slots[slot].firstEntry
        while entry >= 0 {
            let known = entries[entry]
            if known.position >= position, !known.isWrite, !isTrue(known.value) { return true }
            entry = known.next
        }
        return false
    }

    private func isRemembered(_ field: Int, column: Int) -> Bool {
        slot(field: field, column: column).map { slots[$0].firstEntry >= 0 } ?? false
    }

    mutating func takeDeletion(_ event: borrowing Event, _ place: Place, _ effects: inout Effects) {
        // The system has it under another number still.
        if removeNumber(event.envelope.selfID, place, &effects) { return }
        // Or under another number by now: what was deleted is a former one.
        let numbers = numbers(ofColumn: place.column)
        if let number = event.envelope.selfID, !numbers.isEmpty, !numbers.contains(where: { $0.isExactly(number) }) {
            return
        }
        let found = observe(false, column: place.column, Observation(event), by: place.context.merge)
        // Read late, and written again since: then it is there, under its number.
        if found == .edit, !isThere(place.column) { removeNumbers(place, &effects) }
    }

    /// Whether the latest that is known of a copy is that it exists.
    private mutating func isThere(_ column: Int) -> Bool {
        guard let slot = slot(field: existence(), column: column), let last = lastEntry(slot) else { return false }
        return isTrue(last.value)
    }

    /// What a sink's word says that knew of no copy.
    private enum Passing {
        /// There is none, as far as anybody knows.
        case isTrue
        /// The system had told of one, and its number was not known there yet: it must be sent again.
        case isMissed
        /// The same, but a newer revision is on its way there, whose report will tell.
        case isOvertaken
    }

    /// Whether a sink that knew of no copy has passed one over. Counts: a sink that never learns of it is believed in the end. Only
    /// the latest revision counts: reports of older ones come late, all together, and say nothing more.
    private mutating func passing(_ report: Report, _ number: String?, _ place: Place) -> Passing {
        guard report.status == .absent, number == nil, flags.contains(.alive), !columns[place.column].selfID.isEmpty,
            isThere(place.column)
        else { return .isTrue }
        if report.revision < revision { return .isOvertaken }
        guard let slot = slot(field: existence(), column: place.column),
            slots[slot].rewrites < RecordState.mostRewrites
        else { return .isTrue }
        slots[slot].rewrites += 1
        return .isMissed
    }

    /// - Returns: whether the sink passed over a copy that it didn't know of.
    mutating func takeReport(
        _ report: Report, _ event: borrowing Event, _ place: Place, _ json: inout JSONWriter,
        _ effects: inout Effects
    ) -> Bool {
        let revision = min(report.revision, revision)
        let number = report.selfID ?? event.envelope.selfID
        // A sink that was away, of a revision behind which it has reported: that it had no copy then, or held one back, is over.
        if revision < columns[place.column].acknowledged, number == nil, [.absent, .parked].contains(report.status) {
            return false
        }
        modified = true
        columns[place.column].status = report.status
        if report.status == .parked {
            let reason = append(report.reason ?? "no reason given")
            columns[place.column].reason = reason
            return false
        }
        columns[place.column].acknowledged = max(columns[place.column].acknowledged, revision)
        if revision >= self.revision { columns[place.column].pendingSince = .never }
        let position = event.envelope.position
        switch passing(report, number, place) {
        case .isTrue: break
        case .isMissed: return true
        case .isOvertaken: return false
        }
        if report.status == .absent, removeNumber(number, place, &effects) { return false }
        acknowledge(report.status != .absent, column: place.column, position: position, revision: revision)
        if report.status == .absent {
            removeNumbers(place, &effects)
            return false
        }
        // A report that comes late, of a copy that is known to be gone since.
        if !wasDeletedLater(self.existence(), column: place.column, position) { addNumber(number, place, &effects) }
        guard let held = report.held else {
            // It wrote and didn't look: taken as it was sent, which is the best that is known. Nobody has seen it.
            columns[place.column].isObservable = false
            assumeHeld(place.column, position: position, revision: revision)
            return false
        }
        columns[place.column].isObservable = true
        let isFormer = place.context.merge.ofMembers && revision < fields[self.existence()].changed
        for member in held.members {
            json.reset()
            json.write(member.value)
            let field = addField(member.key.utf8)
            json.bytes.withUnsafeBufferPointer {
                acknowledge(
                    $0, field: field, column: place.column, position: position, revision: revision, isFormer: isFormer)
            }
        }
        return false
    }

    private mutating func observe(
        _ exists: Bool, column: Int, _ seen: Observation, by merge: Merge
    ) -> Classification {
        let existence = self.existence()
        let wasPresent = isPresent(column)
        defer { notePresence(column, was: wasPresent) }
        return (exists ? ValueText.yes : ValueText.no).withUnsafeBufferPointer {
            observe($0, field: existence, column: column, seen, by: merge)
        }
    }

    private mutating func acknowledge(_ exists: Bool, column: Int, position: Int64?, revision: Int64) {
        let existence = self.existence()
        let wasPresent = isPresent(column)
        (exists ? ValueText.yes : ValueText.no).withUnsafeBufferPointer {
            acknowledge($0, field: existence, column: column, position: position, revision: revision)
        }
        notePresence(column, was: wasPresent)
    }

    /// Names are those of copies that are there.
    private mutating func notePresence(_ column: Int, was wasPresent: Bool) {
        guard !columns[column].selfID.isEmpty, isPresent(column) != wasPresent else { return }
        hasOtherNames = true
    }

    private mutating func assumeHeld(_ column: Int, position: Int64?, revision: Int64) {
        for field in fields.indices.dropFirst() {
            let golden = fields[field].golden
            guard golden >= 0, revision >= fields[field].changed else { continue }
            acknowledge(text(golden), field: field, column: column, position: position, revision: revision)
        }
    }
}

extension Observation {
    init(_ event: borrowing Event) {
        position = event.envelope.position
        stamp = event.stamp
        arrival = event.arrival
        origin = event.origin
    }
}
