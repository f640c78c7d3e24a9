import Document
import Kafka
import Testing

@testable import Connector

/// I6: until all that the process before may have written is repeated, nothing is read.
@Suite struct RepeatingTests {
    private let partition = TopicPartition("omni.product", 0)

    private func begun(_ batch: Int, at committed: Int64?, end: Int64, noted: Int64? = nil) -> Repeating {
        Repeating(
            [(partition, committed)], [partition: Watermarks(low: 0, high: end)], batch: batch, noted: { _ in noted })
    }

    @Test func aBatchIsRecordsHoweverManyOffsetsTheyTake() {
        var repeating = begun(500, at: 1_000, end: 100_000)
        for number in 1...500 {
            repeating.reach([partition.at(1_000 + Int64(number - 1) * 20)])
            #expect(!repeating.isDone, "\(number)")
            repeating.take(partition)
        }
        repeating.take(TopicPartition("omni.product", 1))
        repeating.reach([partition.at(1_000 + 500 * 20)])
        #expect(repeating.isDone)
    }

    @Test func itEndsWhereThePartitionEnded() {
        var repeating = begun(500, at: nil, end: 40, noted: 90)
        repeating.take(partition)
        repeating.reach([partition.at(39)])
        #expect(!repeating.isDone)
        repeating.reach([partition.at(40)])
        #expect(repeating.isDone, "what was noted there is gone from it")
        #expect(begun(500, at: 40, end: 40).isDone)
        #expect(begun(500, at: nil, end: 0).isDone)
    }

    @Test func whatWasNotedIsReadFirst() {
        var repeating = begun(1, at: 10, end: 100, noted: 30)
        repeating.take(partition)
        repeating.reach([partition.at(30)])
        #expect(!repeating.isDone)
        repeating.reach([partition.at(31)])
        #expect(repeating.isDone)
    }

    @Test func whatWasNotedIsAwaited() {
        let repeating = begun(500, at: 10, end: 100, noted: 30)
        #expect(repeating.awaitsNote([]))
        #expect(repeating.awaitsNote([partition.at(30)]))
        #expect(!repeating.awaitsNote([partition.at(31)]))
        #expect(!begun(500, at: 31, end: 100, noted: 30).awaitsNote([]), "it was committed since")
        #expect(!begun(500, at: 10, end: 100).awaitsNote([]))
    }

    @Test func aSmallerSettingRepeatsWhatTheLargerOneMayHaveWritten() {
        var undertaken = Undertaking(noted: ["writing": ["omni.product[0]@7", "omni.product[0]@12"], "batch": 2_000])
        #expect(undertaken.batch == 2_000)
        #expect(undertaken.last(in: partition) == 12)
        #expect(undertaken.last(in: TopicPartition("omni.product", 1)) == nil)
        #expect(undertaken.note([])["batch"] == 2_000, "until it is repeated")
        let isLarger = undertaken.settle(batch: 10)
        #expect(isLarger)
        #expect(undertaken.batch == 500 && undertaken.note([]) == ["writing": [], "held": []])
        let isStill = undertaken.settle(batch: 10)
        #expect(!isStill)
        #expect(Undertaking(noted: nil).batch == 500 && Undertaking(noted: ["batch": 10]).batch == 500)
    }
}
