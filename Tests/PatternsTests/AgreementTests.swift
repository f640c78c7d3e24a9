import Testing

@testable import Patterns

/// The two machines are built differently from one program: on random patterns they must agree with each other, and
/// with a backtracking matcher that follows the specification word by word.
@Suite struct AgreementTests {
    @Test(arguments: 0..<8) func machinesAgreeWithTheSpecification(seed: UInt64) throws {
        var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        for _ in 0..<400 {
            let source = random.pattern(depth: 3)
            var parser = SyntaxParser(source, flags: [])
            let tree = try parser.parse()
            let pattern = try Pattern(source)
            for _ in 0..<8 {
                let text = random.text()
                let expected = Backtracking(text: Array(text.utf8), groups: parser.groupNames.count).search(tree)
                let found = pattern.firstMatch(in: text).map { [$0.range] + $0.captures }
                #expect(found == expected, "/\(source)/ on '\(text)'")
                #expect(pattern.matches(text) == (expected != nil), "/\(source)/ on '\(text)'")
            }
        }
    }
}

private struct Random {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 11) % bound
    }

    mutating func text() -> String {
        String((0..<below(9)).map { _ in ["a", "b", "c", " ", "é"][below(5)] }.joined())
    }

    mutating func pattern(depth: Int) -> String {
        guard depth > 0 else {
            return ["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "^", "$", "\\b", "\\B", "é"][below(12)]
        }
        switch below(6) {
        case 0: return pattern(depth: depth - 1) + "|" + pattern(depth: depth - 1)
        case 1, 2: return pattern(depth: depth - 1) + pattern(depth: depth - 1)
        case 3: return "(\(pattern(depth: depth - 1)))"
        case 4:
            let quantifier = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "{2,3}"][below(7)]
            // Lazy only around what takes something and isn't repeated itself: see firstMatch(in:from:).
            if depth == 3, below(2) == 0 { return "(?:\(["a", "[ab]", "(b)", "ab|c"][below(4)]))\(quantifier)?" }
            return "(?:\(pattern(depth: depth - 1)))\(quantifier)"
        default: return "(\(pattern(depth: depth - 1)))" + ["*", "+", "?"][below(3)]
        }
    }
}

/// ECMA-262, 22.2.2, with continuations.
private struct Backtracking {
    let text: [UInt8]
    let groups: Int

    typealias Captures = [Range<Int>?]
    typealias Rest = (Int, Captures) -> (Int, Captures)?

    func search(_ tree: Syntax) -> [Range<Int>?]? {
        for start in 0...text.count where start == text.count || text[start] & 0xC0 != 0x80 {
            let empty = Captures(repeating: nil, count: groups)
            if let (end, captures) = match(tree, start, empty, { ($0, $1) }) { return [start..<end] + captures }
        }
        return nil
    }

    func match(_ tree: Syntax, _ at: Int, _ captures: Captures, _ rest: Rest) -> (Int, Captures)? {
        switch tree {
        case .empty: return rest(at, captures)
        case .scalar(let set):
            guard at < text.count else { return nil }
            let (scalar, width) =
                text[at] < 0x80 ? (UInt32(text[at]), 1) : text.withUnsafeBufferPointer { decode($0, at) }
            return set.contains(scalar) ? rest(at + width, captures) : nil
        case .assertion(let assertion):
            return text.withUnsafeBufferPointer { assertion.holds(in: $0, at: at) } ? rest(at, captures) : nil
        case .sequence(let parts):
            guard let first = parts.first else { return rest(at, captures) }
            return match(first, at, captures) { match(.sequence(Array(parts.dropFirst())), $0, $1, rest) }
        case .alternatives(let parts):
            for part in parts { if let found = match(part, at, captures, rest) { return found } }
            return nil
        case .group(let inner, let number):
            return match(inner, at, captures) { end, inside in
                var noted = inside
                noted[number - 1] = at..<end
                return rest(end, noted)
            }
        case .repeated(let inner, let min, let max, let lazy, let groups):
            return rounds(inner, min, max, lazy, groups, at, captures, rest)
        }
    }

    private func rounds(
        _ inner: Syntax, _ min: Int, _ max: Int?, _ lazy: Bool, _ groups: Range<Int>, _ at: Int, _ captures: Captures,
        _ rest: Rest
    ) -> (Int, Captures)? {
        if max == 0 { return rest(at, captures) }
        var cleared = captures
        for group in groups { cleared[group - 1] = nil }
        func again() -> (Int, Captures)? {
            match(inner, at, cleared) { end, inside in
                if min == 0, end == at { return nil }
                return rounds(inner, Swift.max(min - 1, 0), max.map { $0 - 1 }, lazy, groups, end, inside, rest)
            }
        }
        if min > 0 { return again() }
        return lazy ? rest(at, captures) ?? again() : again() ?? rest(at, captures)
    }
}
