import Canonical
import Testing

@testable import Hub

@Suite struct MirrorTests {
    @Test(arguments: [(0, 0), (1, 1_700_000_000_000), (.max, .min), (.min, .max), (-1, -1)] as [(Int64, Int64)])
    func whatIsWrittenIsRead(offset: Int64, tick: Int64) {
        for mark in [nil, LogMark(offset: tick, appended: offset)] {
            let mirror = Mirror(inputOffset: offset, tick: Tick(tick), mark: mark)
            #expect(Mirror(mirror.bytes) == mirror)
        }
    }

    @Test func theBytesAreTheContract() {
        // They lie in changelogs: another layout needs another version.
        let bytes: [UInt8] = [1, 2, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]
        #expect(Mirror(inputOffset: 258, tick: Tick(-1)).bytes == bytes)
        let marked = Mirror(inputOffset: 258, tick: Tick(-1), mark: LogMark(offset: 3, appended: 4))
        let mark: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
        #expect(marked.bytes == [2] + bytes.dropFirst() + mark)
    }

    @Test func otherBytesAreNone() {
        let bytes = Mirror(inputOffset: 3, tick: Tick(4)).bytes
        #expect(Mirror(nil) == nil)
        for count in 0..<bytes.count { #expect(Mirror(Array(bytes.prefix(count))) == nil) }
        #expect(Mirror(bytes + [0]) == nil)
        #expect(Mirror([2] + bytes.dropFirst()) == nil, "a later version")
    }
}

@Suite struct InputMarksTests {
    private let one = DomainPartition("stock", 0)
    private let two = DomainPartition("stock", 1)

    @Test func theLastRecordAndTheLatestTimeAreKnownOfEachPartition() {
        var marks = InputMarks()
        marks.take(one, LogMark(offset: 5, appended: 100))
        marks.take(two, nil)
        #expect(marks[two] == nil)
        marks.read(two, offset: 0, at: 7)
        marks.read(one, offset: 6, at: 90)
        marks.read(one, offset: 7, at: nil)
        #expect(marks[one] == LogMark(offset: 5, appended: 100), "what came since may be another topic's")
        marks.prove(one)
        #expect(marks[one] == LogMark(offset: 6, appended: 100), "the broker's clock was set back")
        marks.read(two, offset: 3, at: 9)
        marks.read(two, offset: 4, at: 8)
        #expect(marks[two] == LogMark(offset: 0, appended: 7), "the first one")
        for partition in [one, two] { marks.prove(partition) }
        #expect(marks[two] == LogMark(offset: 4, appended: 9) && marks[one] == LogMark(offset: 6, appended: 100))
    }

    @Test func aPartitionThatComesAnewBringsItsOwn() {
        var marks = InputMarks()
        marks.read(one, offset: 9, at: 9)
        marks.drop(one)
        #expect(marks[one] == nil)
        marks.read(one, offset: 9, at: 9)
        marks.take(one, LogMark(offset: 1, appended: 1))
        #expect(marks[one] == LogMark(offset: 1, appended: 1))
    }
}

@Suite struct RestTests {
    @Test func whatFailsAgainRestsLongerUpToTheLongest() {
        var repetition = Repetition()
        var (now, rests): (Int64, [Int64]) = (50_000, [])
        for _ in 0..<9 {
            let rest = repetition.rest(at: now).components
            rests.append(rest.seconds * 1_000 + rest.attoseconds / 1_000_000_000_000_000)
            // Something else succeeds meanwhile, for a while.
            now += rests.last! + 900
        }
        #expect(rests == [0, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000])
    }

    @Test func whatFailsSeldomBeginsAnew() {
        var repetition = Repetition()
        for now in stride(from: Int64(2_000), to: 20_000, by: 1_001) { #expect(repetition.rest(at: now) == .zero) }
        for number in 0..<20 { _ = repetition.rest(at: 20_000 + Int64(number)) }
        #expect(repetition.rest(at: 40_000) == .seconds(2), "it has rested for most of that")
        #expect(repetition.rest(at: 60_001) == .zero)
    }
}

@Suite struct TimersTests {
    private let one = DomainPartition("stock", 0)
    private let two = DomainPartition("stock", 1)

    private func keys(_ timers: inout Timers, at time: Int64) -> [String] {
        timers.ready(at: Tick(time)).map { "\($0.partition) \($0.key)" }
    }

    @Test func whatIsDueIsReadyUntilSomethingElseIsSaid() {
        var timers = Timers()
        timers.set(one, "a", Tick(100))
        timers.set(two, "b", Tick(200))
        #expect(keys(&timers, at: 99) == [])
        #expect(keys(&timers, at: 100) == ["stock[0] a"])
        #expect(keys(&timers, at: 100) == ["stock[0] a"], "an aborted transaction asks again")
        #expect(keys(&timers, at: 200) == ["stock[0] a", "stock[1] b"])
        timers.set(one, "a", nil)
        #expect(keys(&timers, at: 500) == ["stock[1] b"])
        timers.set(two, "b", Tick(600))
        #expect(keys(&timers, at: 599) == [])
        #expect(keys(&timers, at: 600) == ["stock[1] b"])
    }

    @Test func aPartitionThatGoesTakesItsTimersAlong() {
        var timers = Timers()
        timers.set(one, "a", Tick(100))
        timers.set(two, "a", Tick(100))
        timers.drop(one)
        #expect(keys(&timers, at: 100) == ["stock[1] a"])
    }

    @Test func aLaterTimeDoesNotHideAnEarlierOne() {
        var timers = Timers()
        timers.set(one, "late", Tick(1_000))
        timers.set(one, "early", Tick(10))
        #expect(keys(&timers, at: 10) == ["stock[0] early"])
        timers.set(one, "early", nil)
        timers.set(one, "earlier", Tick(5))
        #expect(keys(&timers, at: 10) == ["stock[0] earlier"])
    }

    /// Keys are bytes. Swift takes differently composed texts for the same.
    @Test func keysThatOnlyLookAlikeHaveTimersOfTheirOwn() {
        var timers = Timers()
        timers.set(one, "Malm\u{F6}", Tick(100))
        timers.set(one, "Malmo\u{308}", Tick(200))
        #expect(timers.ready(at: Tick(100)).map { Array($0.key.utf8) } == [Array("Malm\u{F6}".utf8)])
        #expect(timers.ready(at: Tick(200)).count == 2)
    }

    /// Against the plainest model there is.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func theyAgreeWithADictionary(seed: UInt64) {
        var random = Seeded(seed)
        var timers = Timers()
        var model: [String: Int64] = [:]
        for _ in 0..<400 {
            let partition = Bool.random(using: &random) ? one : two
            let key = "k\(Int.random(in: 0..<6, using: &random))"
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let time = Int64.random(in: 0..<100, using: &random)
                timers.set(partition, key, Tick(time))
                model["\(partition) \(key)"] = time
            case 6..<8:
                timers.set(partition, key, nil)
                model["\(partition) \(key)"] = nil
            case 8 where Int.random(in: 0..<5, using: &random) == 0:
                timers.drop(partition)
                model = model.filter { !$0.key.hasPrefix("\(partition) ") }
            default:
                let now = Int64.random(in: 0..<100, using: &random)
                #expect(keys(&timers, at: now) == model.filter { $0.value <= now }.keys.sorted())
            }
        }
    }
}

/// SplitMix64: the same numbers for a seed, everywhere.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
