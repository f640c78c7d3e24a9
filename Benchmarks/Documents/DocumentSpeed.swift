import Document
import Glibc
import Schema

/// How fast one core parses, validates and writes a typical document; memcpy's rate stands beside it, as the machine's
/// bound. `BENCH_ONLY=document/parse BENCH_CALLS=200000` runs that alone, so many times, for a profiler.
enum DocumentSpeed: Measurement {
    static let name = "document"
    static let about = "a product of 1 KB on one core: parse, validate, write"

    static func run(_ bench: Bench) throws -> [Figure] {
        var set = SchemaSet()
        try set.add(Array(productSchema.utf8), file: "product.json")
        let schema = try set.compile("product.json")
        let text = Array(productDocument.utf8)
        var tape = Tape()
        try tape.parse(text)
        var outcome = Schema.Report()
        guard schema.validate(tape.root, into: &outcome) else { throw BenchError("\(outcome.violations)") }
        let copy = UnsafeMutableRawPointer.allocate(byteCount: text.count, alignment: 16)
        defer { copy.deallocate() }
        var valid = true
        var writer = JSONWriter()
        var figures: [Figure] = []
        func measure(_ part: String, _ body: () throws -> Void) rethrows {
            guard bench.wants("document/\(part)") else { return }
            let time = try best(body)
            figures.append(Figure(name: "document/\(part)", value: Double(text.count) / time / 1e6, unit: "MB/s"))
        }
        try text.withUnsafeBufferPointer { bytes in
            measure("memcpy") { memcpy(copy, bytes.baseAddress!, bytes.count) }
            try measure("parse") { try tape.parse(bytes) }
            measure("validate") { valid = schema.isValid(tape.root) && valid }
            try measure("parse+validate") {
                try tape.parse(bytes)
                valid = schema.isValid(tape.root) && valid
            }
            measure("write") {
                writer.reset()
                writer.write(tape.root)
            }
        }
        guard valid else { throw BenchError("the product isn't valid") }
        let limit = figures.first { $0.name == "document/memcpy" }
        for index in figures.indices where figures[index].name != limit?.name {
            figures[index].beside = limit.map { .init(name: "memcpy", value: $0.value) }
        }
        return figures
    }

    /// The best of several rounds, in seconds a call.
    private static func best(_ body: () throws -> Void) rethrows -> Double {
        let fixed = Bench.variable("BENCH_CALLS").flatMap { Int($0) }
        let calls = fixed ?? 20_000
        var best = Double.infinity
        for _ in 0..<(fixed == nil ? 12 : 1) {
            let start = seconds()
            for _ in 0..<calls { try body() }
            best = min(best, (seconds() - start) / Double(calls))
        }
        return best
    }
}
