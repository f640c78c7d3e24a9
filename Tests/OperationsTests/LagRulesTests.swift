import Kafka
import Operations
import Testing

/// The rules of lag, without a broker.
@Suite struct LagRulesTests {
    private static func partition(
        _ number: Int32 = 0, committed: Int64?, start: Int64 = 0, end: Int64, age: Int64? = nil, isKnown: Bool = true
    ) -> PartitionLag {
        PartitionLag(
            partition: TopicPartition("t", number), committed: committed, start: start, end: end, age: age,
            isKnown: isKnown)
    }

    private static func group(_ partitions: [PartitionLag], members: Int? = 1, note: String? = nil) -> GroupLag {
        GroupLag(name: "hub", group: "omni.hub", members: members, partitions: partitions, note: note)
    }

    @Test(
        arguments: [
            (100, 0, 100, true, 0), (90, 0, 100, true, 10), (0, 0, 100, true, 100),
            // Nothing committed: everything that is there is ahead, no more and no less.
            (nil, 0, 100, true, 100), (nil, 40, 100, true, 60), (nil, 100, 100, true, 0),
            // The topic was made anew, or the end was read before the commit.
            (150, 0, 100, true, 0),
            // Unknown is never 0.
            (100, 0, 100, false, nil), (nil, 0, 0, false, nil),
        ] as [(Int64?, Int64, Int64, Bool, Int64?)])
    func behindIsPositionsNotRecords(
        committed: Int64?, start: Int64, end: Int64, isKnown: Bool, behind: Int64?
    ) {
        let lag = Self.partition(committed: committed, start: start, end: end, isKnown: isKnown)
        #expect(lag.behind == behind)
    }

    @Test func aGroupIsBehindByTheSumAndAsOldAsItsOldest() {
        let lag = Self.group([
            Self.partition(0, committed: 5, end: 10, age: 300), Self.partition(1, committed: 10, end: 10),
            Self.partition(2, committed: 1, end: 3, age: 5_000),
        ])
        #expect(lag.behind == 7)
        #expect(lag.age == 5_000)
        #expect(Self.group([Self.partition(committed: 3, end: 3)]).age == nil)
    }

    @Test func onePartitionThatIsUnknownMakesTheGroupUnknown() {
        let lag = Self.group([
            Self.partition(0, committed: 10, end: 10), Self.partition(1, committed: nil, end: 10, isKnown: false),
        ])
        #expect(lag.behind == nil)
        #expect(lag.verdict == .unknown)
    }

    @Test(
        arguments: [
            (10, 1, true, .level), (10, nil, true, .level), (9, 1, true, .behind), (9, nil, true, .behind),
            (10, 0, true, .stopped), (9, 0, true, .stopped), (10, 1, false, .unknown), (9, 0, false, .stopped),
        ] as [(Int64, Int?, Bool, GroupLag.Verdict)])
    func theVerdictIsAWord(committed: Int64, members: Int?, isKnown: Bool, verdict: GroupLag.Verdict) {
        let partitions = [Self.partition(committed: committed, end: 10, isKnown: isKnown)]
        #expect(Self.group(partitions, members: members).verdict == verdict)
    }
}
