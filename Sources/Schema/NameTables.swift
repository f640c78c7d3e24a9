import Document

/// Hash tables from names to what a schema says about them. A name of up to 16 bytes is compared as two words, and
/// each table's multiplier is chosen so that its names collide as little as can be.
struct NameTables {
    let tables: UnsafePointer<Table>
    let slots: UnsafePointer<Slot>
    let bytes: UnsafePointer<UInt8>

    /// What a schema says about a name.
    struct Entry: Sendable {
        /// Its subschema; -1 when the name only is known.
        var schema: Int32
        /// Its bit among the required names; 0 when it isn't required.
        var required: UInt64
    }

    struct Slot: Sendable {
        var first: UInt64 = 0
        var last: UInt64 = 0
        var required: UInt64 = 0
        /// -1: empty
        var length: Int32 = -1
        var schema: Int32 = -1
        /// Where the name lies among the bytes.
        var bytes: Int32 = 0
        /// Values that the subschema is sure to take.
        var glance = Glance()
    }

    struct Table: Sendable {
        let start: Int32
        let mask: UInt32
        let multiplier: UInt64
    }

    /// A name, ready to be looked up: its first and its last eight bytes.
    struct Key {
        let bytes: UnsafeBufferPointer<UInt8>
        let first: UInt64
        let last: UInt64

        /// - Parameter bytes: Text on a tape: up to eight bytes behind it are read.
        @inline(__always)
        init(_ bytes: UnsafeBufferPointer<UInt8>) {
            self.bytes = bytes
            let start = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
            let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
            if bytes.count >= 8 {
                first = word
                last = UInt64(littleEndian: (start + bytes.count - 8).loadUnaligned(as: UInt64.self))
            } else {
                first = word & ((1 << UInt64(bytes.count * 8)) &- 1)
                last = 0
            }
        }

        @inline(__always)
        func hash(_ multiplier: UInt64) -> UInt32 {
            let mixed = first ^ (last << 29 | last >> 35) ^ UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9
            return UInt32(truncatingIfNeeded: (mixed &* multiplier) >> 32)
        }
    }

    /// What a table says about a name; nil when it doesn't hold it.
    @inline(__always)
    func find(_ key: Key, in table: Int32) -> UnsafePointer<Slot>? {
        let table = tables[Int(table)]
        var at = key.hash(table.multiplier) & table.mask
        while true {
            let slot = slots + Int(table.start) + Int(at)
            let length = Int(slot.pointee.length)
            if length < 0 { return nil }
            if length == key.bytes.count, slot.pointee.first == key.first, slot.pointee.last == key.last,
                length <= 16 || sameMiddle(key, Int(slot.pointee.bytes))
            {
                return slot
            }
            at = (at &+ 1) & table.mask
        }
    }

    private func sameMiddle(_ key: Key, _ offset: Int) -> Bool {
        for place in 8..<key.bytes.count - 8 where key.bytes[place] != bytes[offset + place] { return false }
        return true
    }
}

extension NameTables {
    struct Draft {
        private(set) var tables: [Table] = []
        private(set) var slots: [Slot] = []
        private(set) var bytes: [UInt8] = []

        /// Puts other subschemas in the place of those there are.
        ///
        /// - Parameter glance: the values that a subschema takes unseen.
        mutating func mapSchemas(_ map: (Int32) -> Int32, glance: (Int32) -> Glance) {
            for place in slots.indices where slots[place].schema >= 0 {
                slots[place].schema = map(slots[place].schema)
                slots[place].glance = glance(slots[place].schema)
            }
        }

        /// Adds a table and answers its number. The names differ.
        mutating func add(_ names: [(name: String, entry: Entry)]) -> Int32 {
            var size = 4
            while size < names.count * 2 { size *= 2 }
            var best: (slots: [Slot], collisions: Int, multiplier: UInt64)?
            var multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
            for _ in 0..<64 {
                let (slots, collisions) = place(names, size, multiplier)
                if collisions < best?.collisions ?? .max { best = (slots, collisions, multiplier) }
                if collisions == 0 { break }
                multiplier = multiplier &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F | 1
            }
            guard let best else { return -1 }
            let start = slots.count
            slots += best.slots
            for place in start..<slots.count where slots[place].length >= 0 {
                let name = Array(names[Int(slots[place].bytes)].name.utf8)
                slots[place].bytes = Int32(bytes.count)
                bytes += name
            }
            tables.append(Table(start: Int32(start), mask: UInt32(size - 1), multiplier: best.multiplier))
            return Int32(tables.count - 1)
        }

        /// The slots of a table, with names' numbers for places, and how often a name missed its own.
        private func place(
            _ names: [(name: String, entry: Entry)], _ size: Int, _ multiplier: UInt64
        ) -> ([Slot], Int) {
            var slots = Array(repeating: Slot(), count: size)
            var collisions = 0
            for (number, name) in names.enumerated() {
                // Keys are read eight bytes at a time, beyond the name's end.
                let padded = Array(name.name.utf8) + Array(repeating: 0, count: 8)
                padded.withUnsafeBufferPointer { bytes in
                    let key = Key(UnsafeBufferPointer(rebasing: bytes.dropLast(8)))
                    var at = Int(key.hash(multiplier)) & (size - 1)
                    while slots[at].length >= 0 {
                        collisions += 1
                        at = (at + 1) & (size - 1)
                    }
                    slots[at] = Slot(
                        first: key.first, last: key.last, required: name.entry.required,
                        length: Int32(bytes.count - 8), schema: name.entry.schema, bytes: Int32(number))
                }
            }
            return (slots, collisions)
        }
    }
}
