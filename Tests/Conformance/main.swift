import Document
import Glibc

// The public suites of JSONata and JSON Schema: `omni-conformance [--count] FOLDER [EXCEPTIONS]`, called by `make conformance`.
//
// Every case passes, or stands in the file of exceptions with its reason. What passes although it stands there fails too, so that
// the file stays true. With --count, one JSON object tells how many cases pass, and nothing else.

var arguments = Array(CommandLine.arguments.dropFirst())
let countsOnly = arguments.first == "--count"
if countsOnly { arguments.removeFirst() }
guard let folder = arguments.first else {
    print("usage: omni-conformance [--count] FOLDER [EXCEPTIONS]")
    exit(2)
}
let exceptions = try arguments.dropFirst().first.map { try Exceptions(file: $0) } ?? Exceptions()
let suites = [
    ("jsonata", folder + "/jsonata-suite", JSONataSuite.run),
    ("json-schema", folder + "/json-schema-suite", SchemaSuite.run),
]
var counts: [JSON.Member] = []
var failed = false
for (name, folder, run) in suites {
    guard Files.isFolder(folder) else {
        if !countsOnly { print("\(name): skipped, there is no \(folder) (SUITES=folder names another one)") }
        continue
    }
    let outcome = try run(folder)
    counts.append(
        .init(
            name,
            [
                "passed": .number(Number(outcome.total - outcome.failures.count)),
                "total": .number(Number(outcome.total)),
            ]))
    if countsOnly { continue }
    print("\(name): \(outcome.total - outcome.failures.count) of \(outcome.total) cases pass")
    let judged = exceptions.judge(name, outcome.failures)
    for line in judged.excepted { print("  as expected: \(line)") }
    for line in judged.unexpected { print("  FAILED: \(line)") }
    for line in judged.stale { print("  PASSES NOW, so take it from the list: \(line)") }
    if !judged.unexpected.isEmpty || !judged.stale.isEmpty { failed = true }
}
if countsOnly { print(JSON.object(counts).text) }
exit(failed ? 1 : 0)
