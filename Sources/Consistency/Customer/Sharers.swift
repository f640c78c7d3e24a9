import Canonical

/// The members that share a value.
///
/// As many as may be linked by it, and one more, stand in one list. The others stand in a row: each has a state of its own,
/// which names its neighbours. So a value that everybody shares costs no more than one that few share, and when it becomes
/// rare again all that are left are known.
struct Sharers {
    /// All of them, unless there are too many.
    fileprivate(set) var listed: [String] = []
    /// The first of the row; empty when there is none. Behind a list that isn't full there is none.
    fileprivate var first = ""

    /// Whether they are so many that the value names nobody.
    var isCommon: Bool { listed.count > Matching.commonest }
}

// MARK: Who comes and goes

extension Sharers {
    /// - Parameter key: the value's, ``RecordState/MatchHash/key``.
    static func read(_ key: String, _ state: inout some StateAccess) throws(StateError) -> Sharers {
        var bytes: [UInt8] = []
        guard state.get(key, into: &bytes) else { return Sharers() }
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        return try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.match)
            let sharers = Sharers(listed: reader.list { $0.string() }, first: reader.string())
            try reader.finish()
            return sharers
        }
    }

    /// Adds a member, who may be among them already.
    mutating func add(
        _ member: String, _ key: String, _ writer: inout StateWriter, _ state: inout some StateAccess
    ) throws(StateError) {
        if listed.contains(where: { $0.isExactly(member) }) { return }
        if !isCommon {
            listed.append(member)
        } else {
            if try Neighbours(of: member, key, &state) != nil { return }
            if var next = try Neighbours(of: first, key, &state) {
                next.previous = member
                next.put(first, key, &writer, &state)
            }
            Neighbours(previous: "", next: first).put(member, key, &writer, &state)
            first = member
        }
        put(key, &writer, &state)
    }

    /// Takes a member away, who may not be among them.
    ///
    /// - Returns: whether the value was common, and is no more.
    mutating func remove(
        _ member: String, _ key: String, _ writer: inout StateWriter, _ state: inout some StateAccess
    ) throws(StateError) -> Bool {
        let wasCommon = isCommon
        if let place = listed.firstIndex(where: { $0.isExactly(member) }) {
            listed.remove(at: place)
            // The list stays full as long as there is anybody behind it.
            if !first.isEmpty {
                let follower = first
                listed.append(follower)
                try leave(follower, key, &writer, &state)
            }
        } else {
            try leave(member, key, &writer, &state)
        }
        put(key, &writer, &state)
        return wasCommon && !isCommon
    }

    /// Takes a member out of the row.
    private mutating func leave(
        _ member: String, _ key: String, _ writer: inout StateWriter, _ state: inout some StateAccess
    ) throws(StateError) {
        guard let own = try Neighbours(of: member, key, &state) else { return }
        if var previous = try Neighbours(of: own.previous, key, &state) {
            previous.next = own.next
            previous.put(own.previous, key, &writer, &state)
        } else {
            first = own.next
        }
        if var next = try Neighbours(of: own.next, key, &state) {
            next.previous = own.previous
            next.put(own.next, key, &writer, &state)
        }
        state.put(Neighbours.key(member, key), nil)
    }

    private func put(_ key: String, _ writer: inout StateWriter, _ state: inout some StateAccess) {
        guard !listed.isEmpty else { return state.put(key, nil) }
        writer.begin(Magic.match)
        writer.varint(listed.count)
        for member in listed { writer.string(member) }
        writer.string(first)
        state.put(key, writer.bytes)
    }
}

/// A member's place in the row of those that share a value; empty: there is nobody on that side.
private struct Neighbours {
    var previous: String
    var next: String

    static func key(_ member: String, _ value: String) -> String { "\(value):\(member)" }

    init(previous: String, next: String) {
        self.previous = previous
        self.next = next
    }

    /// Nil when the member isn't in the row.
    init?(of member: String, _ value: String, _ state: inout some StateAccess) throws(StateError) {
        var bytes: [UInt8] = []
        guard !member.isEmpty, state.get(Self.key(member, value), into: &bytes) else { return nil }
        var reader = bytes.withUnsafeBufferPointer { StateReader($0) }
        self = try withExtendedLifetime(bytes) { () throws(StateError) in
            try reader.expect(Magic.sharer)
            let own = Neighbours(previous: reader.string(), next: reader.string())
            try reader.finish()
            return own
        }
    }

    func put(_ member: String, _ value: String, _ writer: inout StateWriter, _ state: inout some StateAccess) {
        writer.begin(Magic.sharer)
        writer.string(previous)
        writer.string(next)
        state.put(Self.key(member, value), writer.bytes)
    }
}
