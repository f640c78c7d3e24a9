import Allocations
import Document
import Glibc
import Mapping
import Schema

// Our side of `make bench-peers`: `omni-peers CASES…` measures each folder's document, mapping and schema, and prints an
// object a line. Rates are of CPU time, the best of many short rounds, so that a busy machine disturbs them little.

/// CPU seconds of this thread.
func cpu() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else {
        fatalError("\(path) can't be read")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

/// Calls a second, and allocations a call once its memory has grown.
func rate(_ body: () throws -> Void) rethrows -> (calls: Double, allocations: Double) {
    var start = cpu()
    var calls = 0
    while cpu() - start < 0.01 {
        try body()
        calls += 1
    }
    let allocated = omni_allocations()
    for _ in 0..<calls { try body() }
    let allocations = Double(omni_allocations() - allocated) / Double(calls)
    var best = Double.infinity
    for _ in 0..<20 {
        start = cpu()
        for _ in 0..<calls { try body() }
        best = min(best, (cpu() - start) / Double(calls))
    }
    return (1 / best, allocations)
}

/// What is measured in a folder, as members of its object.
func measure(_ folder: String) throws -> [JSON.Member] {
    let document = read(folder + "/document.json")
    let mapping = try CompiledMapping(source: read(folder + "/mapping.jsonata"), file: folder)
    var schemas = SchemaSet()
    try schemas.add(read(folder + "/schema.json"), file: folder)
    let schema = try schemas.compile(folder)
    let context = EvaluationContext(milliseconds: 0)
    var tape = Tape()
    var evaluator = MappingEvaluator()
    var writer = JSONWriter()
    var isValid = true
    let mapped = try rate {
        try tape.parse(document)
        writer.reset()
        if let result = try evaluator.evaluate(mapping, input: tape.root, tape: &tape, context: context) {
            writer.write(result)
        }
    }
    let parsed = try rate { try tape.parse(document) }
    let (words, bytes) = (tape.words.count, tape.words.byteCount)
    let evaluated = try rate {
        // The results before make way, as those of the record before do in a connector.
        tape.words.truncate(words: words)
        tape.words.truncate(bytes: bytes)
        _ = try evaluator.evaluate(mapping, input: tape.root, tape: &tape, context: context)
    }
    let validated = try rate {
        try tape.parse(document)
        isValid = schema.isValid(tape.root) && isValid
    }
    let checked = rate { isValid = schema.isValid(tape.root) && isValid }
    guard isValid else { fatalError("\(folder): the document does not fit the schema") }
    func whole(_ value: Double) -> JSON { .number(Number(Int(value.rounded()))) }
    return [
        .init("result", .string(String(decoding: writer.bytes, as: UTF8.self))),
        .init("parse-megabytes", whole(parsed.calls * Double(document.count) / 1e6)),
        .init("map-bytes", whole(mapped.calls)),
        .init("map-parsed", whole(evaluated.calls)), .init("validate-bytes", whole(validated.calls)),
        .init("validate-parsed", whole(checked.calls)),
        .init("allocations", Number(mapped.allocations).map { .number($0.rounded(places: 2)) } ?? .null),
    ]
}

for folder in CommandLine.arguments.dropFirst() {
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    print(JSON.object([.init("case", .string(name))] + (try measure(folder))).text)
}
