import Canonical
import Document
import Kafka
import Testing

@testable import Connector

/// What took a parked record's place is passed over by the sinks' own position, and only that.
@Suite struct CorrectionsTests {
    private static let partition = TopicPartition("omni.product", 1)

    private func golden(_ offset: Int64, partition: Int32 = 1) -> Golden {
        Golden(
            entity: "product", key: "a", verb: .golden, revision: offset, data: [], time: .never,
            place: .record(topic: "omni.product", partition: partition, offset: offset))
    }

    @Test func whatIsNotSafeWasNotTaken() {
        var corrections = Corrections()
        corrections.take(golden(7), as: "articles/product/a")
        #expect(!corrections.hasTaken(golden(7), as: "articles/product/a"))
        corrections.close()
        corrections.confirm()
        #expect(corrections.isEmpty && !corrections.hasTaken(golden(7), as: "articles/product/a"))
    }

    @Test func itAndWhatStandsBeforeItArePassedOver() {
        var corrections = Corrections()
        corrections.take(golden(7), as: "articles/product/a")
        corrections.confirm()
        let passed = (5...9).filter { corrections.hasTaken(golden($0), as: "articles/product/a") }
        #expect(passed == [5, 6, 7])
        #expect(!corrections.hasTaken(golden(5), as: "prices/product/a"))
        #expect(!corrections.hasTaken(golden(5, partition: 0), as: "articles/product/a"))
        // It is known for as long as it may still come.
        #expect(corrections.forget(before: [Self.partition.at(7), TopicPartition("omni.product", 0).at(9)]) == [])
        #expect(corrections.hasTaken(golden(7), as: "articles/product/a"))
        #expect(corrections.forget(before: [Self.partition.at(8)]) == ["articles/product/a"])
        #expect(corrections.isEmpty && corrections.note("articles/product/a") == nil)
    }

    @Test func theTopicSaysWhatWasTakenUntilItIsPassed() throws {
        var corrections = Corrections()
        corrections.take(golden(7), as: "articles/product/a")
        corrections.confirm()
        let note = try #require(corrections.note("articles/product/a"))
        var next = Corrections()
        next.restore("articles/product/a", at: try #require(note["ahead"].flatMap(TopicPartitionOffset.init)))
        #expect(
            next.hasTaken(golden(6), as: "articles/product/a") && !next.hasTaken(golden(8), as: "articles/product/a"))
    }
}
