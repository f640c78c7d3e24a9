import Canonical
import Document
import Installation
import Testing
import Transports

@testable import Connector

@Suite struct FileRecordsTests {
    private typealias Change = FileRecords.Change

    private func keys(_ records: FileRecords) throws -> [String] {
        var keys: [String] = []
        try records.forEach { keys.append(String(decoding: $0.key, as: UTF8.self)) }
        return keys
    }

    @Test func keysStandInTheirOrderWhateverComesAndGoes() throws {
        let folder = try TemporaryFolder()
        let records = FileRecords(FileRecords.Place(folder: folder.path, name: "list.rows", mark: [1]))
        var expected: [String: [UInt8]] = [:]
        var random = SystemRandomNumberGenerator()
        for round in 0..<60 {
            var changes: [Change] = []
            var outcomes: [FileRecords.Outcome] = []
            for _ in 0..<20 {
                let number = Int.random(in: 0..<100, using: &random)
                // Keys that begin alike, shorter and longer than what is compared at once.
                let key = ["k\(number)", "common \(number)", "a common beginning \(number)"][number % 3]
                if number % 7 == round % 7 {
                    changes.append(Change(key: key, epoch: 0, revision: 1, bytes: nil))
                    outcomes.append(expected.removeValue(forKey: key) == nil ? .same : .changed)
                } else {
                    let bytes = [UInt8](repeating: UInt8.random(in: 0...3, using: &random), count: number)
                    changes.append(Change(key: key, epoch: 0, revision: 1, bytes: bytes))
                    outcomes.append(expected.updateValue(bytes, forKey: key) == bytes ? .same : .changed)
                }
            }
            #expect(try records.merge(changes) == outcomes)
            #expect(try keys(records) == expected.keys.sorted { $0.comesBefore($1) })
            #expect(records.count == expected.count)
            try records.forEach { entry in
                #expect(expected[String(decoding: entry.key, as: UTF8.self)] == Array(entry.bytes))
            }
        }
    }

    @Test func whatIsKeptOfManyPiecesIsKnownToBeWhole() throws {
        let folder = try TemporaryFolder()
        let place = FileRecords.Place(folder: folder.path, name: "list.rows", mark: [1])
        let records = FileRecords(place)
        let changes = (0..<3_000).map { number in
            Change(
                key: "key \(number)", epoch: 0, revision: 1,
                bytes: [UInt8](repeating: UInt8(number % 251), count: 250 + number % 37))
        }
        _ = try records.merge(changes)
        try records.keep()
        #expect(try FileRecords.kept(at: place).get().count == 3_000)
        var bytes = try AtomicFile.read(place.path)
        for damaged in [100, bytes.count / 2, bytes.count - 100] {
            bytes[damaged] ^= 1
            try AtomicFile.replace(place.path, with: bytes)
            #expect(throws: FileRecords.NothingKept.self) { try FileRecords.kept(at: place).get() }
            bytes[damaged] ^= 1
        }
        try AtomicFile.replace(place.path, with: bytes)
        #expect(try FileRecords.kept(at: place).get().count == 3_000)
    }

    @Test func aFileStaysWhereNothingChangesAndIsNotTakenFromSomebodyElse() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/list.csv"
        var writer = try FileWriter(
            FileWriting(file: "list.csv", format: ["csv": ["fields": ["gtin": "text", "name": "text"]]]),
            folder: folder.path, shown: folder.path, sink: "list", readsBack: false)
        func put(_ key: String, _ revision: Int64, _ name: String) -> Write {
            Write(
                key: key, revision: revision, own: nil, document: ["gtin": .string(key), "name": .string(name)],
                action: .put, idempotency: "")
        }
        func text() throws -> String { String(decoding: try AtomicFile.read(path), as: UTF8.self) }
        #expect(try writer.write([put("b", 1, "one")]).map(\.status) == [.written])
        #expect(try writer.write([put("a", 1, "two"), put("c", 1, "three")]).map(\.status) == [.written, .written])
        let whole = try text()
        #expect(whole.split(whereSeparator: \.isNewline).count == 4)
        let mark = FileMark(path)
        #expect(try writer.write([put("a", 2, "two")]).map(\.status) == [.unchanged])
        #expect(FileMark(path) == mark)
        var gone = put("b", 2, "")
        gone.action = .delete
        #expect(try writer.write([gone, put("a", 1, "nine")]).map(\.status) == [.absent, .outdated])
        #expect(try text().split(whereSeparator: \.isNewline).count == 3)
        try AtomicFile.replace(path, with: Array("somebody else's".utf8))
        #expect(throws: Overtaken.self) { try writer.write([put("a", 3, "four")]) }
        #expect(try text() == "somebody else's")
    }

    @Test func anOlderRevisionChangesNothing() throws {
        let folder = try TemporaryFolder()
        let records = FileRecords(FileRecords.Place(folder: folder.path, name: "list.rows", mark: [1]))
        func change(_ epoch: Int64, _ revision: Int64, _ bytes: [UInt8]?) -> Change {
            Change(key: "a", epoch: epoch, revision: revision, bytes: bytes)
        }
        #expect(try records.merge([change(1, 3, [1])]) == [.changed])
        #expect(try records.merge([change(1, 2, [2]), change(0, 9, nil)]) == [.outdated, .outdated])
        #expect(
            try records.merge([change(1, 4, [1]), change(1, 3, [2]), change(2, 1, [3])]) == [
                .same, .outdated, .changed,
            ])
        #expect(try records.merge([change(2, 2, nil), change(1, 1, [4])]) == [.changed, .changed])
        var held: [[UInt8]] = []
        try records.forEach { held.append(Array($0.bytes)) }
        #expect(held == [[4]])
    }

    @Test func aRecordLargerThanThePieceThatIsReadStaysWhole() throws {
        let folder = try TemporaryFolder()
        let records = FileRecords(FileRecords.Place(folder: folder.path, name: "list.rows", mark: [1]))
        let large = [UInt8](repeating: 7, count: 700_000)
        _ = try records.merge([
            Change(key: "b", epoch: 0, revision: 1, bytes: large), Change(key: "c", epoch: 0, revision: 1, bytes: [1]),
        ])
        _ = try records.merge([Change(key: "a", epoch: 0, revision: 1, bytes: [2])])
        var sizes: [Int] = []
        try records.forEach { sizes.append($0.bytes.count) }
        #expect(sizes == [1, 700_000, 1])
    }

    @Test func whatIsTakenUpAtTheStartReplacesWhatWasThere() throws {
        let folder = try TemporaryFolder()
        func put(_ key: String, _ revision: Int64) -> Write {
            Write(
                key: key, revision: revision, own: nil,
                document: ["gtin": .string(key), "at": .number(Number(Int(revision)))],
                action: .put, idempotency: "")
        }
        func made() throws -> FileWriter {
            try FileWriter(
                FileWriting(file: "list.jsonl", format: "json-lines"), folder: folder.path, shown: folder.path,
                sink: "list", readsBack: false)
        }
        var writer = try made()
        _ = try writer.write([put("b", 1), put("a", 1)])
        writer = try made()
        _ = try writer.restore(most: 1) { take in
            var gone = put("c", 2)
            gone.action = .delete
            for write in [put("c", 1), put("b", 2), gone] {
                let golden = Golden(
                    entity: "product", key: write.key, verb: .golden, revision: write.revision, data: [], time: .never,
                    place: "topic")
                try take(FoundRecord(golden: golden, fate: .write(write)))
            }
        }
        let bytes = try AtomicFile.read("\(folder.path)/list.jsonl")
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"gtin\":\"b\",\"at\":2}\n")
        #expect(try writer.write([put("b", 1)]).map(\.status) == [.outdated])
    }
}
