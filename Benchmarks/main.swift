import Document
import Glibc
import Schema

// How fast one core parses, validates and writes a typical document: `swift run -c release omni-bench`. memcpy's rate
// stands beside it, as the machine's bound.

func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// The best of several rounds, in seconds a call.
func measure(_ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<12 {
        let calls = 20_000
        let start = seconds()
        for _ in 0..<calls { try body() }
        best = min(best, (seconds() - start) / Double(calls))
    }
    return best
}

func report(_ name: String, _ time: Double, bytes: Int) {
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
report(
    "memcpy", text.withUnsafeBytes { bytes in measure { memcpy(copy, bytes.baseAddress!, bytes.count) } },
    bytes: text.count)

try text.withUnsafeBufferPointer { bytes in
    report("parse", try measure { try tape.parse(bytes) }, bytes: text.count)
    var valid = true
    report("validate", measure { valid = schema.isValid(tape.root) && valid }, bytes: text.count)
    report(
        "parse, validate",
        try measure {
            try tape.parse(bytes)
            valid = schema.isValid(tape.root) && valid
        }, bytes: text.count)
    guard valid else { exit(1) }
    var writer = JSONWriter()
    report(
        "write",
        measure {
            writer.reset()
            writer.write(tape.root)
        }, bytes: text.count)
}
