import Document

/// The values that lie on the machine's stack from some place on, to ask whether one is among them. Few are compared one by one;
/// many are found by their hashes, so that the work grows with their number, not with its square.
struct Seen {
    private let base: Int
    /// How many words there are from one of them to the next.
    private let stride: Int
    /// The first place behind those whose hashes are known.
    private var known: Int
    /// For each hash the latest value that has it, by its number.
    private var latest: [UInt64: Int32] = [:]
    /// For each value the one before it that has its hash.
    private var earlier: [Int32] = []

    /// So many are compared one by one.
    private static let few = 16

    init(from base: Int, each stride: Int = 1) {
        (self.base, self.stride, known) = (base, stride, base)
    }

    /// The place of a value that is equal to another one; nil when there is none.
    mutating func place(of value: Value, on machine: inout Machine) throws(MappingFailure) -> Int? {
        let end = machine.stack.count
        if end - base <= Self.few * stride {
            var place = base
            while place < end {
                try machine.step()
                if try machine.equal(value, machine.stack[place]) { return place }
                place += stride
            }
            return nil
        }
        while known < end {
            let hash = try machine.likeness(machine.stack[known])
            let number = Int32(earlier.count)
            earlier.append(latest.updateValue(number, forKey: hash) ?? -1)
            known += stride
        }
        var number = latest[try machine.likeness(value)] ?? -1
        while number >= 0 {
            let place = base + Int(number) * stride
            if try machine.equal(value, machine.stack[place]) { return place }
            try machine.step()
            number = earlier[Int(number)]
        }
        return nil
    }
}

extension Machine {
    /// The same for values that are equal; of what stands deep in a container, or far behind in it, nothing. It looks at a thousand
    /// values at most, and at the ends of texts.
    mutating func likeness(_ value: Value, depth: Int = 0) throws(MappingFailure) -> UInt64 {
        try step()
        if value.isNumber {
            // Equal numbers are the same double, however they are written.
            let double = nearest(value)
            return double == 0 ? 5 : Self.mixed(double.bitPattern)
        }
        if value.isString { return likeness(ofText: value) }
        // Functions may be equal without being the same.
        guard value.isLink else { return value.isFunction ? 7 : value.bits }
        let index = container(value)
        let count = count(at: index)
        let isArray = tape[index] >> 60 == Value.array
        var hash = UInt64(count) &* 4 &+ (isArray ? 2 : 3)
        // Members are in any order: all of them, or none.
        let most = 32 >> (2 * depth)
        if depth > 2 || !isArray && count > most { return hash }
        var cursor = index + 1
        for _ in 0..<min(count, most) {
            if isArray {
                hash = Self.mixed(hash ^ (try likeness(self.value(at: cursor), depth: depth + 1)))
                cursor = next(cursor)
            } else {
                let inner = try likeness(self.value(at: cursor + 1), depth: depth + 1)
                hash &+= Self.mixed(likeness(ofText: Value(bits: tape[cursor])) ^ Self.mixed(inner))
                cursor = next(cursor + 1)
            }
        }
        return hash
    }

    /// FNV-1a over a text's ends.
    func likeness(ofText text: Value) -> UInt64 {
        let bytes = utf8(text)
        var hash = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
        func take(_ range: Range<Int>) {
            for place in range { hash = (hash ^ UInt64(bytes[place])) &* 0x100_0000_01b3 }
        }
        take(0..<min(bytes.count, 64))
        take(max(64, bytes.count - 64)..<max(64, bytes.count))
        return hash
    }

    private static func mixed(_ word: UInt64) -> UInt64 {
        let word = (word ^ word >> 32) &* 0x9E37_79B9_7F4A_7C15
        return word ^ word >> 29
    }
}
