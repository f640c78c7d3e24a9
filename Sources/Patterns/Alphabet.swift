/// Scalars in classes that a pattern never tells apart. Machines work on the classes' numbers, the *symbols*.
struct Alphabet: Sendable {
    /// How many symbols there are, the end of the text not counted.
    private(set) var count = 0
    /// The symbol of each ASCII byte.
    private(set) var ascii: [UInt16] = []
    /// Where runs of one symbol start, beyond ASCII; sorted.
    private var starts: [UInt32] = []
    private var symbols: [UInt16] = []

    /// Splits Unicode so that each of the sets is a union of symbols. Answers which symbols make up each set.
    static func splitting(_ sets: [ScalarSet]) -> (alphabet: Alphabet, members: [SymbolSet]) {
        var events: [(at: UInt32, set: Int)] = []
        for (number, set) in sets.enumerated() {
            for range in set.ranges {
                events.append((range.lowerBound, number))
                if range.upperBound < ScalarSet.last { events.append((range.upperBound + 1, number)) }
            }
        }
        events.sort { $0.at < $1.at }
        var alphabet = Alphabet()
        var members = sets.map { _ in SymbolSet() }
        var numbers: [SymbolSet: UInt16] = [:]
        var active = SymbolSet()
        var runs: [(start: UInt32, symbol: UInt16)] = []
        var event = 0
        var at: UInt32 = 0
        while true {
            while event < events.count, events[event].at == at {
                active.toggle(events[event].set)
                event += 1
            }
            let known = numbers[active]
            let symbol = known ?? UInt16(numbers.count)
            if known == nil {
                numbers[active] = symbol
                for number in sets.indices where active.contains(number) { members[number].insert(Int(symbol)) }
            }
            if runs.last?.symbol != symbol { runs.append((at, symbol)) }
            guard event < events.count else { break }
            at = events[event].at
        }
        alphabet.count = numbers.count
        alphabet.fill(runs)
        return (alphabet, members)
    }

    private mutating func fill(_ runs: [(start: UInt32, symbol: UInt16)]) {
        var run = 0
        for scalar in UInt32(0)..<128 {
            while run + 1 < runs.count, runs[run + 1].start <= scalar { run += 1 }
            ascii.append(runs[run].symbol)
        }
        starts.append(128)
        symbols.append(runs.last { $0.start <= 128 }!.symbol)
        for run in runs where run.start > 128 {
            starts.append(run.start)
            symbols.append(run.symbol)
        }
    }

    /// The symbol at an offset inside the text, and how many bytes it takes.
    @inline(__always)
    func symbol(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (symbol: Int, width: Int) {
        let byte = text[offset]
        if byte < 0x80 { return (Int(ascii[Int(byte)]), 1) }
        return wideSymbol(in: text, at: offset)
    }

    private func wideSymbol(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (symbol: Int, width: Int) {
        let (scalar, width) = decode(text, offset)
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return (Int(symbols[low]), width)
    }
}

/// The scalar at an offset that is not ASCII; U+FFFD of one byte where the bytes are no UTF-8.
func decode(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> (scalar: UInt32, width: Int) {
    let lead = UInt32(text[offset])
    let width = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    guard lead >= 0xC2, lead < 0xF5, offset + width <= text.count else { return (0xFFFD, 1) }
    var scalar = lead & (0xFF >> UInt32(width + 1))
    for place in offset + 1..<offset + width {
        guard text[place] & 0xC0 == 0x80 else { return (0xFFFD, 1) }
        scalar = scalar << 6 | UInt32(text[place] & 0x3F)
    }
    return (scalar, width)
}

/// A set of small numbers, as bits.
struct SymbolSet: Hashable, Sendable {
    private(set) var words: [UInt64] = []

    @inline(__always)
    func contains(_ number: Int) -> Bool {
        let word = number >> 6
        return word < words.count && words[word] & (1 << UInt64(number & 63)) != 0
    }

    mutating func insert(_ number: Int) {
        while words.count <= number >> 6 { words.append(0) }
        words[number >> 6] |= 1 << UInt64(number & 63)
    }

    mutating func toggle(_ number: Int) {
        while words.count <= number >> 6 { words.append(0) }
        words[number >> 6] ^= 1 << UInt64(number & 63)
        while words.last == 0 { words.removeLast() }
    }

    mutating func formUnion(_ other: SymbolSet) {
        for (place, word) in other.words.enumerated() {
            if place < words.count { words[place] |= word } else { words.append(word) }
        }
    }
}
