/// Cuts a text into rows and cells (RFC 4180). Knows nothing of headers and types.
///
/// Lines end in CRLF, LF or CR, mixed as they come. A quote inside a cell that doesn't begin with one is a character
/// like any other.
struct CSVScanner {
    /// A cell's text, without its quotes.
    struct Cell {
        var start: Int
        var end: Int
        /// Whether doubled quotes inside stand for one.
        var hasQuotes: Bool
    }

    /// What a row turned out to be.
    enum Row {
        case cells
        /// Nothing, or nothing but spaces.
        case blank
        /// Broken at this place and line. The lines up to there are the record, and reading goes on behind them.
        case broken(String, at: Int, line: Int)
        /// A quote is never closed: where the row would end cannot be known, so the rest of the file belongs to it.
        /// Going on with the next line would make records out of a cell's inside.
        case open(at: Int, line: Int)
        case end
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let delimiter: UInt8
    let quote: UInt8?
    let trims: Bool
    let spansLines: Bool
    let longest: Int

    /// Where the next row begins, and its line.
    var at: Int
    var line = 1
    /// The last row: its bytes without the line's end, its line, and its cells.
    var row = 0..<0
    var rowLine = 1
    var cells: [Cell] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ options: CSVOptions) {
        self.bytes = bytes
        delimiter = options.delimiter
        quote = options.quote
        trims = options.trims
        spansLines = options.spansLines
        longest = options.maximumRecord
        at = start
    }

    /// Reads the next row.
    mutating func next() -> Row {
        guard at < bytes.count else { return .end }
        let start = at
        rowLine = line
        cells.removeAll(keepingCapacity: true)
        while true {
            if let quote, opensQuote(quote) {
                switch quotedCell(quote) {
                case .closed: break
                case .open(let place, let line):
                    if spansLines {
                        (row, at) = (start..<bytes.count, bytes.count)
                        return .open(at: place, line: line)
                    }
                    return broken("a quote that is not closed in its line", from: start, at: place)
                case .followed:
                    return broken("text behind a closing quote", from: start, at: at)
                }
            } else {
                plainCell()
            }
            guard at < bytes.count, bytes[at] == delimiter else { break }
            at += 1
        }
        row = start..<at
        endLine()
        if cells.count == 1, !cells[0].hasQuotes, isBlank(row) { return .blank }
        if row.count > longest {
            return .broken("a row of \(row.count) bytes, more than \(longest)", at: start, line: rowLine)
        }
        return .cells
    }

    private mutating func opensQuote(_ quote: UInt8) -> Bool {
        var from = at
        if trims { while from < bytes.count, bytes[from] == 0x20 { from += 1 } }
        guard from < bytes.count, bytes[from] == quote else { return false }
        at = from
        return true
    }

    private mutating func plainCell() {
        let start = at
        let base = bytes.baseAddress!
        let lanes = (
            delimiter: UInt64(delimiter) &* 0x0101_0101_0101_0101, cr: UInt64(0x0D0D_0D0D_0D0D_0D0D),
            lf: UInt64(0x0A0A_0A0A_0A0A_0A0A)
        )
        // Eight bytes at a time; the lowest marked byte is exact, those above it may be borrowed.
        while at + 8 <= bytes.count {
            let chunk = UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
            let found =
                Self.zeroes(chunk ^ lanes.delimiter) | Self.zeroes(chunk ^ lanes.cr) | Self.zeroes(chunk ^ lanes.lf)
            if found != 0 {
                at += found.trailingZeroBitCount >> 3
                return cells.append(trimmed(start, at))
            }
            at += 8
        }
        while at < bytes.count, bytes[at] != delimiter, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
        cells.append(trimmed(start, at))
    }

    @inline(__always)
    private static func zeroes(_ lanes: UInt64) -> UInt64 {
        (lanes &- 0x0101_0101_0101_0101) & ~lanes & 0x8080_8080_8080_8080
    }

    private func trimmed(_ start: Int, _ end: Int) -> Cell {
        guard trims else { return Cell(start: start, end: end, hasQuotes: false) }
        var start = start
        var end = end
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return Cell(start: start, end: end, hasQuotes: false)
    }

    private enum Quoted {
        case closed
        /// No quote closes the one at this place.
        case open(at: Int, line: Int)
        /// There is something else between the closing quote and the cell's end.
        case followed
    }

    private mutating func quotedCell(_ quote: UInt8) -> Quoted {
        let opening = (at: at, line: line)
        at += 1
        let start = at
        var doubled = false
        let limit = min(bytes.count, start + longest)
        while true {
            while at < limit, bytes[at] != quote {
                if bytes[at] == 0x0A || bytes[at] == 0x0D {
                    guard spansLines else { return .open(at: opening.at, line: opening.line) }
                    if bytes[at] == 0x0A || !(at + 1 < bytes.count && bytes[at + 1] == 0x0A) { line += 1 }
                }
                at += 1
            }
            guard at < limit else { return .open(at: opening.at, line: opening.line) }
            guard at + 1 < bytes.count, bytes[at + 1] == quote else { break }
            doubled = true
            at += 2
        }
        cells.append(Cell(start: start, end: at, hasQuotes: doubled))
        at += 1
        if trims { while at < bytes.count, bytes[at] == 0x20 { at += 1 } }
        let isEnd = at == bytes.count || bytes[at] == delimiter || bytes[at] == 0x0A || bytes[at] == 0x0D
        return isEnd ? .closed : .followed
    }

    /// Recovers from a broken row: what is left of the line belongs to it.
    private mutating func broken(_ fault: String, from start: Int, at place: Int) -> Row {
        let faultLine = line
        while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
        row = start..<at
        endLine()
        return .broken(fault, at: place, line: faultLine)
    }

    private mutating func endLine() {
        guard at < bytes.count else { return }
        at += bytes[at] == 0x0D && at + 1 < bytes.count && bytes[at + 1] == 0x0A ? 2 : 1
        line += 1
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        bytes[range].allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}
