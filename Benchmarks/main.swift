import Document
import Glibc
import Schema

// How fast one core parses, validates and writes a typical document: `swift run -c release omni-bench`. memcpy's rate
// stands beside it, as the machine's bound. A name as argument runs that measurement alone, a number behind
// it that many times, for a profiler.

func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

let chosen = CommandLine.arguments.dropFirst().first
let fixedCalls = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) }

/// The best of several rounds, in seconds a call.
func measure(_ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    let calls = fixedCalls ?? 20_000
    for _ in 0..<(fixedCalls == nil ? 12 : 1) {
        let start = seconds()
        for _ in 0..<calls { try body() }
        best = min(best, (seconds() - start) / Double(calls))
    }
    return best
}

/// Measures and prints, if the measurement is asked for.
func report(_ name: String, bytes: Int, _ body: () throws -> Void) rethrows {
    guard chosen == nil || chosen == name else { return }
    let time = try measure(body)
    func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
    let rate = Int(Double(bytes) / time / 1e6)
    print(
        name + String(repeating: " ", count: 24 - name.utf8.count) + padded("\(rate) MB/s", 14)
            + padded("\(Int(time * 1e9)) ns", 12) + padded("\(Int(1 / time / 1000))k/s", 12))
}

var set = SchemaSet()
try set.add(Array(productSchema.utf8), file: "product.json")
let schema = try set.compile("product.json")
let text = Array(productDocument.utf8)
var tape = Tape()
try tape.parse(text)
var outcome = Report()
guard schema.validate(tape.root, into: &outcome) else {
    for violation in outcome.violations { print(violation) }
    exit(1)
}
print("a product of \(text.count) bytes, one core")

let copy = UnsafeMutableRawPointer.allocate(byteCount: text.count, alignment: 16)
text.withUnsafeBytes { bytes in
    report("memcpy", bytes: text.count) { memcpy(copy, bytes.baseAddress!, bytes.count) }
}
try text.withUnsafeBufferPointer { bytes in
    var valid = true
    var writer = JSONWriter()
    try report("parse", bytes: text.count) { try tape.parse(bytes) }
    report("validate", bytes: text.count) { valid = schema.isValid(tape.root) && valid }
    try report("parse+validate", bytes: text.count) {
        try tape.parse(bytes)
        valid = schema.isValid(tape.root) && valid
    }
    report("write", bytes: text.count) {
        writer.reset()
        writer.write(tape.root)
    }
    guard valid else { exit(1) }
}
