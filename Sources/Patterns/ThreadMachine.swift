/// Runs a program with all its threads at once, in order of preference (Pike's machine): finds where the leftmost
/// match lies and what its groups caught. Time: text × program, whatever the pattern.
struct ThreadMachine {
    private let program: Program
    private let text: UnsafeBufferPointer<UInt8>
    /// Slots of the thread that is being followed.
    private var slots: [Int]
    private var pending: [Step] = []

    private enum Step {
        case follow(Int)
        case restore(slot: Int, Int)
    }

    /// Threads at one offset, first choice first, each instruction at most once.
    private struct Threads {
        var at: [Int] = []
        var slots: [Int] = []
        private var place: [Int]

        init(_ program: Program) {
            place = Array(repeating: 0, count: program.instructions.count)
            at.reserveCapacity(16)
        }

        /// Sparse-set membership: `place` is believed only when it points back. Steps are counted from 1 in `stamp`.
        var stamp = 1
        mutating func visit(_ instruction: Int) -> Bool {
            if place[instruction] == stamp { return false }
            place[instruction] = stamp
            return true
        }

        mutating func removeAll() {
            at.removeAll(keepingCapacity: true)
            slots.removeAll(keepingCapacity: true)
            stamp += 1
        }
    }

    static func firstMatch(
        of program: Program, in text: UnsafeBufferPointer<UInt8>, from: Int
    ) -> Pattern.Match? {
        var machine = ThreadMachine(program, text)
        return machine.run(from: from)
    }

    private init(_ program: Program, _ text: UnsafeBufferPointer<UInt8>) {
        self.program = program
        self.text = text
        slots = Array(repeating: -1, count: program.slotCount)
    }

    private mutating func run(from: Int) -> Pattern.Match? {
        let width = program.slotCount
        var current = Threads(program)
        var following = Threads(program)
        var found: [Int]?
        var at = from
        while true {
            if found == nil {
                if current.at.isEmpty, let first = program.first { at = skip(to: first, from: at) }
                for slot in slots.indices { slots[slot] = -1 }
                follow(0, at, &current)
            }
            if current.at.isEmpty, found != nil { break }
            let (symbol, bytes) = at < text.count ? program.alphabet.symbol(in: text, at: at) : (-1, 1)
            threads: for (number, instruction) in current.at.enumerated() {
                switch program.instructions[instruction] {
                case .take(let set):
                    guard symbol >= 0, program.sets[set].contains(symbol) else { continue }
                    for slot in 0..<width { slots[slot] = current.slots[number * width + slot] }
                    follow(instruction + 1, at + bytes, &following)
                default:
                    // A match: those behind are not preferred.
                    found = Array(current.slots[number * width..<(number + 1) * width])
                    break threads
                }
            }
            swap(&current, &following)
            following.removeAll()
            at += bytes
            if at > text.count { break }
        }
        return found.map { Pattern.Match(slots: $0, groups: program.groupNames.count) }
    }

    private func skip(to first: SymbolSet, from: Int) -> Int {
        var at = from
        while at < text.count {
            let (symbol, width) = program.alphabet.symbol(in: text, at: at)
            if first.contains(symbol) { return at }
            at += width
        }
        return at
    }

    /// Adds what is reached from an instruction without taking a scalar.
    private mutating func follow(_ start: Int, _ offset: Int, _ threads: inout Threads) {
        pending.append(.follow(start))
        while let step = pending.popLast() {
            guard case .follow(let instruction) = step else {
                if case .restore(let slot, let value) = step { slots[slot] = value }
                continue
            }
            guard threads.visit(instruction) else { continue }
            switch program.instructions[instruction] {
            case .take, .match:
                threads.at.append(instruction)
                threads.slots.append(contentsOf: slots)
            case .jump(let target): pending.append(.follow(target))
            case .split(let preferred, let other):
                pending.append(.follow(other))
                pending.append(.follow(preferred))
            case .note(let slot):
                set(slot, offset)
                pending.append(.follow(instruction + 1))
            case .forget(let groups):
                for slot in 2 * groups.lowerBound..<2 * groups.upperBound where slots[slot] >= 0 { set(slot, -1) }
                pending.append(.follow(instruction + 1))
            case .progress(let slot):
                if slots[slot] != offset { pending.append(.follow(instruction + 1)) }
            case .assert(let assertion):
                if assertion.holds(in: text, at: offset) { pending.append(.follow(instruction + 1)) }
            }
        }
    }

    private mutating func set(_ slot: Int, _ value: Int) {
        pending.append(.restore(slot: slot, slots[slot]))
        slots[slot] = value
    }
}

extension Syntax.Assertion {
    /// Whether it holds at an offset of the text.
    func holds(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
        switch self {
        case .textStart: return offset == 0
        case .textEnd: return offset == text.count
        case .lineStart: return offset == 0 || Self.isLineTerminator(text, endingAt: offset)
        case .lineEnd: return offset == text.count || Self.isLineTerminator(text, startingAt: offset)
        case .wordBoundary: return Self.isBoundary(text, offset)
        case .notWordBoundary: return !Self.isBoundary(text, offset)
        }
    }

    private static func isBoundary(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
        let before = offset > 0 && ScalarSet.word.contains(UInt32(text[offset - 1]))
        let behind = offset < text.count && ScalarSet.word.contains(UInt32(text[offset]))
        return before != behind
    }

    private static func isLineTerminator(_ text: UnsafeBufferPointer<UInt8>, startingAt offset: Int) -> Bool {
        let byte = text[offset]
        if byte < 0x80 { return byte == 0x0A || byte == 0x0D }
        return ScalarSet.lineTerminator.contains(decode(text, offset).scalar)
    }

    private static func isLineTerminator(_ text: UnsafeBufferPointer<UInt8>, endingAt offset: Int) -> Bool {
        let byte = text[offset - 1]
        if byte < 0x80 { return byte == 0x0A || byte == 0x0D }
        return offset >= 3 && text[offset - 3] == 0xE2 && decode(text, offset - 3).width == 3
            && ScalarSet.lineTerminator.contains(decode(text, offset - 3).scalar)
    }
}
