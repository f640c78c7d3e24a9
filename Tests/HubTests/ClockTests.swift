import Canonical
import Testing

@testable import Hub

@Suite struct ClockTests {
    private static let start = HubClock.Reading(wall: 1_700_000_000_000, monotonic: 5_000)

    private func clock(saved: Int64? = nil) -> HubClock {
        HubClock(start: Self.start, saved: saved.map { Tick($0) } ?? .never)
    }

    /// The readings after so many milliseconds, with the wall clock off by so much.
    private func reading(after passed: Int64, wallOff: Int64 = 0) -> HubClock.Reading {
        HubClock.Reading(wall: Self.start.wall + passed + wallOff, monotonic: Self.start.monotonic + passed)
    }

    @Test func timeFollowsTheMonotonicClock() {
        var clock = clock()
        for passed in [0, 1, 1_000, 86_400_000] as [Int64] {
            #expect(
                clock.time(reading(after: passed)) == .init(tick: Tick(Self.start.wall + passed), mayExpire: true))
        }
    }

    @Test(
        arguments: [
            (0, true), (60_000, true), (60_001, false), (86_400_000, false), (-60_000, true), (-60_001, false),
            (-3_600_000, false),
        ] as [(Int64, Bool)])
    func timeStandsStillWhileTheWallClockHasJumped(off: Int64, mayExpire: Bool) {
        var clock = clock()
        let time = clock.time(reading(after: 10_000, wallOff: off))
        #expect(time.tick == Tick(Self.start.wall + (mayExpire ? 10_000 : 0)))
        #expect(time.mayExpire == mayExpire)
    }

    @Test func expiryGoesOnWhenTheWallClockIsBack() {
        var clock = clock()
        let away = clock.time(reading(after: 1_000, wallOff: 3_600_000))
        let back = clock.time(reading(after: 2_000))
        #expect(!away.mayExpire)
        #expect(back.mayExpire)
        #expect(back.tick == Tick(Self.start.wall + 2_000))
    }

    @Test func timeNeverGoesBack() {
        var clock = clock()
        var last = Tick.never
        // A monotonic clock doesn't do this; the engine must not depend on it.
        for passed in [0, 500, 400, 10_000, 9_999, 10_001, 0] as [Int64] {
            let tick = clock.time(reading(after: passed)).tick
            #expect(tick >= last)
            last = tick
        }
        #expect(last == Tick(Self.start.wall + 10_001))
    }

    @Test func timeBeginsWhereAnEarlierRunEnded() {
        var clock = clock(saved: Self.start.wall + 30_000)
        #expect(clock.time(reading(after: 1_000)).tick == Tick(Self.start.wall + 30_000))
        #expect(clock.time(reading(after: 30_001)).tick == Tick(Self.start.wall + 30_001))
    }

    @Test func partitionsThatHaveSeenLaterTicksBringThemAlong() {
        var clock = clock()
        clock.advance(to: Tick(Self.start.wall + 5_000))
        #expect(clock.time(reading(after: 1)).tick == Tick(Self.start.wall + 5_000))
        clock.advance(to: Tick(Self.start.wall - 5_000))
        clock.advance(to: .never)
        #expect(clock.time(reading(after: 2)).tick == Tick(Self.start.wall + 5_000), "never back")
    }

    @Test func theMachinesClocksAdvance() {
        let one = HubClock.Reading.now()
        let other = HubClock.Reading.now()
        #expect(other.monotonic >= one.monotonic)
        // Between 2020 and 2100: milliseconds, not seconds or microseconds.
        #expect((1_577_836_800_000...4_102_444_800_000).contains(one.wall))
    }
}
