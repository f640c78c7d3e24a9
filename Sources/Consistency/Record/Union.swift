import Canonical
import Document

/// Fields that are sets: arrays whose elements are told apart by one member, or by their whole value.
enum Union {
    private struct Element {
        /// What tells it apart: the member's text, or all of it.
        var identity: [UInt8]
        var text: [UInt8]
        var stamp = Tick.never
        var column: [UInt8] = []
    }

    /// All elements of all contributions, one for each identity: the latest, then by column name. In the order of their
    /// identities. Nil when nobody says anything; `null` when everybody says null.
    static func merged(_ state: borrowing RecordState, field: Int, by: String?, ofMembers: Bool) -> [UInt8]? {
        var elements: [Element] = []
        var anybody = false
        var anyArray = false
        var slot = state.fields[field].firstSlot
        while slot >= 0 {
            let contribution = state.slots[slot]
            slot = contribution.next
            guard contribution.contribution >= 0 else { continue }
            anybody = true
            guard !state.isNull(contribution.contribution) else { continue }
            anyArray = true
            let column = Array(state.buffer(state.columns[contribution.column].name))
            for var element in Self.elements(state, contribution.contribution, by: by) {
                element.stamp = contribution.stamp
                element.column = column
                elements.append(element)
            }
        }
        guard anybody else { return nil }
        guard anyArray else { return ValueText.null }
        // Sorted once, however many there are: what comes first of an identity is what counts.
        elements.sort { one, other in
            one.identity == other.identity
                ? isLater(one, than: other) : one.identity.lexicographicallyPrecedes(other.identity)
        }
        var merged: [Element] = []
        for element in elements where merged.last?.identity != element.identity { merged.append(element) }
        return array(merged)
    }

    /// A system's own elements after an edit: of what it holds now, those that it said before and those that are new or
    /// changed against what was written to it. So another system's elements don't become its own (I6).
    static func own(_ state: borrowing RecordState, field: Int, slot: Int, baseline: Int32, value: Int32, by: String?)
        -> [UInt8]?
    {
        guard !state.isNull(value), baseline >= 0, !state.isNull(baseline) else { return nil }
        let before = Dictionary(
            elements(state, baseline, by: by).map { ($0.identity, $0.text) }, uniquingKeysWith: { first, _ in first })
        let contribution = state.slots[slot].contribution
        let said = contribution < 0 || state.isNull(contribution) ? [] : elements(state, contribution, by: by)
        let own = Set(said.map(\.identity))
        let now = elements(state, value, by: by).filter { element in
            if own.contains(element.identity) { return true }
            guard let old = before[element.identity] else { return true }
            return !same(old, element.text)
        }
        return array(now)
    }

    private static func isLater(_ one: Element, than other: Element) -> Bool {
        if one.stamp != other.stamp { return one.stamp > other.stamp }
        return one.column != other.column
            ? one.column.lexicographicallyPrecedes(other.column) : one.text.lexicographicallyPrecedes(other.text)
    }

    /// The elements of a value; what is no array counts as its only element.
    private static func elements(_ state: borrowing RecordState, _ value: Int32, by: String?) -> [Element] {
        ValueText.parsed(state.text(value)) { node in
            node.kind == .array ? node.elements.map { element($0, by: by) } : [element(node, by: by)]
        }
    }

    private static func element(_ node: Node, by: String?) -> Element {
        var writer = JSONWriter()
        writer.write(node)
        let text = writer.bytes
        if let by, let member = node[by] {
            writer.reset()
            writer.write(member)
            return Element(identity: canonical(member, writer.bytes), text: text)
        }
        return Element(identity: canonical(node, text), text: text)
    }

    /// Numbers that are equal have one identity: 1.0 and 1.
    private static func canonical(_ node: Node, _ text: [UInt8]) -> [UInt8] {
        node.number.map { Array($0.normalized.description.utf8) } ?? text
    }

    private static func same(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { ValueText.same(one, $0) } }
    }

    private static func array(_ elements: [Element]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "[")]
        for (place, element) in elements.enumerated() {
            if place > 0 { text.append(UInt8(ascii: ",")) }
            text += element.text
        }
        text.append(UInt8(ascii: "]"))
        return text
    }
}
