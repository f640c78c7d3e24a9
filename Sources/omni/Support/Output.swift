import ArgumentParser
import Document

#if canImport(Glibc)
    import Glibc
#endif

/// Whether a command answers for people or for programs.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Answer with JSON.")
    var json = false

    @Flag(name: .customLong("show-personal-data"), help: "Don't mask names, addresses, e-mails and the like.")
    var showsPersonalData = false
}

/// Writes to standard output at once: what is printed is seen, also by a pipe.
func say(_ text: String = "") { write(text, to: STDOUT_FILENO) }

/// Writes to standard error at once.
func complain(_ text: String) { write(text, to: STDERR_FILENO) }

/// Writes bytes to standard output as they are.
func say(bytes: [UInt8]) { bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) } }

private func write(_ text: String, to descriptor: Int32) {
    var line = text + "\n"
    line.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
}

private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var rest = bytes
    while !rest.isEmpty {
        let count = write(descriptor, rest.baseAddress, rest.count)
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
}

/// A failure that ends the command: one line on standard error, exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A table with columns as wide as their content.
struct TextTable {
    enum Side { case left, right }

    private let sides: [Side]
    private var rows: [[String]] = []

    init(_ heads: [(String, Side)]) {
        sides = heads.map(\.1)
        rows.append(heads.map(\.0))
    }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let widths = sides.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (sides[column] == .right ? gap + cell : cell + gap)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// A span of time for people: `0.3 s`, `12 s`, `4 m 10 s`, `3 h 2 m`, `5 d 1 h`.
func readable(milliseconds: Int64) -> String {
    if milliseconds < 10_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
    let seconds = milliseconds / 1000
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60) m \(seconds % 60) s" }
    if seconds < 86_400 { return "\(seconds / 3600) h \(seconds % 3600 / 60) m" }
    return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
}

/// A count with thousands apart: `18,204`.
func readable(count: Int64) -> String {
    let digits = String(count)
    var text = ""
    for (place, digit) in digits.enumerated() {
        if place > 0, (digits.count - place) % 3 == 0, digit != "-", text != "-" { text.append(",") }
        text.append(digit)
    }
    return text
}
