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

    private func opened(_ database: SQLiteDatabase, _ process: String = "1") throws -> LastBatch {
        try LastBatch(of: "article", in: database, by: WritingProcess(of: "test", id: process))
    }

    private func note(_ batch: LastBatch, _ writes: [Write]) throws {
        try batch.begin(writes)
        for write in writes {
            batch.add(write, own: nil, position: write.revision, isNew: false, held: Array("{}".utf8))
        }
        try batch.note()
    }

    private func written(_ batch: LastBatch, _ writes: [Write]) throws -> [[Int64]] {
        try note(batch, writes)
        batch.confirm()
        return writes.map { batch.earlier($0).map(\.revision) }
    }

    @Test func aRepeatedBatchTellsOfTheProcessBeforeAgainAndThenNoMore() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        #expect(try written(opened(database), [write("a", revision: 1)]) == [[]])
        // The next process: its reports fail, so that its batch is repeated, in the end by a third one.
        let second = try opened(database, "2")
        let batch = [write("a", revision: 2), write("b", revision: 2)]
        #expect(try written(second, batch) == [[1], []])
        #expect(try written(second, batch) == [[1], []])
        let third = try opened(database, "3")
        #expect(try written(third, [write("a", revision: 2)]) == [[1, 2]])
        // Another batch: what was told is acknowledged, what wasn't yet stays.
        #expect(try written(third, [write("c", revision: 1)]) == [[]])
        let fourth = try opened(database, "4")
        #expect(try written(fourth, [write("a", revision: 3)]) == [[]])
        #expect(try written(fourth, [write("b", revision: 3), write("c", revision: 2)]) == [[2], [1]])
    }

    @Test func oneOfSeveralNumbersTellsOfIt() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        _ = try written(opened(database), [write("a", revision: 1)])
        let next = try opened(database, "5")
        #expect(try written(next, [write("a", revision: 2), write("a", revision: 2)]) == [[1], []])
    }

    @Test func aBatchWhoseAnswerWasLostIsToldOfAlsoWhereNothingIsWrittenOfIt() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        let batch = try opened(database)
        _ = try written(batch, [write("a", revision: 1)])
        #expect(try batch.unreported(of: "a", with: 0, 1).isEmpty, "its report is handed over")
        // It is committed, and nobody hears of it.
        try note(batch, [write("a", revision: 2), write("b", revision: 2)])
        #expect(try batch.unreported(of: "a", with: 0, 2).map(\.revision) == [2])
        // Until that is acknowledged: then the next batch comes.
        #expect(try written(batch, [write("b", revision: 2)]) == [[2]])
        #expect(try batch.unreported(of: "a", with: 0, 2).isEmpty)
    }

    @Test func aBatchThatWasRolledBackIsNotToldOf() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        let batch = try opened(database)
        #expect(throws: SystemFailure.self) {
            try database.transaction {
                try note(batch, [write("a", revision: 1)])
                throw SystemFailure("full")
            }
        }
        #expect(try batch.unreported(of: "a", with: 0, 1).isEmpty)
        #expect(try written(batch, [write("a", revision: 1)]) == [[]])
    }

    @Test func whatAnotherProcessWroteMeanwhileIsTakenUp() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        let (next, dying) = (try opened(database, "next"), try opened(database, "dying"))
        _ = try written(dying, [write("a", revision: 1)])
        #expect(try written(next, [write("a", revision: 2)]) == [[1]])
    }

    @Test func whatWasKeptBeforeThereWereMarksIsTakenUp() throws {
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute(
            """
            CREATE TABLE omni_batch ("table" TEXT NOT NULL PRIMARY KEY, writes TEXT NOT NULL) WITHOUT ROWID;
            INSERT INTO omni_batch VALUES
                ('article', '[{"key":"a","epoch":0,"revision":1,"position":1,"new":false,"fields":[],"held":{}}]');
            """)
        #expect(try LastBatch.mark(of: "article", in: database) == nil)
        #expect(try written(opened(database), [write("a", revision: 2)]) == [[1]])
        #expect(try LastBatch.mark(of: "article", in: database) == "test#1/1")
    }
}
