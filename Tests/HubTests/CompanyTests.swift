import Canonical
import Kafka
import Testing

@testable import Hub

/// When a turn is committed.
struct CompanyTests {
    private static let partition = DomainPartition("product", 0)

    /// One turn after the other, at these times: whether each waits, and for how long the next records are waited for then.
    private func answers(_ turns: [(turn: Turn, chores: Int, at: Int64)]) -> [Int64?] {
        var company = Company()
        return turns.map { turn, chores, time in
            company.isWorthwhile(for: turn, chores: chores, at: time) ? company.left(at: time) : nil
        }
    }

    private func turn(states: Int = 1, isRead: Bool = false) -> Turn {
        let turn = Turn()
        for number in 0..<states { turn.overlay.put(Self.partition, "\(number)", [1]) }
        if isRead { turn.letters.append(.init(topic: "t", key: nil, value: nil, headers: [])) }
        return turn
    }

    @Test func aChangeNeverWaits() {
        #expect(answers([(turn(isRead: true), 0, 100)]) == [nil])
    }

    @Test func anAcknowledgementWaitsForAMomentThatLaterOnesDoNotProlong() {
        #expect(answers([(turn(), 0, 100), (turn(), 0, 119), (turn(), 0, 120)]) == [20, 1, nil])
    }

    @Test func aChangeTakesAlongWhatHasWaited() {
        #expect(answers([(turn(), 0, 100), (turn(isRead: true), 0, 101)]) == [20, nil])
    }

    @Test func muchIsCommittedAtOnce() {
        #expect(answers([(turn(states: Company.most), 0, 100)]) == [20])
        #expect(answers([(turn(states: Company.most + 1), 0, 100)]) == [nil])
        #expect(answers([(turn(), 1, 100)]) == [nil], "states that are told again are awaited")
    }

    /// Machines sleep, and clocks go on from somewhere else.
    @Test func aClockThatWasSetBackLetsNothingWait() {
        #expect(answers([(turn(), 0, 100), (turn(), 0, 50)]) == [20, nil])
    }

    @Test func whatIsHandedOverWaitsNoMore() {
        var company = Company()
        let isAwaited = company.isWorthwhile(for: turn(), chores: 0, at: 100)
        #expect(isAwaited && company.isAwaited)
        company.end()
        #expect(!company.isAwaited && company.left(at: 101) == nil)
    }
}
