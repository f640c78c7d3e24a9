/// What is wrong with a text that is no YAML, in words for whoever wrote it: libyaml's own speak of its parser.
struct YAMLProblem {
    /// A place as libyaml counts: lines and columns (in characters) from 0.
    struct Mark {
        var line: Int
        var column: Int
    }

    /// With the breaks that libyaml counts: CR and LF, together or alone, and Unicode's own.
    private let lines: [[Unicode.Scalar]]
    private let text: String
    private let file: String

    init(_ text: String, file: String) {
        (self.text, self.file) = (text, file)
        var lines: [[Unicode.Scalar]] = [[]]
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            last = scalar
        }
        self.lines = lines
    }

    /// The problem.
    ///
    /// - Parameters:
    ///   - words: what libyaml calls it.
    ///   - mark: where it was noticed.
    ///   - context: where what it belongs to begins; nil: it belongs to nothing.
    func error(_ words: String, at mark: Mark, since context: Mark?) -> ConfigurationError {
        let (message, place) = said(words, mark, context)
        return ConfigurationError(
            message, at: Place(file: file, line: place.line + 1, column: place.column + 1))
    }

    /// A character that no YAML has, by its place in the text's bytes.
    func error(atByte offset: Int) -> ConfigurationError {
        let before = YAMLProblem(String(decoding: text.utf8.prefix(offset), as: UTF8.self), file: file).lines
        return ConfigurationError(
            "a control character, which YAML does not have; take it out, or write it between double quotes: \"\\x01\"",
            at: Place(file: file, line: before.count, column: before[before.count - 1].count + 1))
    }

    private func said(_ words: String, _ mark: Mark, _ context: Mark?) -> (String, Mark) {
        let found = character(mark)
        switch words {
        case "found character that cannot start any token":
            if found == "\t" { return ("a tab: YAML is indented by spaces", mark) }
            return ("a text can't begin with \(shown(found)); put it in quotes", mark)
        case "mapping values are not allowed in this context": return colon(mark)
        case "did not find expected key": return key(mark, found)
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            return list(mark, found, context, words.hasSuffix("'}'") ? ("{", "}") : ("[", "]"))
        case "found unexpected end of stream", "found unexpected document indicator":
            let start = context ?? mark
            return (
                "\(shown(character(start))) opens a text that is never closed; add the same quote at its end", start
            )
        case "found unknown escape character", "did not find expected hexdecimal number",
            "found invalid Unicode character escape code":
            return ("\\ begins an escape between double quotes; write \\\\ for one, or use single quotes", mark)
        case "did not find expected alphabetic or numeric character":
            let start = context ?? mark
            return ("a text that begins with \(shown(character(start))) stands in quotes", start)
        case "found a tab character where an indentation space is expected",
            "found a tab character that violates indentation":
            return ("a tab: YAML is indented by spaces", mark)
        case "block sequence entries are not allowed in this context":
            return ("a list's first item stands on a line of its own, below its key", mark)
        case "did not find expected '-' indicator":
            return ("a key among the items of a list; indent it otherwise, or begin it with \"- \"", mark)
        case "did not find expected node content" where found == nil:
            return ("a value is missing where the text ends; is a bracket above never closed?", mark)
        case "did not find expected node content":
            return ("\(shown(found)) can't stand here; put a text in quotes, or look for a bracket too many", mark)
        case "did not find expected comment or line break":
            return ("nothing may follow | or > on its line; the text begins on the next one", mark)
        case "could not find expected ':'":
            return ("this is no key with its value: a \":\" and a space are missing behind it", context ?? mark)
        default:
            return ("this is not YAML; look at the indentation, the quotes and the brackets here and above", mark)
        }
    }

    /// A `: ` where none can be: in a text without quotes, or behind a line that isn't finished.
    private func colon(_ mark: Mark) -> (String, Mark) {
        if line(mark.line).prefix(mark.column).contains(":") {
            return ("a text with \": \" in it stands in quotes; else the second \":\" of a line means nothing", mark)
        }
        guard let above = lines.prefix(mark.line).lastIndex(where: { !$0.allSatisfy(\.properties.isWhitespace) }) else {
            return ("no key can stand here", mark)
        }
        let isKey =
            lines[above].last == ":"
            || lines[above].indices.dropLast().contains {
                lines[above][$0] == ":" && lines[above][$0 + 1] == " "
            }
        if isKey {
            return (
                "this key is indented further than the one above, which has its value already", start(of: mark.line)
            )
        }
        return ("this is no key with its value: a \":\" and a space are missing", start(of: above))
    }

    /// Where a block's next key should begin, or its end be.
    private func key(_ mark: Mark, _ found: Unicode.Scalar?) -> (String, Mark) {
        let before = line(mark.line).prefix(mark.column)
        guard before.allSatisfy({ $0 == " " }) else {
            return (
                "something follows a value that has ended; put all of it in quotes, or look for a bracket too many",
                mark
            )
        }
        if found == "-" { return ("an item of a list among the keys of a map; indent it below its key", mark) }
        return ("this key begins in another column than its neighbours; indent it as they are", mark)
    }

    private func list(
        _ mark: Mark, _ found: Unicode.Scalar?, _ context: Mark?, _ brackets: (open: String, close: String)
    ) -> (String, Mark) {
        if found == "{", mark.column > 0, line(mark.line)[mark.column - 1] == "$" {
            return (
                "inside of \(brackets.open) \(brackets.close) a text with ${…} stands in quotes: \"${env:NAME}\"",
                Mark(line: mark.line, column: mark.column - 1)
            )
        }
        let opened = context.map { " that line \($0.line + 1), column \($0.column + 1) opens" } ?? ""
        return ("\",\" or \"\(brackets.close)\" is missing before this, in the \"\(brackets.open)\"\(opened)", mark)
    }

    private func start(of line: Int) -> Mark {
        Mark(line: line, column: self.line(line).firstIndex { $0 != " " } ?? 0)
    }

    private func line(_ number: Int) -> [Unicode.Scalar] { number < lines.count ? lines[number] : [] }

    private func character(_ mark: Mark) -> Unicode.Scalar? {
        let line = line(mark.line)
        return mark.column < line.count ? line[mark.column] : nil
    }

    private func shown(_ scalar: Unicode.Scalar?) -> String { scalar.map { "\"\($0)\"" } ?? "the line's end" }
}
