import Canonical
import Testing

@testable import Hub

@Suite struct ClockTests {
    /// The broker's time when the clock began, and it was heard at once.
    private static let start: Int64 = 1_700_000_000_000
    private static let monotonic: Int64 = 5_000
    private static let day: Int64 = 86_400_000

    /// The readings after so many milliseconds, with the wall clock off by so much.
    private static func reading(after passed: Int64, wallOff: Int64 = 0) -> HubClock.Reading {
        HubClock.Reading(wall: start + passed + wallOff, monotonic: monotonic + passed)
    }

    /// A clock that begins while the wall clock is off by so much.
    private static func clock(isHeard: Bool = true, wallOff: Int64 = 0) -> HubClock {
        let began = reading(after: 0, wallOff: wallOff)
        var clock = HubClock(start: began)
        if isHeard { clock.hear(start, from: began, to: began) }
        return clock
    }

    @Test func timeFollowsTheMonotonicClock() {
        var clock = Self.clock()
        for passed in [0, 1, 1_000, Self.day] as [Int64] {
            #expect(
                clock.time(Self.reading(after: passed)) == .init(tick: Tick(Self.start + passed), mayExpire: true))
        }
    }

    private static let offs: [(Int64, Bool)] = [
        (0, true), (60_000, true), (60_001, false), (day, false), (-60_000, true), (-60_001, false),
        (-3_600_000, false),
    ]

    @Test(arguments: offs)
    func timeStandsStillWhileTheWallClockHasJumped(off: Int64, mayExpire: Bool) {
        var clock = Self.clock()
        _ = clock.time(Self.reading(after: 0))
        let time = clock.time(Self.reading(after: 10_000, wallOff: off))
        #expect(time.tick == Tick(Self.start + (mayExpire ? 10_000 : 0)))
        #expect(time.mayExpire == mayExpire)
        // Who asks for a hold is answered by the broker's time.
        #expect(clock.error(Self.reading(after: 10_000, wallOff: off)) == (mayExpire ? 0 : off))
    }

    /// It was off before the process began: what the two clocks of the machine agree on proves nothing.
    @Test(arguments: offs)
    func aWallClockThatWasAlwaysOffIsNotBelieved(off: Int64, mayExpire: Bool) {
        var clock = Self.clock(wallOff: off)
        let answer1 = clock.advance(to: Tick(Self.start - 1_000), Self.reading(after: 0, wallOff: off))
        #expect(answer1)
        for passed in [0, 1_000, Self.day] as [Int64] {
            let time = clock.time(Self.reading(after: passed, wallOff: off))
            #expect(time.mayExpire == mayExpire)
            #expect(time.tick == Tick(Self.start + (mayExpire ? passed : -1_000)))
        }
    }

    @Test func withoutAnEarlierTimeTheBrokersIsTaken() {
        var clock = Self.clock(wallOff: Self.day)
        for passed in [0, 5_000] as [Int64] {
            let time = clock.time(Self.reading(after: passed, wallOff: Self.day))
            #expect(time == .init(tick: Tick(Self.start), mayExpire: false))
        }
    }

    @Test func nothingExpiresUntilTheBrokerIsHeard() {
        var clock = Self.clock(isHeard: false)
        let answer2 = clock.advance(to: Tick(Self.start - 500), Self.reading(after: 0))
        #expect(answer2)
        for passed in [0, 1_000, Self.day] as [Int64] {
            #expect(
                clock.time(Self.reading(after: passed)) == .init(tick: Tick(Self.start - 500), mayExpire: false))
        }
        let now = Self.reading(after: Self.day)
        clock.hear(Self.start + Self.day, from: now, to: now)
        #expect(clock.time(now) == .init(tick: Tick(Self.start + Self.day), mayExpire: true))
    }

    @Test func expiryGoesOnWhenTheWallClockIsBack() {
        var clock = Self.clock()
        let away = clock.time(Self.reading(after: 1_000, wallOff: 3_600_000))
        let back = clock.time(Self.reading(after: 2_000))
        #expect(!away.mayExpire)
        #expect(back.mayExpire)
        #expect(back.tick == Tick(Self.start + 2_000))
    }

    @Test func expiryGoesOnWhenTheBrokerIsSetRight() {
        var clock = Self.clock()
        _ = clock.time(Self.reading(after: 0))
        let now = Self.reading(after: 1_000)
        clock.hear(Self.start + Self.day, from: now, to: now)
        #expect(clock.time(now).mayExpire == false)
        clock.hear(Self.start + 1_000, from: now, to: now)
        #expect(clock.time(now) == .init(tick: Tick(Self.start + 1_000), mayExpire: true))
    }

    @Test func timeNeverGoesBack() {
        var clock = Self.clock()
        var last = Tick.never
        // A monotonic clock doesn't do this; the engine must not depend on it.
        for passed in [0, 500, 400, 10_000, 9_999, 10_001, 0] as [Int64] {
            let tick = clock.time(Self.reading(after: passed)).tick
            #expect(tick >= last)
            last = tick
        }
        #expect(last == Tick(Self.start + 10_001))
        let now = Self.reading(after: 10_001)
        clock.hear(Self.start, from: now, to: now)
        #expect(clock.time(now).tick == last, "an earlier witness")
    }

    /// What was saved under a wrong clock, and what a little difference between clocks explains.
    @Test(arguments: [(-5_000, true), (0, true), (30_000, true), (60_000, true), (60_001, false), (day, false)])
    func aSavedTimeBeyondTheBrokersIsNotBelieved(ahead: Int64, isTaken: Bool) {
        var clock = Self.clock()
        let answer3 = clock.advance(to: Tick(Self.start + ahead), Self.reading(after: 0))
        #expect(answer3 == isTaken)
        let floor = isTaken ? max(0, ahead) : 0
        #expect(clock.time(Self.reading(after: 0)) == .init(tick: Tick(Self.start + floor), mayExpire: true))
        #expect(clock.time(Self.reading(after: floor + 1)).tick == Tick(Self.start + floor + 1))
    }

    @Test func partitionsThatHaveSeenLaterTicksBringThemAlong() {
        var clock = Self.clock()
        let answer4 = clock.advance(to: Tick(Self.start + 5_000), Self.reading(after: 0))
        #expect(answer4)
        #expect(clock.time(Self.reading(after: 1)).tick == Tick(Self.start + 5_000))
        let answer5 = clock.advance(to: Tick(Self.start - 5_000), Self.reading(after: 1))
        #expect(answer5)
        let answer6 = clock.advance(to: .never, Self.reading(after: 1))
        #expect(answer6)
        #expect(clock.time(Self.reading(after: 2)).tick == Tick(Self.start + 5_000), "never back")
    }

    /// A commit that a broker's absence has held up says what time it was then.
    @Test(arguments: [(0, true), (30_000, true), (30_001, false), (3_600_000, false)] as [(Int64, Bool)])
    func whatTheBrokerSaidLongAgoIsNoNews(passed: Int64, counts: Bool) {
        var clock = Self.clock()
        clock.hear(Self.start + 1, from: Self.reading(after: 0), to: Self.reading(after: passed))
        #expect(clock.lead(Self.reading(after: passed)) == (counts ? passed - 1 : 0))
        var other = Self.clock(isHeard: false)
        other.hear(Self.start + 1, from: Self.reading(after: 0), to: Self.reading(after: passed))
        #expect(other.lead(Self.reading(after: passed)) == passed - 1, "better than nothing")
    }

    @Test func theBrokerIsAskedWhenItIsNeededAndNotAllTheTime() {
        var silent = Self.clock(isHeard: false)
        let answers = ([0, 1, 59_999, 60_000, 60_001, 120_000] as [Int64]).map {
            silent.wantsWitness(Self.reading(after: $0))
        }
        #expect(answers == [true, false, false, true, false, true])
        var clock = Self.clock()
        let answer7 = clock.wantsWitness(Self.reading(after: Self.day))
        #expect(!answer7)
        let answer8 = clock.wantsWitness(Self.reading(after: Self.day, wallOff: 60_001))
        #expect(answer8, "they disagree")
        let answer9 = clock.wantsWitness(Self.reading(after: Self.day + 1, wallOff: 60_001))
        #expect(!answer9)
    }

    @Test func theMachinesClocksAdvance() {
        let one = HubClock.Reading.now()
        let other = HubClock.Reading.now()
        #expect(other.monotonic >= one.monotonic)
        // Between 2020 and 2100: milliseconds, not seconds or microseconds.
        #expect((1_577_836_800_000...4_102_444_800_000).contains(one.wall))
    }
}
