import Canonical
import Digests
import Document

// Customers: members of systems are linked into persons; the members' statements merge into one golden record a person.

extension Engine {
    mutating func decideCustomer(
        _ context: EntityContext, _ event: borrowing Event, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) -> Rejection? {
        switch event.envelope.type.verb {
        case .stated, .deleted: return try decideMember(context, event, &state, now, &effects)
        case .written: return try decideReport(context, event, &state, now, &effects)
        default: return Rejection(.unknownType, "\(context.name) takes no '\(event.envelope.type.verb.rawValue)'")
        }
    }

    // MARK: What systems say

    private mutating func decideMember(
        _ context: EntityContext, _ event: borrowing Event, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) -> Rejection? {
        let member = event.envelope.subject
        guard let reference = Reference(key: member), reference.system.isExactly(event.envelope.source.system)
        else {
            return Rejection(.wrongKey, "a customer's key is <system>:<id>, of the system that states it")
        }
        let isDeletion = event.envelope.type.verb == .deleted
        if !isDeletion, let flaw = flaw(ofFields: event.data) {
            return Rejection(.malformed, "a statement's data \(flaw)")
        }
        record.reset()
        var place = Place(context: context, key: "")
        if let known = try Registry.golden(of: member, &state) {
            place.key = known
            if case .cluster = try Registry.find(known, into: &bytes, &state) { try record.load(bytes) }
        } else {
            // What nobody ever held can't be deleted.
            if isDeletion { return nil }
            place.key = try mint(reference, &state)
            place.isChanged = true
            Registry.put(member: member, golden: place.key, &writer, &state)
        }
        place.column = record.addColumn(member)
        if record.isOvertaken(event, column: place.column) { return nil }
        if !isDeletion, record.isOfGone(event, column: place.column) { return nil }
        let wasPresent = record.isPresent(place.column)
        if isDeletion {
            record.takeDeletion(event, place, &effects)
        } else {
            record.takeStatement(event, place, &json, &effects)
        }
        if record.isPresent(place.column) != wasPresent { place.isChanged = true }
        try conclude(place, &state, now, &effects)
        return nil
    }

    /// The golden key that a member mints: taken by nobody who lives.
    private mutating func mint(_ first: Reference, _ state: inout some StateAccess) throws(StateError) -> String {
        var generation = 0
        while true {
            let key = CustomerID.mint(first: first, generation: generation).description
            record.reset()
            switch try Registry.find(key, into: &bytes, &state) {
            case .nothing: return key
            case .redirect(_, let revision):
                record.reset()
                record.revision = revision
                return key
            case .cluster:
                try record.load(bytes)
                // What is left of a person who was erased: only the revision, which counts on.
                if record.columns.isEmpty { return key }
            }
            generation += 1
        }
    }

    // MARK: What sinks report

    private mutating func decideReport(
        _ context: EntityContext, _ event: borrowing Event, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) -> Rejection? {
        let report: Report
        do { report = try Report(event.data, of: event.envelope.source.system) } catch { return error }
        let subject = event.envelope.subject
        let system = event.envelope.source.system
        let selfID = report.selfID ?? event.envelope.selfID
        let resolved = try Registry.resolve(subject, &state)
        var place = Place(context: context, key: resolved)
        place.isReport = true
        let member = selfID.map { "\(system):\($0)" }
        if let member, let known = try Registry.golden(of: member, &state) { place.key = known }
        guard case .cluster = try Registry.find(place.key, into: &bytes, &state) else {
            return Rejection(.malformed, "a report about a customer whom the hub doesn't have")
        }
        try record.load(bytes)
        // A copy that was made of somebody who is erased, by a sink that didn't know it yet, has to go too: else whoever reads
        // that system would bring the person back (I6, I9).
        let isRevived = member.map { record.isRevived(by: report, under: $0) } ?? false
        if record.flags.contains(.gone), record.columns.isEmpty, !isRevived { return nil }
        place.column = columnOfReport(member, system, report, &place, &effects)
        if let member, record.isMember(place.column) {
            Registry.put(member: member, golden: place.key, &writer, &state)
        }
        let wasPresent = record.isPresent(place.column)
        // A revision of another key says nothing about this one's.
        let isOwn = subject == place.key
        place.isMissed = record.takeReport(isOwn ? report : report.dated(0), event, place, &json, &effects) || isRevived
        if record.isPresent(place.column) != wasPresent { place.isChanged = true }
        try conclude(place, &state, now, &effects)
        return nil
    }

    /// The column that a report is about; a member that the hub didn't know was created by the sink.
    private mutating func columnOfReport(
        _ member: String?, _ system: String, _ report: Report, _ place: inout Place, _ effects: inout Effects
    ) -> Int {
        if let member {
            if let known = record.column(member) { return known }
            if report.status == .written || report.status == .unchanged {
                let anchor = record.firstMember
                let column = record.addColumn(member)
                record.columns[column].anchor = Int32(anchor)
                place.isChanged = true
                return column
            }
        }
        let own = record.presentMembers(of: system, place.context.merge)
        return own.count == 1 ? own[0] : record.addColumn("\(system):")
    }
}

extension RecordState {
    /// Whether a report shows a copy, under a number that nobody knew, of a person who is erased.
    fileprivate func isRevived(by report: Report, under member: String) -> Bool {
        !flags.isDisjoint(with: [.erased, .gone]) && column(member) == nil
            && (report.status == .written || report.status == .unchanged)
    }

    /// The first member by name; -1 when there is none.
    var firstMember: Int {
        var first = -1
        for column in columns.indices where isMember(column) {
            if first < 0 || name(ofColumn: column).comesBefore(name(ofColumn: first)) { first = column }
        }
        return first
    }

    func presentMembers(of system: String, _ merge: Merge) -> [Int] {
        var members: [Int] = []
        for column in columns.indices where isMember(column) && isPresent(column) {
            if merge.isColumn(self, Int32(column), of: system) { members.append(column) }
        }
        return members
    }
}

extension Report {
    /// The same report about another revision.
    func dated(_ revision: Int64) -> Report {
        Report(revision: revision, status: status, selfID: selfID, reason: reason, held: held)
    }
}
