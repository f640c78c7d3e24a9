import Document

/// Where an array is made of an object's members, names that are array indexes in JavaScript come first, ascending: so the
/// reference's objects have them. The objects themselves keep the order of appearance.
extension Machine {
    /// The number of a name that is an array index: `0`, `10`, not `010`.
    func arrayIndex(_ name: Value) -> UInt32? {
        let bytes = utf8(name)
        guard startsWithDigit(name), bytes.count <= 10, bytes[0] != UInt8(ascii: "0") || bytes.count == 1 else {
            return nil
        }
        var number: UInt64 = 0
        for byte in bytes {
            guard byte &- 48 < 10 else { return nil }
            number = number * 10 + UInt64(byte &- 48)
        }
        return number < 0xFFFF_FFFF ? UInt32(number) : nil
    }

    /// The look that ordinary names cost.
    @inline(__always)
    private func startsWithDigit(_ name: Value) -> Bool {
        name.length > 0 && tape.bytes[name.offset] &- 48 < 10
    }

    /// Where the members of an object begin, in the order of a list of them; nil when that is the order they lie in, as in
    /// nearly all objects and in arrays.
    func listing(of index: Int) -> [Int]? {
        guard tape[index] >> 60 == Value.object else { return nil }
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            if startsWithDigit(Value(bits: tape[cursor])) { return sortedListing(of: index) }
            cursor = next(cursor + 1)
        }
        return nil
    }

    @inline(never)
    private func sortedListing(of index: Int) -> [Int] {
        var indexes: [(number: UInt32, place: Int)] = []
        var others: [Int] = []
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            if let number = arrayIndex(Value(bits: tape[cursor])) {
                indexes.append((number, cursor))
            } else {
                others.append(cursor)
            }
            cursor = next(cursor + 1)
        }
        return indexes.sorted { $0.number < $1.number }.map(\.place) + others
    }

    /// Brings the names on the stack from `base` into the order of a list of them.
    mutating func orderNames(from base: Int) {
        var place = base
        while place < stack.count, !startsWithDigit(stack[place]) { place += 1 }
        if place == stack.count { return }
        var indexes: [(number: UInt32, name: Value)] = []
        var others: [Value] = []
        for place in base..<stack.count {
            if let number = arrayIndex(stack[place]) {
                indexes.append((number, stack[place]))
            } else {
                others.append(stack[place])
            }
        }
        stack.truncate(base)
        for (_, name) in indexes.sorted(by: { $0.number < $1.number }) { stack.append(name) }
        for name in others { stack.append(name) }
    }
}
