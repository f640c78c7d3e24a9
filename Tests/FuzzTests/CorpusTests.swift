import FuzzTargets
import Glibc
import Testing

/// What a fuzzer ever found stays found: each input in Tests/Fuzz/Corpus runs through its target again.
@Suite struct CorpusTests {
    struct Input: Sendable, CustomTestStringConvertible {
        let target: FuzzTarget
        let name: String
        let bytes: [UInt8]
        var testDescription: String { "\(target.rawValue)/\(name)" }
    }

    private static var folder: String {
        var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        path.removeLast(2)
        return path.joined(separator: "/") + "/Fuzz/Corpus"
    }

    static let inputs: [Input] = FuzzTarget.allCases.flatMap { target in
        let folder = "\(folder)/\(target.rawValue)"
        return names(in: folder).map { Input(target: target, name: $0, bytes: read("\(folder)/\($0)")) }
    }

    @Test(arguments: inputs) func whatWasFoundOnceStaysMended(input: Input) {
        input.target.run(input.bytes)
    }

    @Test func everyTargetHasACorpus() {
        #expect(Set(Self.inputs.map(\.target)) == Set(FuzzTarget.allCases))
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
