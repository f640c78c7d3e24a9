import Canonical
import Digests
import Document

/// The records that stand at a cursor. Systems list what changed at the cursor or later, so that nothing is missed that changes
/// within the same moment; what stands there is listed again by every poll, and is no news.
struct CursorEdge {
    /// A listed record.
    struct Record: Hashable {
        let id: String?
        let cursor: JSON?
        let digest: [UInt8]

        init(_ element: Node, digest: [UInt8], id: String, cursor: String) {
            self.id = Members.find(id, in: element).flatMap(Reference.text)
            self.cursor = Members.find(cursor, in: element).map(JSON.init)
            self.digest = digest
        }
    }

    private var cursor: JSON?
    private var records: Set<Record> = []

    /// Takes up a record; those before the largest cursor so far are forgotten.
    mutating func add(_ record: Record, largest: JSON?) {
        if cursor != largest { (cursor, records) = (largest, []) }
        if record.cursor == largest { records.insert(record) }
    }

    /// Whether just this was listed at the cursor.
    func holds(_ record: Record) -> Bool { records.contains(record) }

    /// Forgets records that were written since: when they look as before, somebody has changed them back.
    mutating func forget(_ numbers: Set<String>) {
        guard !numbers.isEmpty else { return }
        records = records.filter { $0.id.map { !numbers.contains($0) } ?? true }
    }
}
