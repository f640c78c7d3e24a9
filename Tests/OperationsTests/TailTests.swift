import Document
import Kafka
import Operations
import TestHub
import Testing

@Suite struct TailTests {
    private func tail(_ stand: Stand, from start: Tail.Start) throws -> Tail {
        try Tail(stand.topic, from: start, stand.plant.broker, log: stand.plant.log)
    }

    /// Reads until so many records have come.
    private func take(_ count: Int, of tail: inout Tail) throws -> [TailedRecord] {
        var records: [TailedRecord] = []
        try eventually("\(count) records") {
            records += try tail.next(timeout: .milliseconds(50))
            return records.count >= count
        }
        return records
    }

    @Test func recordsAreDecoded() throws {
        let stand = try Stand(partitions: 1)
        let producer = try stand.plant.producer()
        var headers = Headers([("ce_type", "omni.product.stated"), ("ce_subject", "a")])
        headers.add("nothing", nil as RawSpan?)
        try producer.produce(
            to: stand.topic, key: "a".utf8.span.bytes, value: "{\"price\":19.90}".utf8.span.bytes, headers: headers,
            timestamp: 1_700_000_000_000)
        try producer.produce(to: stand.topic, key: "b".utf8.span.bytes, value: nil)
        let binary: [UInt8] = [0xFF, 0, 1, 2]
        try producer.produce(to: stand.topic, value: binary.span.bytes)
        try producer.flush(timeout: .seconds(30))
        var tail = try tail(stand, from: .beginning)
        #expect(!tail.isLevel)
        let records = try take(3, of: &tail)
        #expect(tail.isLevel)
        #expect(records.map(\.key) == ["a", "b", nil])
        #expect(records.map(\.place.offset) == [0, 1, 2])
        #expect(records[0].timestamp == 1_700_000_000_000)
        #expect(records[0].headers.map(\.name) == ["ce_type", "ce_subject"])
        #expect(records[0].headers.first?.text == "omni.product.stated")
        guard case .json(let value) = records[0].value, case .tombstone = records[1].value,
            case .bytes(binary) = records[2].value
        else {
            Issue.record("\(records.map(\.value))")
            return
        }
        #expect(value["price"] == .number(Number("19.9")!))
        try tail.close()
    }

    @Test func itBeginsWhereItIsToldTo() throws {
        let stand = try Stand(partitions: 2)
        try stand.write(5, partition: 0)
        try stand.write(2, partition: 1)
        for (start, count) in [(.beginning, 7), (.last(3), 5), (.last(1), 2), (.last(100), 7)] as [(Tail.Start, Int)] {
            var tail = try tail(stand, from: start)
            var records: [TailedRecord] = []
            try eventually("the end of \(start)") {
                records += try tail.next(timeout: .milliseconds(50))
                return tail.isLevel
            }
            #expect(records.count == count, "\(start)")
            try tail.close()
        }
        for start in [.end, .last(0), .last(-5)] as [Tail.Start] {
            var tail = try tail(stand, from: start)
            #expect(tail.isLevel, "\(start): there is nothing to read")
            #expect(try tail.next(timeout: .zero).isEmpty)
            try tail.close()
        }
    }

    @Test func itFollowsWhatComes() throws {
        let stand = try Stand(partitions: 1)
        try stand.write(3)
        var tail = try tail(stand, from: .end)
        try stand.write(2)
        #expect(try take(2, of: &tail).map(\.place.offset) == [3, 4])
        try stand.write(1)
        #expect(try take(1, of: &tail).map(\.place.offset) == [5])
        try tail.close()
    }

    /// Only what was committed; and the end is reached behind markers, too.
    @Test func itShowsNoRecordsOfAbortedTransactionsAndReachesTheEndBehindThem() throws {
        let stand = try Stand(partitions: 1)
        let writer = try stand.plant.producer(["transactional.id": stand.group])
        try writer.initTransactions(timeout: .seconds(30))
        for isAborted in [false, true] {
            try writer.begin()
            try writer.produce(to: stand.topic, value: "\(isAborted)".utf8.span.bytes)
            try writer.flush(timeout: .seconds(30))
            if isAborted {
                try writer.abort(timeout: .seconds(30))
            } else {
                try writer.commit(timeout: .seconds(30))
            }
        }
        var tail = try tail(stand, from: .beginning)
        var records: [TailedRecord] = []
        try eventually("the end") {
            records += try tail.next(timeout: .milliseconds(50))
            return tail.isLevel
        }
        #expect(records.count == 1)
        try tail.close()
    }

    @Test func aTopicThatIsNotThereIsRefusedWithThoseThatAre() throws {
        let stand = try Stand()
        let error = #expect(throws: TailError.self) {
            _ = try Tail("\(stand.topic).none", from: .end, stand.plant.broker, log: stand.plant.log)
        }
        #expect(error?.topic == "\(stand.topic).none")
        #expect(error?.known.contains(stand.topic) == true)
        #expect(error?.description.contains(stand.topic) == true)
    }
}
