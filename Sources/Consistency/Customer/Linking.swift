import Canonical
import Digests

// After a member was heard: find whom it is linked with now, and part or join persons accordingly.

extension Engine {
    /// Links, merges and saves the cluster in ``record``.
    mutating func conclude(
        _ place: Place, _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        freed.removeAll()
        try link(place, &state, now, &effects)
        while let members = freed.popLast() { try link(members, place.context, &state, now, &effects) }
    }

    private mutating func link(
        _ place: Place, _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        // Settled by former rules: who settles it now links all its members anew, as afterwards nobody would.
        if record.rules != place.context.rules { return try relink(place, &state, now, &effects) }
        let fields = place.context.entity.rules.match
        let change = record.rehash(column: place.column, fields)
        if !change.added.isEmpty || !change.removed.isEmpty {
            let member = record.name(ofColumn: place.column)
            let others = try relist(member, change, &state)
            let hasLeft = !change.removed.isEmpty && record.columns.count > 1
            if hasLeft || others.contains(where: { $0 != place.key }) {
                try repart(place, others, &state, now, &effects)
                return
            }
        }
        try settleAlone(place, &state, now, &effects)
    }

    /// Links members who share a value that has become rare enough.
    private mutating func link(
        _ members: [String], _ context: EntityContext, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) {
        var others = try keys(of: members, &state)
        guard others.count > 1, case let key = others.removeFirst(),
            case .cluster = try Registry.find(key, into: &bytes, &state)
        else { return }
        try record.load(bytes)
        if record.rules != context.rules {
            _ = try rehashAll(context.entity.rules.match, [key], &others, &state)
        }
        try repart(Place(context: context, key: key), others, &state, now, &effects)
    }

    /// Links all members of the cluster in ``record`` anew, by rules that may match other fields; merges and saves it.
    private mutating func relink(
        _ place: Place, _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        let fields = place.context.entity.rules.match
        var others: [String] = []
        let hasLeft = try rehashAll(fields, [place.key], &others, &state)
        if hasLeft || !others.isEmpty {
            try repart(place, others, &state, now, &effects)
        } else {
            try settleAlone(place, &state, now, &effects)
        }
    }

    /// Computes what all members of ``record`` are matched by anew; adds the golden keys of those whose links may have changed.
    ///
    /// - Parameter own: keys that are no others.
    /// - Returns: whether a link within the cluster may have gone.
    private mutating func rehashAll(
        _ fields: [MatchField], _ own: [String], _ others: inout [String], _ state: inout some StateAccess
    ) throws(StateError) -> Bool {
        var hasLeft = false
        for column in record.columns.indices {
            let change = record.rehash(column: column, fields, isForced: true)
            if change.added.isEmpty && change.removed.isEmpty { continue }
            hasLeft = hasLeft || !change.removed.isEmpty && record.columns.count > 1
            for key in try relist(record.name(ofColumn: column), change, &state)
            where !own.contains(key) && !others.contains(key) { others.append(key) }
        }
        return hasLeft
    }

    private mutating func settleAlone(
        _ place: Place, _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        let before = record.listed()
        record.settle(place, now, &effects)
        if record.flags.contains(.gone) { try unlist(before, &state) }
        if record.modified {
            // A customer is found by her members.
            record.hasOtherNames = true
            save(Registry.clusterKey(place.key), &state)
        }
    }

    /// Keeps the lists of who shares a value up to date; answers the golden keys of those whose links may have changed.
    private mutating func relist(
        _ member: String, _ change: (added: [RecordState.MatchHash], removed: [RecordState.MatchHash]),
        _ state: inout some StateAccess
    ) throws(StateError) -> [String] {
        var concerned: [String] = []
        for hash in change.removed {
            var sharers = try Sharers.read(hash.key, &state)
            // It identifies somebody again.
            if try sharers.remove(member, hash.key, &writer, &state) { concerned += sharers.listed }
        }
        for hash in change.added {
            var sharers = try Sharers.read(hash.key, &state)
            // Up to the limit they are linked; the first beyond it unlinks them all.
            if !sharers.isCommon { concerned += sharers.listed }
            try sharers.add(member, hash.key, &writer, &state)
        }
        return try keys(of: concerned.filter { !$0.isExactly(member) }, &state)
    }

    /// The golden keys of members, each once.
    private func keys(of members: [String], _ state: inout some StateAccess) throws(StateError) -> [String] {
        var keys: [String] = []
        for member in members {
            guard let key = try Registry.golden(of: member, &state), !keys.contains(key) else { continue }
            keys.append(key)
        }
        return keys
    }

    /// Forgets the members and values of a person who is gone.
    private mutating func unlist(
        _ before: [(member: String, hashes: [RecordState.MatchHash])], _ state: inout some StateAccess
    ) throws(StateError) {
        let left = record.listed()
        for (member, hashes) in before {
            let kept = left.first { $0.member.isExactly(member) }
            for hash in hashes where kept?.hashes.contains(where: { $0.isSame(as: hash) }) != true {
                var sharers = try Sharers.read(hash.key, &state)
                // The others are linked when the person who is gone is saved.
                if try sharers.remove(member, hash.key, &writer, &state) { freed.append(sharers.listed) }
            }
            if kept == nil { state.put(Registry.memberKey(member), nil) }
        }
    }

    // MARK: Merging and splitting

    private mutating func repart(
        _ place: Place, _ others: [String], _ state: inout some StateAccess, _ now: Tick, _ effects: inout Effects
    ) throws(StateError) {
        var pot = Pot()
        pot.add(record, key: place.key)
        var others = others.filter { $0 != place.key }
        var next = 0
        while next < others.count {
            let key = others[next]
            next += 1
            guard case .cluster = try Registry.find(key, into: &bytes, &state) else { continue }
            try record.load(bytes)
            // Settled by former rules: what it is matched by now may lead to others yet.
            if record.rules != place.context.rules {
                _ = try rehashAll(place.context.entity.rules.match, [place.key], &others, &state)
            }
            pot.add(record, key: key)
        }
        var common: [RecordState.MatchHash] = []
        for index in pot.all.hashes.indices {
            let hash = pot.all.hashes[index]
            if common.contains(where: { $0.isSame(as: hash) }) { continue }
            if try Sharers.read(hash.key, &state).isCommon { common.append(hash) }
        }
        let components = pot.components(common)
        if pot.clusters.count == 1, components.count == 1 {
            // Linked as before: nothing was read over the record since.
            try settleAlone(place, &state, now, &effects)
            return
        }
        var parts = pot.parts(components)
        for index in parts.indices where parts[index].key.isEmpty {
            var first = ""
            for column in parts[index].columns {
                let name = pot.all.name(ofColumn: column)
                if first.isEmpty || name.comesBefore(first) { first = name }
            }
            guard let reference = Reference(key: first) else { continue }
            let taken = parts.map(\.key)
            (parts[index].key, parts[index].revision) = try remint(reference, taken, &state)
        }
        for part in parts { try settle(part, pot, place.context, &state, now, &effects) }
    }

    /// A key for a part that has none: what its first member mints, if nobody who lives has it.
    private mutating func remint(
        _ first: Reference, _ taken: [String], _ state: inout some StateAccess
    ) throws(StateError) -> (key: String, revision: Int64) {
        var generation = 0
        while true {
            let key = CustomerID.mint(first: first, generation: generation).description
            generation += 1
            if taken.contains(key) { continue }
            switch try Registry.find(key, into: &bytes, &state) {
            case .nothing: return (key, 0)
            case .redirect(_, let revision): return (key, revision)
            case .cluster:
                try record.load(bytes)
                if record.columns.isEmpty { return (key, record.revision) }
            }
        }
    }

    private mutating func settle(
        _ part: Pot.Part, _ pot: borrowing Pot, _ context: EntityContext, _ state: inout some StateAccess, _ now: Tick,
        _ effects: inout Effects
    ) throws(StateError) {
        for cluster in part.redirects where cluster.revision > 0 {
            let revision = cluster.revision + 1
            Registry.put(redirect: cluster.key, into: part.key, revision: revision, &writer, &state)
            effects.add(.merged(entity: context.name, key: cluster.key, into: part.key, revision: revision))
        }
        record.reset()
        record.revision = part.revision
        record.flags = part.flags
        record.take(part.columns, of: pot.all)
        record.claimWritten()
        for column in record.columns.indices {
            let member = record.name(ofColumn: column)
            guard try Registry.golden(of: member, &state) != part.key else { continue }
            Registry.put(member: member, golden: part.key, &writer, &state)
            if !record.columns[column].selfID.isEmpty, let reference = Reference(key: member) {
                effects.add(.reference(entity: context.name, reference, key: part.key))
            }
        }
        var place = Place(context: context, key: part.key)
        place.isChanged = true
        try settleAlone(place, &state, now, &effects)
    }
}

extension RecordState {
    /// Computes what a member is matched by anew; answers what came and what went.
    ///
    /// - Parameter isForced: whether to look where nothing was said, as the fields are others.
    mutating func rehash(
        column: Int, _ fields: [MatchField], isForced: Bool = false
    ) -> (added: [MatchHash], removed: [MatchHash]) {
        guard column >= 0, isMember(column) else { return ([], []) }
        var isTouched = isForced
        for match in fields {
            if let field = field(match.field), self.fields[field].isDirty { isTouched = true }
        }
        guard isTouched else { return ([], []) }
        let old = hashes(ofColumn: column)
        let new = Matching.hashes(self, column: column, fields)
        guard old != new else { return ([], []) }
        let added = new.filter { hash in !old.contains { $0.isSame(as: hash) } }
        let removed = old.filter { hash in !new.contains { $0.isSame(as: hash) } }
        hashes.removeAll { $0.column == Int32(column) }
        for hash in new { hashes.append(hash) }
        modified = true
        return (added, removed)
    }

    /// The members with what they are matched by.
    func listed() -> [(member: String, hashes: [MatchHash])] {
        var listed: [(member: String, hashes: [MatchHash])] = []
        for column in columns.indices where isMember(column) {
            listed.append((name(ofColumn: column), hashes(ofColumn: column)))
        }
        return listed
    }

    private func hashes(ofColumn column: Int) -> [MatchHash] {
        var own: [MatchHash] = []
        for index in hashes.indices where hashes[index].column == Int32(column) { own.append(hashes[index]) }
        return own
    }
}
