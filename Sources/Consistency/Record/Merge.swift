import Canonical
import Document

/// The golden value of a field, as a function of the set of contributions and the rules (I3): nothing here depends on the
/// order in which contributions came.
final class Merge: Sendable {
    let rules: Rules
    /// Whether columns are members, `system:id`.
    let ofMembers: Bool
    /// The rules' fields as UTF-8.
    private let names: [[UInt8]]

    init(rules: Rules, ofMembers: Bool) {
        self.rules = rules
        self.ofMembers = ofMembers
        names = rules.fields.map { Array($0.name.utf8) }
    }

    /// What a field's merge comes to.
    struct Outcome {
        /// The golden value; -1 when nobody says anything.
        var value: Int32
        /// The slot that won; -1 when several made the value, or none.
        var winner: Int
    }

    /// Merges a field. A value that several systems make together is added to the field's values.
    func outcome(_ state: inout RecordState, field: Int) -> Outcome {
        let strategy = strategy(state, field)
        switch strategy {
        case .union(let by):
            guard let text = Union.merged(state, field: field, by: by, ofMembers: ofMembers) else {
                return Outcome(value: -1, winner: -1)
            }
            return Outcome(value: state.intern(text, field: field), winner: -1)
        case .with(let other):
            guard let leader = state.field(other) else { return Outcome(value: -1, winner: -1) }
            let leading = winner(state, field: leader, strategy: self.strategy(state, leader))
            guard leading >= 0 else { return Outcome(value: -1, winner: -1) }
            if let slot = state.slot(field: field, column: Int(state.slots[leading].column)) {
                if state.slots[slot].contribution >= 0 {
                    return Outcome(value: state.slots[slot].contribution, winner: slot)
                }
                // It says nothing of its own here, but its copy holds what we wrote: that goes with what it says.
                if let held = state.lastEntry(slot) { return Outcome(value: held.value, winner: slot) }
            }
            // It knows nothing of this field: what the others say.
            let slot = winner(state, field: field, strategy: strategy)
            return Outcome(value: slot < 0 ? -1 : state.slots[slot].contribution, winner: slot)
        default:
            let slot = winner(state, field: field, strategy: strategy)
            return Outcome(value: slot < 0 ? -1 : state.slots[slot].contribution, winner: slot)
        }
    }

    func strategy(_ state: borrowing RecordState, _ field: Int) -> Strategy {
        let name = state.fields[field].name
        for index in names.indices where names[index].withUnsafeBufferPointer({ state.equals(name, $0) }) {
            return rules.fields[index].strategy
        }
        return rules.fallback
    }

    /// Whether the column is that system's.
    func isColumn(_ state: borrowing RecordState, _ column: Int32, of system: String) -> Bool {
        let name = state.columns[column].name
        let length = system.utf8.count
        if !ofMembers { return state.equals(name, system) }
        guard Int(name.count) > length, state.arena[Int(name.start) + length] == UInt8(ascii: ":") else { return false }
        return state.equals(TextRange(start: name.start, count: Int32(length)), system)
    }

    /// The slot whose contribution is the field's value; -1 for none.
    func winner(_ state: borrowing RecordState, field: Int, strategy: Strategy) -> Int {
        var best = -1
        var slot = state.fields[field].firstSlot
        while slot >= 0 {
            let index = Int(slot)
            if state.slots[index].contribution >= 0, hasSay(state, index, strategy),
                best < 0 || beats(state, index, best, strategy)
            {
                best = index
            }
            slot = state.slots[index].next
        }
        return best
    }

    /// Whether a slot's system may be heard at all.
    func hasSay(_ state: borrowing RecordState, _ slot: Int, _ strategy: Strategy) -> Bool {
        switch strategy {
        case .priority(let systems), .latest(.systems(let systems)): rank(state, slot, systems) < systems.count
        case .ownerOnly(let system): isColumn(state, state.slots[slot].column, of: system)
        case .latest(.any), .mostComplete, .union, .max, .min, .with: true
        }
    }

    private func rank(_ state: borrowing RecordState, _ slot: Int, _ systems: [String]) -> Int {
        var rank = 0
        while rank < systems.count, !isColumn(state, state.slots[slot].column, of: systems[rank]) { rank += 1 }
        return rank
    }

    private func beats(_ state: borrowing RecordState, _ one: Int, _ other: Int, _ strategy: Strategy) -> Bool {
        let isNull = state.isNull(state.slots[one].contribution)
        let otherIsNull = state.isNull(state.slots[other].contribution)
        switch strategy {
        case .priority(let systems):
            // A null holds no value: the next system's counts.
            if isNull != otherIsNull { return otherIsNull }
            let (left, right) = (rank(state, one, systems), rank(state, other, systems))
            if left != right { return left < right }
            return isLater(state, one, other, isNull, otherIsNull)
        case .latest(let voters):
            let (left, right) = (state.slots[one].stamp, state.slots[other].stamp)
            if left != right { return left > right }
            if isNull != otherIsNull { return otherIsNull }
            if case .systems(let systems) = voters {
                let (left, right) = (rank(state, one, systems), rank(state, other, systems))
                if left != right { return left < right }
            }
            return precedes(state, one, other)
        case .mostComplete:
            if isNull != otherIsNull { return otherIsNull }
            let (left, right) = (content(state, one), content(state, other))
            if left != right { return left > right }
            return isLater(state, one, other, isNull, otherIsNull)
        case .max, .min:
            if isNull != otherIsNull { return otherIsNull }
            let order = order(ofValues: state, one, other)
            if order != 0 { return strategy == .max ? order > 0 : order < 0 }
            return isLater(state, one, other, isNull, otherIsNull)
        case .ownerOnly, .union, .with: return isLater(state, one, other, isNull, otherIsNull)
        }
    }

    private func isLater(_ state: borrowing RecordState, _ one: Int, _ other: Int, _ isNull: Bool, _ otherIsNull: Bool)
        -> Bool
    {
        let (left, right) = (state.slots[one].stamp, state.slots[other].stamp)
        if left != right { return left > right }
        if isNull != otherIsNull { return otherIsNull }
        return precedes(state, one, other)
    }

    /// The last word among equals: the system's name.
    private func precedes(_ state: borrowing RecordState, _ one: Int, _ other: Int) -> Bool {
        let left = state.columns[Int(state.slots[one].column)].name
        let right = state.columns[Int(state.slots[other].column)].name
        return byteOrder(state.buffer(left), state.buffer(right)) < 0
    }

    private func content(_ state: borrowing RecordState, _ slot: Int) -> Int {
        let text = state.text(state.slots[slot].contribution)
        switch text.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return ValueText.parsed(text) { Self.content($0) }
        case UInt8(ascii: "\""): return ValueText.parsed(text) { $0.utf8.count }
        default: return 1
        }
    }

    private static func content(_ node: Node) -> Int {
        switch node.kind {
        case .object: node.members.reduce(0) { $0 + content($1.value) }
        case .array: node.elements.reduce(0) { $0 + content($1) }
        case .null, .link: 0
        case .string: node.utf8.isEmpty ? 0 : 1
        case .true, .false, .number: 1
        }
    }

    /// Numbers by value and below texts, texts by their bytes.
    private func order(ofValues state: borrowing RecordState, _ one: Int, _ other: Int) -> Int {
        let one = state.text(state.slots[one].contribution)
        let other = state.text(state.slots[other].contribution)
        let left = Number(one)
        let right = Number(other)
        if let left, let right { return left < right ? -1 : left == right ? 0 : 1 }
        if left != nil || right != nil { return left != nil ? -1 : 1 }
        return byteOrder(one, other)
    }
}

// MARK: Existence

extension Merge {
    /// Whether the entity exists, of what its systems say; nil when none of them ever held it.
    func existence(_ state: borrowing RecordState, field: Int) -> Bool? {
        var isKnown = false
        var ownerHolds = false
        var ownerDeleted = false
        var latest = Tick.never
        var latestHolds = false
        var slot = state.fields[field].firstSlot
        while slot >= 0 {
            let contribution = state.slots[slot]
            slot = contribution.next
            guard contribution.contribution >= 0 else { continue }
            let holds = state.isTrue(contribution.contribution)
            if !isKnown || contribution.stamp > latest { (latest, latestHolds) = (contribution.stamp, holds) }
            if contribution.stamp == latest { latestHolds = latestHolds || holds }
            isKnown = true
            if case .owner(let owner) = rules.deletion, isColumn(state, contribution.column, of: owner) {
                if holds { ownerHolds = true } else { ownerDeleted = true }
            }
        }
        guard isKnown else { return nil }
        switch rules.deletion {
        case .never: return true
        case .any: return latestHolds
        case .owner: return ownerHolds || !ownerDeleted
        }
    }
}
