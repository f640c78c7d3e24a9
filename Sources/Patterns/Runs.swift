internal import CBytes

/// A pattern that is nothing but runs of ASCII characters, such as `^[A-Z]{2}-[0-9]+$`: a short text is held against it run
/// by run, all its bytes at a time, where the automaton takes one after the other.
@usableFromInline
struct Runs {
    /// Characters of a set, so many times. Unused ranges hold nothing.
    private struct Run {
        var ranges: [ClosedRange<UInt8>]
        var min: Int
        var max: Int

        func isDisjoint(with other: Run) -> Bool {
            !ranges.contains { range in other.ranges.contains { $0.overlaps(range) } }
        }
    }

    /// What lies flat in memory: a run and its ranges, as many as it has.
    private struct Step {
        var min: UInt8
        var max: UInt8
        var ranges: UInt8
    }

    private let steps: UnsafeMutablePointer<Step>
    private let ranges: UnsafeMutablePointer<ClosedRange<UInt8>>
    private let count: Int

    /// Longer texts are left to the automaton.
    static let longest = 16
    private static let mostRanges = 4

    /// Nil when the pattern is of another kind.
    init?(_ syntax: Syntax) {
        guard case .sequence(let parts) = syntax, parts.count >= 3, case .assertion(.textStart)? = parts.first,
            case .assertion(.textEnd)? = parts.last
        else { return nil }
        var runs: [Run] = []
        for part in parts.dropFirst().dropLast() {
            guard let run = Self.run(part) else { return nil }
            if let last = runs.last, last.ranges == run.ranges {
                runs[runs.count - 1].min += run.min
                runs[runs.count - 1].max += run.max
            } else {
                runs.append(run)
            }
        }
        // A run takes all it can: that must never be what the next one needs.
        for (run, next) in zip(runs, runs.dropFirst()) {
            guard run.min == run.max || next.min > 0 && run.isDisjoint(with: next) else { return nil }
        }
        guard runs.allSatisfy({ $0.min <= Self.longest }) else { return nil }
        count = runs.count
        steps = .allocate(capacity: count)
        ranges = .allocate(capacity: count * Self.mostRanges)
        for (place, run) in runs.enumerated() {
            let most = UInt8(Swift.min(run.max, Self.longest))
            (steps + place).initialize(to: Step(min: UInt8(run.min), max: most, ranges: UInt8(run.ranges.count)))
            let own = ranges + place * Self.mostRanges
            own.initialize(repeating: 0...0, count: Self.mostRanges)
            own.update(from: run.ranges, count: run.ranges.count)
        }
    }

    func free() {
        steps.deallocate()
        ranges.deallocate()
    }

    private static func run(_ syntax: Syntax) -> Run? {
        switch syntax {
        case .scalar(let set):
            guard !set.ranges.isEmpty, set.ranges.count <= mostRanges, set.ranges.allSatisfy({ $0.upperBound < 0x80 })
            else { return nil }
            return Run(ranges: set.ranges.map { UInt8($0.lowerBound)...UInt8($0.upperBound) }, min: 1, max: 1)
        case .repeated(.scalar(let set), let min, let max, _, _):
            guard var run = run(.scalar(set)) else { return nil }
            // A longer text isn't held against it, so what is beyond makes no difference.
            (run.min, run.max) = (Swift.min(min, longest + 1), Swift.min(max ?? longest + 1, longest + 1))
            return run
        default: return nil
        }
    }

    /// Whether a text of ``longest`` bytes at most matches. Sixteen bytes from its start on are read.
    @inline(__always)
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = text.baseAddress else { return false }
        var at = 0
        for place in 0..<count {
            let step = steps[place]
            let own = ranges + place * Self.mostRanges
            var outside = omni_outside(start, own[0].lowerBound, own[0].upperBound)
            for range in 1..<Swift.max(1, Int(step.ranges)) {
                outside &= omni_outside(start, own[range].lowerBound, own[range].upperBound)
            }
            // Behind the text, and behind sixteen bytes, nothing is of the set.
            outside |= UInt32.max << UInt32(truncatingIfNeeded: text.count)
            let taken = Swift.min((outside >> UInt32(truncatingIfNeeded: at)).trailingZeroBitCount, Int(step.max))
            guard taken >= Int(step.min) else { return false }
            at &+= taken
        }
        return at == text.count
    }
}
