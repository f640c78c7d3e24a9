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
        private let order: [(prefix: Prefix, change: Int)]
        private var at = 0

        init(_ changes: [Change], into output: Output, keepsTraces: Bool) {
            self.output = output
            self.keepsTraces = keepsTraces
            self.changes = changes
            outcomes = Array(repeating: .same, count: changes.count)
            var order: [(prefix: Prefix, change: Int)] = []
            order.reserveCapacity(changes.count)
            for index in changes.indices { order.append((Prefix(changes[index].key), index)) }
            order.sort { one, other in
                if one.prefix != other.prefix { return one.prefix < other.prefix }
                let (left, right) = (changes[one.change].key, changes[other.change].key)
                if left.isExactly(right) { return one.change < other.change }
                return left.comesBefore(right)
            }
            self.order = order
        }

        /// A key's first sixteen bytes, as numbers of the same order; with fewer, zeros behind them. Keys of one kind often begin
        /// alike: those of products differ behind their first eight.
        private struct Prefix: Comparable {
            let first: UInt64
            let second: UInt64

            init(_ key: UnsafeRawBufferPointer) {
                first = Self.word(key, 0)
                second = Self.word(key, 8)
            }

            init(_ key: String) {
                var key = key
                self = key.withUTF8 { Prefix(UnsafeRawBufferPointer($0)) }
            }

            private static func word(_ key: UnsafeRawBufferPointer, _ start: Int) -> UInt64 {
                if key.count >= start + 8 {
                    return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: start, as: UInt64.self))
                }
                var word: UInt64 = 0
                for place in start..<(start + 8) { word = word << 8 | (place < key.count ? UInt64(key[place]) : 0) }
                return word
            }

            static func < (one: Prefix, other: Prefix) -> Bool {
                one.first != other.first ? one.first < other.first : one.second < other.second
            }
        }

        /// Takes the next record there is.
        mutating func pass(_ entry: Entry) throws(SystemError) {
            let prefix = Prefix(entry.key)
            while at < order.count {
                let next = order[at].prefix
                if prefix < next { break }
                let side = next < prefix ? -1 : Self.compare(changes[order[at].change].key, entry.key)
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
