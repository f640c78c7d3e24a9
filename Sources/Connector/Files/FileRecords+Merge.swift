import Canonical
import Transports

extension FileRecords {
    /// Puts changes between records that come in the order of their keys.
    struct Merge {
        private var output: Output
        private let keepsTraces: Bool
        private let changes: [Change]
        private(set) var outcomes: [Outcome]
        /// The changes in the order of their keys, of one key in the order in which they came.
        private let order: [(prefix: UInt64, change: Int)]
        private var at = 0

        init(_ changes: [Change], into output: Output, keepsTraces: Bool) {
            self.output = output
            self.keepsTraces = keepsTraces
            self.changes = changes
            outcomes = Array(repeating: .same, count: changes.count)
            var order: [(prefix: UInt64, change: Int)] = []
            order.reserveCapacity(changes.count)
            for index in changes.indices { order.append((Self.prefix(changes[index].key), index)) }
            order.sort { one, other in
                if one.prefix != other.prefix { return one.prefix < other.prefix }
                let (left, right) = (changes[one.change].key, changes[other.change].key)
                if left.isExactly(right) { return one.change < other.change }
                return left.comesBefore(right)
            }
            self.order = order
        }

        /// The first eight bytes, as a number of the same order; with fewer, zeros behind them.
        private static func prefix(_ key: UnsafeRawBufferPointer) -> UInt64 {
            if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
            var prefix: UInt64 = 0
            for place in 0..<8 { prefix = prefix << 8 | (place < key.count ? UInt64(key[place]) : 0) }
            return prefix
        }

        private static func prefix(_ key: String) -> UInt64 {
            var key = key
            return key.withUTF8 { prefix(UnsafeRawBufferPointer($0)) }
        }

        /// Takes the next record there is.
        mutating func pass(_ entry: Entry) throws(SystemError) {
            let prefix = Self.prefix(entry.key)
            while at < order.count {
                guard order[at].prefix <= prefix else { break }
                let side = order[at].prefix < prefix ? -1 : Self.compare(changes[order[at].change].key, entry.key)
                if side > 0 { break }
                if side == 0 { return try settle(entry) }
                try settle(nil)
            }
            try output.append(entry)
        }

        mutating func finish() throws(SystemError) -> Stored {
            while at < order.count { try settle(nil) }
            return try output.finish()
        }

        private static func compare(_ one: String, _ other: UnsafeRawBufferPointer) -> Int {
            var one = one
            return one.withUTF8 { FileRecords.compare(UnsafeRawBufferPointer($0), other) }
        }

        /// What becomes of one key, whose record is there or not.
        private mutating func settle(_ entry: Entry?) throws(SystemError) {
            let key = changes[order[at].change].key
            /// The change that counts so far.
            var winner: Int?
            while at < order.count, changes[order[at].change].key.isExactly(key) {
                let index = order[at].change
                at += 1
                let change = changes[index]
                // What went is known no more: any revision may come after it.
                let before = winner.map { changes[$0] }
                let isThere = before.map { $0.bytes != nil } ?? (entry.map { !$0.isTrace } ?? false)
                let revision = before.map { ($0.epoch, $0.revision) } ?? entry.map { ($0.epoch, $0.revision) }
                if isThere, let revision, revision > (change.epoch, change.revision) {
                    outcomes[index] = .outdated
                    continue
                }
                outcomes[index] = Self.isSame(change, before, entry, isThere) ? .same : .changed
                winner = index
            }
            guard let winner else {
                if let entry { try output.append(entry) }
                return
            }
            let change = changes[winner]
            if change.bytes != nil || keepsTraces { try output.append(change) }
        }

        private static func isSame(_ change: Change, _ before: Change?, _ entry: Entry?, _ isThere: Bool) -> Bool {
            guard let bytes = change.bytes else { return !isThere }
            guard isThere else { return false }
            if let before { return before.bytes == bytes }
            return entry.map { $0.bytes.elementsEqual(bytes) } ?? false
        }
    }
}
