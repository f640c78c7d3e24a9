import Connector
import Document
import Mapping
import Transports

/// Places in a text, shown with the line and a caret.
enum ExcerptText {
    /// `  3 │ "name": titel,` and, below it, `    │         ^`.
    static func lines(_ text: [UInt8], line: Int, column: Int) -> [String] {
        let all = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard all.indices.contains(line - 1) else { return [] }
        let shown = String(decoding: all[line - 1], as: UTF8.self)
        let number = "\(line)"
        let gap = String(repeating: " ", count: number.count)
        // A tab stays one, so that the caret stands under its letter.
        let before = shown.prefix(max(0, column - 1)).map { $0 == "\t" ? "\t" : " " }.joined()
        return ["  \(number) │ \(shown)", "  \(gap) │ \(before)^"]
    }

    /// A message that names `<file>:<line>:<column>`, and the place below it.
    static func lines(of message: String, in file: String) -> [String] {
        let lines = message.split(separator: "\n").map(String.init)
        let name = Path.name(of: file)
        return lines.flatMap { line -> [String] in
            guard let place = line.firstRange(of: name + ":") else { return [line] }
            let numbers = line[place.upperBound...].split(separator: ":", maxSplits: 2).prefix(2).compactMap { Int($0) }
            guard numbers.count == 2, let text = try? AtomicFile.read(file) else { return [line] }
            return [line] + self.lines(text, line: numbers[0], column: numbers[1])
        }
    }
}

/// What `omni map check` found, for people and for programs.
enum FindingText {
    static func lines(of report: MappingCheck.Report) -> [String] {
        var lines: [String] = []
        if let why = report.blindness {
            lines.append("– \(report.connector)/\(report.part) \(why.rawValue): its input isn't known")
        }
        for finding in report.findings {
            let mark = finding.severity == .error ? "✗" : "!"
            lines.append(
                "\(mark) \(report.file):\(finding.line):\(finding.column): \(finding.severity.rawValue): \(finding.message)"
            )
            lines += ExcerptText.lines(report.source, line: finding.line, column: finding.column)
        }
        return lines
    }

    /// `12 mappings: 1 error, 2 warnings`.
    static func summary(_ reports: [MappingCheck.Report], doubts: Int = 0) -> String {
        let findings = reports.flatMap(\.findings)
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count - errors + doubts
        return
            "\(reports.count) mappings: \(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
    }

    /// A doubt about rules, which has no connector and no column.
    static func json(of doubt: String) -> JSON {
        ["severity": "warning", "rule": "rules", "message": .string(doubt)]
    }

    static func json(of report: MappingCheck.Report) -> [JSON] {
        report.findings.map { finding in
            [
                "connector": .string(report.connector), "part": .string(report.part), "file": .string(report.file),
                "line": .number(Number(finding.line)), "column": .number(Number(finding.column)),
                "severity": .string(finding.severity.rawValue), "rule": .string(finding.rule.rawValue),
                "message": .string(finding.message),
            ]
        }
    }
}
