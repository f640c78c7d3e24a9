import Consistency

/// What the hub keeps of its own in a changelog partition, beside the entities' states. Such keys begin with a control
/// character, as no entity's key does; queries don't see them.
enum Note {
    /// Records that wait for a hub that knows their schema: see ``WaitingRecord``.
    static let waiting: [UInt8] = [1, UInt8(ascii: "w")]
    /// The rules by which every state of the partition is settled: see ``Settlement``.
    static let settled = "\u{1}settled"
    /// When the partition's state began: see ``Epoch``.
    static let epoch = "\u{1}epoch"
    /// By which records the topics are known that the partition's states were told into: see ``OutputMarks``.
    static let outputs = "\u{1}outputs"
    /// That the changelog was made anew under a hub, which had written a turn into it before it saw that: whoever restores from
    /// it would take that for all there is. Stands there until somebody puts another topic in its place.
    static let emptied = "\u{1}emptied"
    /// Written to hear the broker's time, and nothing else: always a deletion, so no store holds it. See ``HubClock``.
    static let clock = "\u{1}clock"

    static func isNote(_ key: some Collection<UInt8>) -> Bool { key.first.map { $0 < 0x20 } ?? false }
}
