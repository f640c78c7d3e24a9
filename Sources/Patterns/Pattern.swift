/// A regular expression in ECMA-262's syntax, matched in time linear in the text whatever the pattern.
///
/// Supported: literals, `.`, classes, `\d \w \s \b` and their opposites, `\p{…}` for general categories and a few
/// binary properties, escapes, groups (numbered, named, non-capturing), alternation, greedy and lazy quantifiers, `^`
/// and `$`. Text is matched by Unicode scalars, as with the flag u. Back-references and lookaround are refused: no
/// linear-time engine has them.
///
/// ```swift
/// let gtin = try Pattern("^([0-9]{13})([0-9])$")
/// gtin.matches(bytes)
/// ```
public struct Pattern: Sendable {
    /// How a pattern is to be read.
    public struct Flags: OptionSet, Sendable, Hashable {
        /// The flags as bits.
        public let rawValue: UInt8
        /// Flags from their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `i`: upper and lower case match each other.
        public static let ignoreCase = Flags(rawValue: 1)
        /// `m`: `^` and `$` match at line ends too.
        public static let multiline = Flags(rawValue: 2)
        /// `s`: `.` matches line ends too.
        public static let dotAll = Flags(rawValue: 4)
    }

    /// One place where a pattern matches, in byte offsets of the text.
    public struct Match: Sendable, Hashable {
        /// What the whole pattern matched.
        public let range: Range<Int>
        /// What each group matched, in the order of their opening parentheses; nil for a group that took no part.
        public let captures: [Range<Int>?]

        init(slots: [Int], groups: Int) {
            range = slots[0]..<slots[1]
            captures = (1..<groups + 1).map { slots[2 * $0] >= 0 ? slots[2 * $0]..<slots[2 * $0 + 1] : nil }
        }
    }

    /// The pattern's text.
    public let source: String
    /// The flags it was compiled with.
    public let flags: Flags
    /// The groups' names, in order; nil for a group without one.
    public var groupNames: [String?] { machines.program.groupNames }

    /// Whether a match may be empty, as far as can be seen without a text.
    public let mayMatchEmpty: Bool

    let machines: Machines

    /// Compiles a pattern.
    ///
    /// - Throws: ``PatternError`` for a syntax error, for what a linear-time engine can't do, and for patterns that
    ///   would take unreasonable memory (counted repetitions of counted repetitions).
    public init(_ source: String, flags: Flags = []) throws(PatternError) {
        var parser = SyntaxParser(source, flags: flags)
        let tree = try parser.parse()
        self.source = source
        self.flags = flags
        mayMatchEmpty = tree.matchesEmpty
        machines = Machines(try Program(tree, groupNames: parser.groupNames), Runs(tree))
    }

    /// The leftmost match at or behind an offset; among those that start there, the one ECMA-262 prefers (but where a
    /// loop's body may be empty and ends in a lazy quantifier, a shorter one).
    ///
    /// `^` and `\b` look at the text before the offset too. For all matches, go on from the end of the last one (from
    /// the next scalar after an empty one).
    /// - Parameters:
    ///   - text: Valid UTF-8. Bytes that aren't valid match as U+FFFD each.
    ///   - from: A scalar's first byte, or the end of the text.
    public func firstMatch(in text: UnsafeBufferPointer<UInt8>, from: Int = 0) -> Match? {
        precondition(from >= 0 && from <= text.count, "the offset lies outside of the text")
        if let automaton = machines.automaton, !automaton.matches(text, from: from) { return nil }
        return ThreadMachine.firstMatch(of: machines.program, in: text, from: from)
    }

    /// The leftmost match in a string; offsets count its UTF-8 bytes.
    public func firstMatch(in text: String, from: Int = 0) -> Match? {
        var text = text
        return text.withUTF8 { firstMatch(in: $0, from: from) }
    }

    /// Whether the pattern matches anywhere in the text. Allocates nothing for all but outsized patterns.
    public func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool { matcher.matches(text) }

    /// Whether the pattern matches anywhere in the string.
    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    /// The quickest way to ask the same pattern again and again.
    /// - Warning: Valid only as long as the pattern is: it doesn't keep it alive.
    public var matcher: Matcher { Matcher(machines) }
}

/// What a pattern was compiled to.
final class Machines: @unchecked Sendable {
    let program: Program
    let automaton: Automaton?
    let runs: Runs?

    init(_ program: Program, _ runs: Runs?) {
        self.program = program
        self.runs = runs
        automaton = Automaton(program)
    }

    deinit { runs?.free() }

    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if let automaton { return automaton.matches(text, from: 0) }
        return ThreadMachine.firstMatch(of: program, in: text, from: 0) != nil
    }
}

extension Pattern: CustomStringConvertible {
    /// The pattern between slashes, and its flags.
    public var description: String {
        let letters: [(Flags, String)] = [(.ignoreCase, "i"), (.multiline, "m"), (.dotAll, "s")]
        return "/\(source)/" + letters.filter { flags.contains($0.0) }.map(\.1).joined()
    }
}

/// A pattern that can't be compiled: where, and why.
public struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let reason: String
    /// The place, in Unicode scalars from the pattern's start.
    public let position: Int

    /// `at 3: reason`
    public var description: String { "at \(position): \(reason)" }
}
