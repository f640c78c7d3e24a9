import Document
import Formats

extension Reader {
    /// A format with its options, checked by the format itself; a wrong option is reported at its own line.
    mutating func format(_ key: String, required: Bool = false, _ about: String) -> JSON? {
        guard let setting = any(key, kind: "a format, or one with options", required: required, about) else {
            return nil
        }
        do throws(OptionError) {
            _ = try FormatCatalog.format(setting.json)
        } catch {
            let what = error.path == key ? error.reason : error.description
            journal.report("\(title): \(key): \(what)", at: setting.place(of: error.path.split(separator: ".")))
        }
        return setting.json
    }
}

extension Setting {
    /// Where the names of a path were written, as far as they were.
    fileprivate func place(of path: [Substring]) -> Place {
        guard let name = path.first, let entry = entries?.first(where: { $0.key == name }) else { return place }
        let inner = entry.value.place(of: Array(path.dropFirst()))
        return path.count == 1 ? entry.place : max(entry.place, inner)
    }
}

/// The later of two lines of one file.
private func max(_ one: Place, _ other: Place) -> Place { one.line < other.line ? other : one }

extension Installation {
    /// Every format with its options, as the formats themselves declare them.
    static var formatReference: String {
        FormatCatalog.all.map { format in
            let rows = format.options.map {
                "| `\($0.name)` | \($0.values) | `\($0.standard)` | \($0.meaning) |"
            }
            let table = ["| option | takes | without it | |", "|---|---|---|---|"] + rows
            return "### \(format.name)\n\n\(format.summary)"
                + (rows.isEmpty ? " No options." : "\n\n\(table.joined(separator: "\n"))")
        }.joined(separator: "\n\n")
    }
}
