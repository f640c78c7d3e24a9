/// A pattern as instructions for a nondeterministic machine (Thompson's construction).
struct Program: Sendable {
    enum Instruction: Sendable {
        /// Takes one scalar of a set, then goes on with the next instruction.
        case take(set: Int)
        /// Goes on at both, preferring the first.
        case split(Int, Int)
        case jump(Int)
        /// Notes the offset in a slot: the whole match has the first two, groups two each, then come rounds.
        case note(slot: Int)
        /// Forgets the groups' offsets.
        case forget(groups: Range<Int>)
        /// Goes on only where something was taken since the slot was noted.
        case progress(slot: Int)
        case assert(Syntax.Assertion)
        case match
    }

    /// The most instructions: counted repetitions are written out, so a short pattern can ask for many.
    static let sizeLimit = 20_000

    /// The most sets: the alphabet is split along all of them.
    static let setLimit = 2_000

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [SymbolSet] = []
    private(set) var alphabet: Alphabet
    /// The symbols of line terminators and of word characters; told apart only where assertions need them.
    private(set) var lineTerminators = SymbolSet()
    private(set) var wordCharacters = SymbolSet()
    let groupNames: [String?]
    /// Symbols a match can begin with; nil when it may be empty or begin with an assertion.
    private(set) var first: SymbolSet?

    let slotCount: Int

    init(_ tree: Syntax, groupNames: [String?]) throws(PatternError) {
        self.groupNames = groupNames
        var builder = Builder(slotCount: 2 * (groupNames.count + 1))
        try builder.emit(.note(slot: 0))
        try builder.add(tree)
        try builder.emit(.note(slot: 1))
        try builder.emit(.match)
        instructions = builder.instructions
        slotCount = builder.slotCount
        let named = builder.usesAssertions ? [ScalarSet.lineTerminator, ScalarSet.word] : []
        let (alphabet, members) = Alphabet.splitting(builder.sets + named)
        self.alphabet = alphabet
        sets = Array(members.prefix(builder.sets.count))
        if builder.usesAssertions {
            lineTerminators = members[members.count - 2]
            wordCharacters = members[members.count - 1]
        }
        first = firstSymbols()
    }

    private func firstSymbols() -> SymbolSet? {
        var symbols = SymbolSet()
        var seen = Set<Int>()
        var pending = [0]
        while let at = pending.popLast() {
            guard seen.insert(at).inserted else { continue }
            switch instructions[at] {
            case .take(let set): symbols.formUnion(sets[set])
            case .split(let a, let b): pending += [a, b]
            case .jump(let target): pending.append(target)
            case .note, .forget, .progress: pending.append(at + 1)
            case .assert, .match: return nil
            }
        }
        return symbols
    }
}

private struct Builder {
    var instructions: [Program.Instruction] = []
    var sets: [ScalarSet] = []
    var usesAssertions = false
    var slotCount: Int
    private var numbers: [ScalarSet: Int] = [:]

    init(slotCount: Int) { self.slotCount = slotCount }

    mutating func emit(_ instruction: Program.Instruction) throws(PatternError) {
        guard instructions.count < Program.sizeLimit else {
            throw PatternError(
                reason: "the pattern takes too much memory: lower the counts of its quantifiers", position: 0)
        }
        instructions.append(instruction)
    }

    mutating func add(_ tree: Syntax) throws(PatternError) {
        switch tree {
        case .empty: break
        case .scalar(let set):
            let number = numbers[set] ?? sets.count
            if number == sets.count {
                guard number < Program.setLimit else {
                    throw PatternError(
                        reason: "more than \(Program.setLimit) different characters and classes", position: 0)
                }
                sets.append(set)
                numbers[set] = number
            }
            try emit(.take(set: number))
        case .assertion(let assertion):
            usesAssertions = true
            try emit(.assert(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .alternatives(let parts): try add(alternatives: parts)
        case .group(let inner, let number):
            try emit(.note(slot: 2 * number))
            try add(inner)
            try emit(.note(slot: 2 * number + 1))
        case .repeated(let inner, let min, let max, let lazy, let groups):
            try add(inner, min: min, max: max, lazy: lazy, groups: groups)
        }
    }

    private mutating func add(alternatives parts: [Syntax]) throws(PatternError) {
        var exits: [Int] = []
        for part in parts.dropLast() {
            let split = instructions.count
            try emit(.split(split + 1, 0))
            try add(part)
            exits.append(instructions.count)
            try emit(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        try add(parts[parts.count - 1])
        for exit in exits { instructions[exit] = .jump(instructions.count) }
    }

    private mutating func add(
        _ inner: Syntax, min: Int, max: Int?, lazy: Bool, groups: Range<Int>
    ) throws(PatternError) {
        // The last of the required rounds can be the loop's own, unless it may be empty: then a round that takes
        // something must stay possible behind an empty one.
        let loopsBack = max == nil && min > 0 && !inner.matchesEmpty
        for _ in 0..<(loopsBack ? min - 1 : min) {
            let before = instructions.count
            try round(inner, groups)
            if instructions.count == before { return }
        }
        if loopsBack {
            let start = instructions.count
            try round(inner, groups)
            let split = instructions.count
            try emit(lazy ? .split(split + 1, start) : .split(start, split + 1))
        } else if let max {
            var splits: [Int] = []
            for _ in min..<max {
                splits.append(instructions.count)
                try emit(.split(0, 0))
                let before = instructions.count
                try optionalRound(inner, groups)
                if instructions.count == before { break }
            }
            let exit = instructions.count
            for split in splits { instructions[split] = lazy ? .split(exit, split + 1) : .split(split + 1, exit) }
        } else {
            let split = instructions.count
            try emit(.split(0, 0))
            try round(inner, groups)
            try emit(.jump(split))
            let exit = instructions.count
            instructions[split] = lazy ? .split(exit, split + 1) : .split(split + 1, exit)
        }
    }

    /// A round beyond the required ones counts only when it takes something. (A loop's round that takes nothing comes
    /// back to where it was, and ends by itself.)
    private mutating func optionalRound(_ inner: Syntax, _ groups: Range<Int>) throws(PatternError) {
        guard inner.matchesEmpty else { return try round(inner, groups) }
        let slot = slotCount
        slotCount += 1
        try emit(.note(slot: slot))
        try round(inner, groups)
        try emit(.progress(slot: slot))
    }

    private mutating func round(_ inner: Syntax, _ groups: Range<Int>) throws(PatternError) {
        if !groups.isEmpty { try emit(.forget(groups: groups)) }
        try add(inner)
    }
}
