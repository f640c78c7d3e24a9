import Canonical
import Document

/// Gathers what a complete delivery holds, to see what is missing from it: those entities were deleted.
struct Delivery {
    /// Why nothing is concluded from a delivery.
    enum Doubt: Equatable, CustomStringConvertible {
        /// Records could not be read, and their own numbers aren't known.
        case unreadable(Int)
        /// More would be gone than is believable.
        case tooMany(missing: Int, of: Int)

        var description: String {
            switch self {
            case .unreadable(let count): "\(count) records can't be read, and may be what is missing"
            case .tooMany(let missing, let all): "\(missing) of \(all) are missing, more than deletes-at-most allows"
            }
        }
    }

    private(set) var name: String?
    private var present: Set<String> = []
    private var unreadable = 0
    private var unique: [String: Set<String>] = [:]

    /// A record of this delivery was read; another name begins anew.
    mutating func enter(_ name: String) {
        guard name != self.name else { return }
        self = Delivery()
        self.name = name
    }

    /// These own numbers are in it. Before it has begun there is nothing to be in.
    mutating func note(_ owns: some Sequence<String>) { if name != nil { present.formUnion(owns) } }

    /// This own number is in it.
    mutating func note(_ own: String) { if name != nil { present.insert(own) } }

    /// A record is in it whose number isn't known.
    mutating func noteUnreadable() { unreadable += 1 }

    /// The first of these members whose value a record of this delivery had that was taken; nil when all are new, or absent.
    func repeats(_ members: [String], in record: Node) -> String? {
        guard name != nil else { return nil }
        return members.first { member in
            Members.find(member, in: record).flatMap(Reference.text).map { unique[member]?.contains($0) == true }
                ?? false
        }
    }

    /// A record was taken: whoever has one of its values from now on repeats it. One that was refused isn't noted, for the good
    /// record that follows is the first.
    mutating func take(_ members: [String], of record: Node) {
        guard name != nil else { return }
        for member in members {
            guard let value = Members.find(member, in: record).flatMap(Reference.text) else { continue }
            unique[member, default: []].insert(value)
        }
    }

    /// What of `known` isn't in it; or why that can't be told.
    func missing(
        from known: [(id: String, key: String)], atMost percent: Int
    ) -> (gone: [(id: String, key: String)], doubt: Doubt?) {
        let gone = known.filter { !present.contains($0.id) }
        if gone.isEmpty { return ([], nil) }
        if unreadable > 0 { return ([], .unreadable(unreadable)) }
        if gone.count * 100 > known.count * percent { return ([], .tooMany(missing: gone.count, of: known.count)) }
        return (gone, nil)
    }
}
