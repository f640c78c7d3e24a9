/// The number of a change in an outbox.
///
/// Its low digits count the changes. Above them stands how often the database came back from a backup, and whether the change
/// was made since: one that was there before may have been read already, under the number that it had (I3, I5).
struct OutboxNumber {
    let number: Int64

    /// The digits that count: half a million million changes.
    static let counted: Int64 = 1 << 39 - 1
    /// The digit of changes that were made after the database came back.
    static let isSince: Int64 = 1 << 39
    /// What changes get whose numbers were read, once each time: more than all sources have read.
    private static let step: Int64 = 1 << 40

    init(_ number: Int64) { self.number = number }

    /// Where the numbers begin that no source has read.
    ///
    /// - Parameter noted: the highest number that was read.
    static func begin(behind noted: Int64) -> Int64 { (noted / step + 1) * step }

    /// Whether the change was in the log already when the database came back from a backup.
    private var isFromBefore: Bool { number >= Self.step && number & Self.isSince == 0 }

    /// The change's name: the same before and after the database came back. The time, as the row has it, tells it from the
    /// change that had this number in what was lost.
    func reference(at: String) -> String { "outbox/\(number & Self.counted)/\(at)" }

    /// Where the change stands in the log; nil: its old place was another one, by which the hub may have judged it. Its time
    /// tells then what it comes after.
    var position: Int64? { isFromBefore ? nil : number }
}
