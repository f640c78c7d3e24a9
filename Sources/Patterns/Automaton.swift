/// A deterministic machine that tells whether a program matches anywhere: one table look-up a scalar.
///
/// Built whole when the pattern is compiled, so it is immutable and threads share it. A pattern that would take too
/// many states has none, and its threads are run instead.
final class Automaton: @unchecked Sendable {
    /// What lies before a place: assertions look back at it.
    private enum Before: Int, CaseIterable {
        case nothing, lineTerminator, wordCharacter, other
    }

    private static let dead: UInt16 = 0
    private static let matched: UInt16 = 1
    private static let stateLimit = 4_096
    private static let tableLimit = 1 << 15
    private static let workLimit = 500_000

    private let alphabet: Alphabet
    /// The next state's row, by state and symbol; the last column is the end of the text. Rows are counted in entries,
    /// so that a step costs no multiplication.
    private let table: UnsafeMutablePointer<UInt16>
    private let ascii: UnsafeMutablePointer<UInt16>
    private let width: Int
    /// Where to start, by what lies before.
    private let starts: [UInt16]
    let view: Matcher.View

    init?(_ program: Program) {
        var builder = Builder(program)
        guard let starts = builder.build() else { return nil }
        let width = builder.width
        alphabet = program.alphabet
        table = .allocate(capacity: builder.table.count)
        for (place, state) in builder.table.enumerated() { (table + place).initialize(to: state * UInt16(width)) }
        ascii = .allocate(capacity: 128)
        ascii.initialize(from: alphabet.ascii, count: 128)
        self.width = width
        self.starts = starts.map { $0 * UInt16(width) }
        view = Matcher.View(table: table, ascii: ascii, start: self.starts[0], matched: UInt16(width))
    }

    deinit {
        table.deallocate()
        ascii.deallocate()
    }

    /// Whether a match lies at or behind the offset.
    func matches(_ text: UnsafeBufferPointer<UInt8>, from: Int) -> Bool {
        var state = starts[from == 0 ? 0 : before(text, from).rawValue]
        var at = from
        while at < text.count, state > width {
            let (symbol, bytes) = alphabet.symbol(in: text, at: at)
            state = table[Int(state) + symbol]
            at += bytes
        }
        if state > width { state = table[Int(state) + width - 1] }
        return state == width
    }

    private func before(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Before {
        if Syntax.Assertion.lineStart.holds(in: text, at: offset) { return .lineTerminator }
        return ScalarSet.word.contains(UInt32(text[offset - 1])) ? .wordCharacter : .other
    }

    // MARK: Building

    private struct State: Hashable {
        /// Instructions that take a scalar, and assertions that wait for what follows. Sorted.
        var instructions: [Int]
        /// Matters only where an assertion waits; `other` elsewhere, so that equal states are one.
        var before: Before
    }

    private struct Builder {
        let program: Program
        let width: Int
        var table: [UInt16] = []
        private var numbers: [State: UInt16] = [:]
        private var states: [State] = []
        private var work = 0
        /// A match may begin behind a line's end, even where nothing is left to follow.
        private let revives: Bool

        init(_ program: Program) {
            self.program = program
            width = program.alphabet.count + 1
            revives = program.instructions.contains { if case .assert(.lineStart) = $0 { true } else { false } }
        }

        mutating func build() -> [UInt16]? {
            for fixed in [Automaton.dead, Automaton.matched] {
                table += Array(repeating: fixed, count: width)
                states.append(State(instructions: [], before: .other))
            }
            let starts = Before.allCases.map { number(of: closure([0], before: $0), before: $0) }
            var next = 2
            while next < states.count {
                for symbol in 0..<width { table.append(successor(of: states[next], on: symbol)) }
                next += 1
                guard states.count <= Automaton.stateLimit, states.count * width <= Automaton.tableLimit,
                    work <= Automaton.workLimit
                else { return nil }
            }
            return starts
        }

        private mutating func number(of closed: (instructions: [Int], matches: Bool), before: Before) -> UInt16 {
            if closed.matches { return Automaton.matched }
            if closed.instructions.isEmpty, !revives { return Automaton.dead }
            let waits = closed.instructions.contains {
                if case .assert = program.instructions[$0] { true } else { false }
            }
            let state = State(instructions: closed.instructions, before: waits ? before : .other)
            if let known = numbers[state] { return known }
            let number = UInt16(states.count)
            numbers[state] = number
            states.append(state)
            return number
        }

        private mutating func successor(of state: State, on symbol: Int) -> UInt16 {
            let ends = symbol == width - 1
            let kind: Before =
                ends
                ? .nothing
                : program.lineTerminators.contains(symbol)
                    ? .lineTerminator : program.wordCharacters.contains(symbol) ? .wordCharacter : .other
            let here = closure(state.instructions, before: state.before, following: kind)
            if here.matches { return Automaton.matched }
            if ends { return Automaton.dead }
            // A match may begin anywhere, so the program's start joins in at every place.
            var reached = [0]
            for instruction in here.instructions {
                if case .take(let set) = program.instructions[instruction], program.sets[set].contains(symbol) {
                    reached.append(instruction + 1)
                }
            }
            return number(of: closure(reached, before: kind), before: kind)
        }

        /// What is reached without taking a scalar. Assertions on what follows wait while that isn't known.
        private mutating func closure(
            _ start: [Int], before: Before, following: Before? = nil
        ) -> (instructions: [Int], matches: Bool) {
            var seen = Set<Int>()
            var kept: [Int] = []
            var pending = start
            while let at = pending.popLast() {
                work += 1
                guard seen.insert(at).inserted else { continue }
                switch program.instructions[at] {
                case .match: return ([], true)
                case .take: kept.append(at)
                case .split(let a, let b): pending += [a, b]
                case .jump(let target): pending.append(target)
                case .note, .forget, .progress: pending.append(at + 1)
                case .assert(let assertion):
                    switch holds(assertion, before, following) {
                    case true?: pending.append(at + 1)
                    case false?: break
                    case nil: kept.append(at)
                    }
                }
            }
            return (kept.sorted(), false)
        }

        private func holds(_ assertion: Syntax.Assertion, _ before: Before, _ following: Before?) -> Bool? {
            switch assertion {
            case .textStart: return before == .nothing
            case .lineStart: return before == .nothing || before == .lineTerminator
            case .textEnd: return following.map { $0 == .nothing }
            case .lineEnd: return following.map { $0 == .nothing || $0 == .lineTerminator }
            case .wordBoundary: return following.map { ($0 == .wordCharacter) != (before == .wordCharacter) }
            case .notWordBoundary: return following.map { ($0 == .wordCharacter) == (before == .wordCharacter) }
            }
        }
    }
}
