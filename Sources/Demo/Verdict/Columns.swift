/// Text in columns, each as wide as it needs to be; marks and colours don't count.
struct Columns {
    enum Side { case left, right }

    struct Cell {
        let text: String
        var ink: Screen.Ink?
        /// Stands behind the text: agreement or not.
        var mark: Mark = .none

        enum Mark { case none, agrees, differs }

        init(_ text: String, ink: Screen.Ink? = nil, mark: Mark = .none) {
            self.text = text
            self.ink = ink
            self.mark = mark
        }
    }

    private let heads: [(title: String, side: Side)]
    private var rows: [[Cell]] = []

    init(_ heads: [(String, Side)]) { self.heads = heads.map { (title: $0.0, side: $0.1) } }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The lines, header first.
    func lines(on screen: Screen) -> [String] {
        let widths = heads.indices.map { column in
            rows.reduce(heads[column].title.count) { max($0, $1[column].text.count) }
        }
        let hasMarks = heads.indices.map { column in rows.contains { $0[column].mark != .none } }
        let header = heads.indices.map { column in
            Cell(heads[column].title, ink: .dim)
        }
        return ([header] + rows).map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.text.count)
                let text = cell.ink.map { screen.ink($0, cell.text) } ?? cell.text
                line += (column == 0 ? "  " : "  ") + (heads[column].side == .right ? gap + text : text + gap)
                guard hasMarks[column] else { continue }
                switch cell.mark {
                case .none: line += "  "
                case .agrees: line += " " + screen.ink(.green, "✓")
                case .differs: line += " " + screen.ink(.red, "✗")
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
