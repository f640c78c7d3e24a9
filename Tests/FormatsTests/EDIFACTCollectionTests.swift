import Document
import Formats
import Glibc
import Testing

/// Reads a collection of real interchanges: set `OMNI_EDIFACT_SAMPLES` to a folder of `.edi` files.
@Suite(.enabled(if: getenv("OMNI_EDIFACT_SAMPLES") != nil)) struct EDIFACTCollectionTests {
    private static let files: [String] = {
        guard let folder = getenv("OMNI_EDIFACT_SAMPLES").map({ String(cString: $0) }) else { return [] }
        var found: [String] = []
        var folders = [folder]
        while let folder = folders.popLast() {
            guard let directory = opendir(folder) else { continue }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name.hasPrefix(".") { continue }
                if name.hasSuffix(".edi") {
                    found.append("\(folder)/\(name)")
                } else {
                    folders.append("\(folder)/\(name)")
                }
            }
        }
        return found.sorted()
    }()

    private static func bytes(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    /// Real senders miscount, leave out envelopes and declare odd character sets.
    private static let lenient: JSON = [
        "edifact": ["counts": "warn", "envelope": "optional", "encoding": "iso-8859-1"]
    ]

    @Test func thereAreFiles() { #expect(!Self.files.isEmpty) }

    @Test(arguments: files) func aMessageIsReadAndWrittenAndReadAgain(path: String) throws {
        let bytes = try Self.bytes(path)
        let reading = try Reading(Self.lenient, bytes)
        #expect(!reading.records.isEmpty || reading.errors.contains { $0.scope == .file }, "\(reading.errors)")
        for record in reading.records {
            var document = record
            if document["interchange"] == nil {
                document = .object([.init("interchange", EDIFACTWriterTests.interchange)] + record.object!)
            }
            let isWhole = ["date", "time", "reference"].allSatisfy { document["interchange"]?[$0] != nil }
            guard isWhole else { continue }
            let again = try Reading(Self.lenient, written(Self.lenient, [document]))
            #expect(again.records == [document])
        }
    }

    @Test(arguments: files) func everyTruncationEndsWithoutInventingAMessage(path: String) throws {
        let bytes = try Self.bytes(path)
        let whole = try Reading(Self.lenient, bytes)
        for cut in stride(from: 0, to: bytes.count, by: 1 + bytes.count / 200) {
            let reading = try Reading(Self.lenient, Array(bytes[..<cut]))
            let before = whole.positions.count { $0.bytes.upperBound <= cut }
            let isSame = reading.records == Array(whole.records.prefix(before))
            #expect(isSame, "cut at \(cut)")
        }
    }
}
