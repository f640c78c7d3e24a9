import Canonical

// Topics that were deleted and made anew know nothing: what they held is told again, as it was told last.

extension Engine {
    /// Tells again what there is to know of a state: its golden record, its systems' numbers, its reservations. Nothing is
    /// decided, and revisions stay, so that whoever knows it already hears no news.
    ///
    /// What every system has deleted is told to nobody: a topic that doesn't know it says the same.
    ///
    /// - Parameters:
    ///   - domain: the domain's name.
    ///   - key: the state's key; see ``settleAgain(domain:key:state:now:effects:)``.
    ///   - isOwn: whether a number is this entity's: of two that claim one, the later has it.
    public mutating func tellAgain(
        domain: String, key: String, state: inout some StateAccess, effects: inout Effects,
        isOwn: (StateName) -> Bool
    ) throws(StateError) {
        guard let context = contexts.first(where: { $0.name == domain }) else { return }
        switch context.entity.engine {
        case .record:
            guard state.get(key, into: &bytes) else { return }
            try record.load(bytes)
            record.tellNumbers(context, key, &effects, isOwn)
            record.tell(context, key, &effects)
        case .stock:
            guard let stockKey = StockKey(key), state.get(key, into: &bytes) else { return }
            try StockState.decode(bytes).tell(stockKey, key, &effects)
        case .customer:
            guard let golden = Self.goldenKey(ofCustomerState: key) else { return }
            switch try Registry.find(golden, into: &bytes, &state) {
            case .nothing: return
            case .redirect(let into, let revision):
                effects.add(.merged(entity: context.name, key: golden, into: into, revision: revision))
            case .cluster:
                try record.load(bytes)
                record.tellMembers(context, golden, &effects)
                record.tell(context, golden, &effects)
            }
        }
    }
}

extension RecordState {
    fileprivate func tell(_ context: EntityContext, _ key: String, _ effects: inout Effects) {
        if flags.contains(.alive) {
            let document = effects.document { writeGolden(into: &$0, members: context.merge.ofMembers) }
            effects.add(.golden(entity: context.name, key: key, revision: revision, document: document))
        } else if flags.contains(.erased) {
            effects.add(.erased(entity: context.name, key: key, revision: revision))
        }
    }

    fileprivate func tellNumbers(
        _ context: EntityContext, _ key: String, _ effects: inout Effects, _ isOwn: (StateName) -> Bool
    ) {
        for column in columns.indices {
            let system = name(ofColumn: column)
            for number in numbers(ofColumn: column) where isOwn(StateName("id.\(context.name)", "\(system):\(number)"))
            {
                effects.add(.reference(entity: context.name, Reference(system: system, id: number), key: key))
            }
        }
    }

    /// A member is of one person at a time.
    fileprivate func tellMembers(_ context: EntityContext, _ key: String, _ effects: inout Effects) {
        for column in columns.indices where !columns[column].selfID.isEmpty {
            guard let member = Reference(key: name(ofColumn: column)) else { continue }
            effects.add(.reference(entity: context.name, member, key: key))
        }
    }
}

extension StockState {
    fileprivate func tell(_ key: StockKey, _ subject: String, _ effects: inout Effects) {
        for reservation in reservations where !reservation.isPlaceholder {
            let document = effects.document { $0 += Self.document(reservation, key) }
            effects.add(.decided(reservation: reservation.id, revision: reservation.revision, document: document))
        }
        guard !document.isEmpty else { return }
        let document = effects.document { $0 += self.document }
        effects.add(.golden(entity: "stock", key: subject, revision: revision, document: document))
    }
}
