import Canonical
import Document
import Testing
import Transports

@testable import Connector

/// What a process before wrote into a table, and may not have reported (I6).
@Suite struct LastBatchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ key: String, revision: Int64) -> Write {
        Write(key: key, revision: revision, own: nil, document: [:], action: .put, idempotency: "")
    }

    private func written(_ batch: LastBatch, _ writes: [Write]) throws -> [[Int64]] {
        batch.begin(writes)
        for write in writes {
            batch.add(write, own: nil, position: write.revision, isNew: false, held: Array("{}".utf8))
        }
        try batch.note()
        return writes.map { batch.earlier($0).map(\.revision) }
    }

    @Test func aRepeatedBatchTellsOfTheProcessBeforeAgainAndThenNoMore() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        #expect(try written(LastBatch(of: "article", in: database), [write("a", revision: 1)]) == [[]])
        // The next process: its reports fail, so that its batch is repeated, in the end by a third one.
        let second = try LastBatch(of: "article", in: database)
        let batch = [write("a", revision: 2), write("b", revision: 2)]
        #expect(try written(second, batch) == [[1], []])
        #expect(try written(second, batch) == [[1], []])
        let third = try LastBatch(of: "article", in: database)
        #expect(try written(third, [write("a", revision: 2)]) == [[1, 2]])
        // Another batch: what was told is acknowledged, what wasn't yet stays.
        #expect(try written(third, [write("c", revision: 1)]) == [[]])
        let fourth = try LastBatch(of: "article", in: database)
        #expect(try written(fourth, [write("a", revision: 3)]) == [[]])
        #expect(try written(fourth, [write("b", revision: 3), write("c", revision: 2)]) == [[2], [1]])
    }

    @Test func oneOfSeveralNumbersTellsOfIt() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        _ = try written(LastBatch(of: "article", in: database), [write("a", revision: 1)])
        let next = try LastBatch(of: "article", in: database)
        #expect(try written(next, [write("a", revision: 2), write("a", revision: 2)]) == [[1], []])
    }
}
