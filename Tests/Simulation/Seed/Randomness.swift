/// What decides everything that is left to chance: xoshiro256** of Blackman and Vigna, seeded by SplitMix64.
///
/// Own code and integers only, so that a seed means the same in every release of Swift and on every machine.
package final class Randomness {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init(seed: UInt64) {
        var mix = seed
        func next() -> UInt64 {
            mix &+= 0x9e37_79b9_7f4a_7c15
            var word = mix
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return word ^ (word >> 31)
        }
        state = (next(), next(), next(), next())
    }

    /// 64 bits.
    package func next() -> UInt64 {
        let result = rotated(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, 45)
        return result
    }

    private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }

    /// A number below `bound`, which is positive.
    package func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    /// A number of a closed range.
    package func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// True so many times in a million.
    package func chance(_ perMillion: Int) -> Bool { perMillion > 0 && below(1_000_000) < perMillion }

    /// True one time in so many.
    package func one(in count: Int) -> Bool { below(count) == 0 }

    /// One of these, which are not none.
    package func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// One of these, as often as its weight says.
    package func pick<Element>(_ weighted: [(weight: Int, Element)]) -> Element {
        var left = below(weighted.reduce(0) { $0 + $1.weight })
        for (weight, element) in weighted {
            left -= weight
            if left < 0 { return element }
        }
        return weighted[weighted.count - 1].1
    }

    /// These in another order.
    package func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var elements = elements
        for index in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(index, below(index + 1)) }
        return elements
    }
}
