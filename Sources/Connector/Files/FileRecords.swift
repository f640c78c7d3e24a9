import Canonical

/// What a file holds, by key and in the keys' order: each record as the bytes that it is in the file, or, where the format
/// can't say that of one record alone, as JSON.
struct FileRecords {
    struct Entry {
        var epoch: Int64
        var revision: Int64
        var bytes: [UInt8]
    }

    private var entries: [ExactText: Entry] = [:]
    /// The keys in their order, but for those that have come since.
    private var sorted: [ExactText] = []
    private var fresh: [ExactText] = []
    private var hasGaps = false

    var count: Int { entries.count }

    subscript(key: ExactText) -> Entry? { entries[key] }

    /// Sets a record. Returns whether the file looks different with it.
    mutating func set(_ key: ExactText, to entry: Entry) -> Bool {
        guard let known = entries.updateValue(entry, forKey: key) else {
            fresh.append(key)
            return true
        }
        return known.bytes != entry.bytes
    }

    /// Removes a record. Returns whether there was one.
    mutating func remove(_ key: ExactText) -> Bool {
        guard entries.removeValue(forKey: key) != nil else { return false }
        hasGaps = true
        return true
    }

    /// The keys of all records, in their order.
    mutating func keys() -> [ExactText] {
        if hasGaps {
            // What was removed and set again stands in both.
            sorted = entries.keys.sorted()
        } else if !fresh.isEmpty {
            sorted = Self.merged(sorted, fresh.sorted())
        }
        fresh = []
        hasGaps = false
        return sorted
    }

    private static func merged(_ one: [ExactText], _ other: [ExactText]) -> [ExactText] {
        guard let last = one.last, let first = other.first, !(last < first) else { return one + other }
        var merged: [ExactText] = []
        merged.reserveCapacity(one.count + other.count)
        var (left, right) = (one[...], other[...])
        while let a = left.first, let b = right.first {
            if a < b {
                merged.append(a)
                left.removeFirst()
            } else {
                merged.append(b)
                right.removeFirst()
            }
        }
        return merged + left + right
    }
}
