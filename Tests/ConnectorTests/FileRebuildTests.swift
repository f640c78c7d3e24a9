import Canonical
import Document
import Glibc
import Installation
import Testing
import Transports

@testable import Connector

/// What a start makes of a file that was handed over: a row goes only when its record does (I9).
@Suite struct FileRebuildTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func writer(
        _ fields: JSON = ["gtin": "text", "name": "text"], decimals: JSON = "point", sink: String = "list"
    ) throws -> FileWriter {
        try FileWriter(
            FileWriting(
                file: "list.csv", format: ["csv": ["fields": fields, "decimals": decimals, "line-ending": "lf"]]),
            folder: folder.path, shown: "\(folder.path)/shown", sink: sink, readsBack: false)
    }

    private func put(_ key: String, _ revision: Int64, _ name: JSON) -> Write {
        Write(
            key: key, revision: revision, own: nil, document: ["gtin": .string(key), "name": name], action: .put,
            idempotency: "")
    }

    private func found(_ key: String, _ revision: Int64, _ fate: FoundRecord.Fate) -> FoundRecord {
        FoundRecord(
            golden: Golden(
                entity: "product", key: key, verb: .golden, revision: revision, data: Array("{}".utf8), time: .never,
                place: "topic"), fate: fate)
    }

    private func good(_ key: String, _ revision: Int64, _ name: JSON) -> FoundRecord {
        found(key, revision, .write(put(key, revision, name)))
    }

    private func gone(_ key: String, _ revision: Int64) -> FoundRecord {
        var write = put(key, revision, "")
        write.action = .delete
        return found(key, revision, .write(write))
    }

    private func restored(
        _ writer: consuming FileWriter, most: Int = 100, _ records: [FoundRecord]
    ) throws -> Restored {
        try writer.restore(most: most) { take in for record in records { try take(record) } }
    }

    /// A mapping puts a level around what is as deep as a text may be: the record is refused, and the process goes on.
    @Test func whatIsNestedTooDeeplyIsRefused() throws {
        var writer = try writer()
        _ = try writer.restore(most: 100) { _ in }
        var deep = put("1", 1, "Sofa")
        deep.bytes = Array((#"{"gtin": "1", "name": "# + String(repeating: "[", count: 512)).utf8)
        deep.bytes += Array((String(repeating: "]", count: 512) + "}").utf8)
        let written = try writer.write([deep, put("2", 1, "Chair")])
        guard case .refused(let reason) = written[0].status else {
            Issue.record("it is \(written[0].status)")
            return
        }
        #expect(reason.contains("512"))
        #expect(written[1].status == .written)
        #expect(try rows.count == 1)
    }

    private var rows: [String] {
        get throws {
            let text = String(decoding: try AtomicFile.read("\(folder.path)/list.csv"), as: UTF8.self)
            return text.split(separator: "\n").dropFirst().map(String.init)
        }
    }

    private func handOver(_ records: [Write]) throws {
        var writer = try writer()
        _ = try writer.write(records)
    }

    @Test func whatIsHeldBackKeepsTheRowThatWasShown() throws {
        try handOver([put("1", 5, "One"), put("2", 5, "Two"), put("3", 5, "Three")])
        let result = try restored(
            try writer(),
            [
                good("1", 6, "Uno"), found("2", 6, .refused("no")), found("3", 6, .waiting("number")),
                found("4", 1, .refused("never shown")),
            ])
        #expect(try rows == ["1,Uno", "2,Two", "3,Three"])
        #expect(result.held.map(\.key) == ["2", "3", "4"])
        #expect(result.refused == 2 && result.bare == 1 && result.nothingKept == nil)
        #expect(result.first?.reason == "no")
        // And at the next start again.
        _ = try restored(try writer(), [good("1", 6, "Uno"), found("2", 6, .refused("no"))])
        #expect(try rows == ["1,Uno", "2,Two"])
    }

    @Test func whatIsGoneFromTheTopicIsGoneFromTheFile() throws {
        try handOver([put("1", 5, "One"), put("2", 5, "Two"), put("3", 5, "Three"), put("4", 5, "Four")])
        _ = try restored(
            try writer(), [good("1", 5, "One"), gone("2", 6), gone("4", .max), found("4", 1, .refused("no"))])
        #expect(try rows == ["1,One"])
    }

    @Test func theNewestOfWhatWasShownAndWhatTheTopicSaysStays() throws {
        try handOver([put("1", 1, "Old"), put("2", 9, "Shown"), put("3", 1, "Old")])
        let result = try restored(
            try writer(),
            [
                good("1", 4, "Since"), found("1", 5, .refused("no")), good("2", 4, "Before"),
                found("2", 10, .refused("no")), found("3", 2, .refused("no")), good("3", 3, "Mended"),
            ])
        #expect(try rows == ["1,Since", "2,Shown", "3,Mended"])
        #expect(result.held.map(\.key) == ["1", "2"])
    }

    @Test func whatTheFormatRefusesKeepsItsRowWhenOnlyTypesChanged() throws {
        try handOver([put("1", 1, "19.90"), put("2", 1, "20")])
        let integers: JSON = ["gtin": "text", "name": "integer"]
        let records = [good("1", 1, .number(Number("19.90")!)), good("2", 1, 20)]
        let result = try restored(try writer(integers), records)
        #expect(try rows == ["1,19.90", "2,20"])
        #expect(result.refused == 1 && result.held.map(\.key) == ["1"])
        // Rows of another form can't stand among the new ones.
        let other = try restored(try writer(integers, decimals: "comma"), records)
        #expect(try rows == ["2,20"])
        #expect(other.bare == 1 && other.nothingKept == FileRecords.NothingKept.ofOtherSettings.rawValue)
    }

    @Test func whenTooMuchIsRefusedTheFileStaysAsItIs() throws {
        try handOver([put("1", 1, "One"), put("2", 1, "Two"), put("3", 1, "Three")])
        let records = [good("1", 2, "Uno"), found("2", 1, .refused("no")), found("3", 1, .refused("no"))]
        for isKept in [true, false] {
            if !isKept { unlink("\(folder.path)/shown/list.rows") }
            let result = try restored(try writer(), most: 2, records)
            #expect(result.isTooMuch && result.refused == 2)
            #expect(try rows == ["1,One", "2,Two", "3,Three"])
        }
        // Those that only wait don't count.
        let waiting = records.map { found($0.golden.key, 1, .waiting("number")) }
        #expect(try !restored(try writer(), most: 2, waiting).isTooMuch)
    }

    @Test func keptRowsThatAreDamagedAreNotTaken() throws {
        try handOver([put("1", 1, "One"), put("2", 1, "Two")])
        let path = "\(folder.path)/shown/list.rows"
        let whole = try AtomicFile.read(path)
        let records = [good("1", 1, "One"), found("2", 1, .refused("no"))]
        for place in [3, 24, 40, whole.count - 40] {
            var bytes = whole
            bytes[place] ^= 0x41
            try AtomicFile.replace(path, with: bytes)
            #expect(try restored(try writer(), records).nothingKept == FileRecords.NothingKept.damaged.rawValue)
            #expect(try rows == ["1,One"])
        }
        for count in [0, 30, whole.count - 1] {
            try AtomicFile.replace(path, with: Array(whole[..<count]))
            #expect(try restored(try writer(), records).nothingKept != nil)
        }
        try AtomicFile.replace(path, with: whole)
        #expect(try restored(try writer(), records).nothingKept == nil)
        #expect(try rows == ["1,One", "2,Two"])
    }

    @Test func manyRecordsAreTakenUpInPieces() throws {
        func key(_ number: Int) -> String { "\(10000 + number)" }
        let filler = JSON.string(String(repeating: "x", count: 4000))
        try handOver((0..<3000).map { put(key($0), 1, .string("shown \($0)")) })
        let result = try restored(
            try writer(), most: 2000,
            (0..<3000).flatMap { number in
                // Some are held back first and mended in another piece.
                number % 3 == 0 ? [found(key(number), 2, .refused("no"))] : [good(key(number), 2, filler)]
            } + (0..<300).map { good(key($0), 3, "mended") })
        #expect(result.refused == 900)
        let expected = (0..<3000).map { number in
            number < 300 ? "mended" : number % 3 == 0 ? "shown \(number)" : filler.string!
        }
        #expect(try rows == expected.enumerated().map { "\(key($0.offset)),\($0.element)" })
    }

    @Test func whatIsKeptOfSinksThatAreNoMoreIsRemoved() throws {
        try handOver([put("1", 1, "One")])
        var other = try writer(sink: "other")
        unlink("\(folder.path)/list.csv")
        _ = try other.restore(most: 1) { take in try take(good("1", 1, "One")) }
        try AtomicFile.replace("\(folder.path)/shown/.scratch.1.2.tmp", with: [1])
        FileRecords.sweep("\(folder.path)/shown", keeping: ["other.rows"])
        #expect(Folders.names(in: "\(folder.path)/shown", hidden: true) == ["other.rows"])
    }
}
