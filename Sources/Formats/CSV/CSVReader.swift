import Document

/// Reads CSV: a record is a row, a document an object by the header's names.
struct CSVReader: RecordReader {
    private let options: CSVOptions
    private let source: TextSource
    private let notation: DecimalNotation
    private var scanner: CSVScanner
    private var header: CSVHeader?
    private var hasEnded = false
    private var record = 0
    /// How far the rows read so far reach, in the input's bytes and in the scanned ones.
    private var inputAt: Int
    private let inputCount: Int
    private var scannedAt: Int
    private var notices: [FormatNotice] = []
    private var members: [(key: Node, value: Node)] = []
    private var text: [UInt8] = []
    private var digits: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer, _ options: CSVOptions) throws(FormatError) {
        self.options = options
        source = try TextSource(bytes, options.encoding)
        notation = DecimalNotation(
            mark: UInt8(ascii: options.decimals == .comma ? "," : "."), thousands: options.thousands)
        scanner = CSVScanner(source.bytes, from: source.start, options)
        inputAt = source.inputStart
        inputCount = bytes.count
        scannedAt = source.start
    }

    mutating func takeNotices() -> [FormatNotice] {
        defer { notices = [] }
        return notices
    }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        guard !hasEnded else { return nil }
        if header == nil { try findHeader() }
        while true {
            switch scanner.next() {
            case .end:
                hasEnded = true
                return nil
            case .blank: continue
            case .broken(let reason, let place, let line):
                throw FormatError(
                    .record, at: position(counting: true), line: line, column: column(of: place), reason,
                    remedy: "quotes inside a quoted cell are doubled")
            case .open(let place, let line):
                hasEnded = true
                throw FormatError(
                    .file, at: position(counting: true), line: line, column: column(of: place),
                    "a quote that is never closed; what follows it cannot be told apart",
                    remedy: "if no cell holds line ends, 'multi-line: false' confines it to its line")
            case .cells:
                if options.lastLine == .closed, scanner.row.upperBound == source.bytes.count {
                    hasEnded = true
                    throw FormatError(
                        .file, at: position(counting: true), "the last row has no line end: the file was cut")
                }
                if let rule = skipRule() {
                    notices.append(FormatNotice(kind: .skipped, position: position(counting: false), message: rule))
                    continue
                }
                let position = position(counting: true)
                try build(on: &tape, position)
                return position
            }
        }
    }

    /// The last row's place.
    private mutating func position(counting: Bool) -> RecordPosition {
        if counting { record += 1 }
        inputAt += source.inputLength(of: scannedAt..<scanner.row.lowerBound)
        let end = inputAt + source.inputLength(of: scanner.row)
        let position = RecordPosition(record: max(record, 1), line: scanner.rowLine, bytes: inputAt..<end)
        inputAt = end
        scannedAt = scanner.row.upperBound
        return position
    }

    /// A place's column in its line, in characters.
    private func column(of place: Int) -> Int {
        var (start, column) = (place, 1)
        while start > source.start, source.bytes[start - 1] != 0x0A, source.bytes[start - 1] != 0x0D {
            start -= 1
            // In UTF-8 a character's first byte counts; else each byte is one.
            if source.table != nil || source.bytes[start] & 0xC0 != 0x80 { column += 1 }
        }
        return column
    }

    private func skipRule() -> String? {
        if scanner.cells.allSatisfy({ $0.start == $0.end }) { return "a row of empty cells" }
        if !options.skipPrefixes.isEmpty {
            let row = source.slice(scanner.row)
            if options.skipPrefixes.contains(where: { row.starts(with: $0.utf8) }) { return "a row that 'skip' names" }
        }
        if !options.skipFirstCells.isEmpty, let cell = scanner.cells.first, let text = try? string(of: cell) {
            if options.skipFirstCells.contains(text) { return "a row that 'skip' names" }
        }
        return nil
    }

    // MARK: Cells

    private struct BadText: Error {
        let place: Int
    }

    /// Lends a cell's text as UTF-8.
    private mutating func withText<Result>(
        of cell: CSVScanner.Cell, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) throws(BadText) -> Result {
        let raw = source.slice(cell.start..<cell.end)
        guard cell.hasQuotes || (source.table != nil && asciiPrefix(of: raw) < raw.count) else {
            if let place = invalidUTF8(in: raw) { throw BadText(place: cell.start + place) }
            return body(raw)
        }
        if let place = decode(raw, hasQuotes: cell.hasQuotes, into: &text) {
            throw BadText(place: cell.start + place)
        }
        return text.withUnsafeBufferPointer(body)
    }

    private func string(of cell: CSVScanner.Cell) throws(BadText) -> String {
        var text: [UInt8] = []
        let raw = source.slice(cell.start..<cell.end)
        if let place = decode(raw, hasQuotes: cell.hasQuotes, into: &text) { throw BadText(place: cell.start + place) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Undoubles quotes and converts; answers the place of what the encoding doesn't have.
    private func decode(_ raw: UnsafeBufferPointer<UInt8>, hasQuotes: Bool, into text: inout [UInt8]) -> Int? {
        text.removeAll(keepingCapacity: true)
        if let table = source.table {
            if let place = table.append(raw, to: &text) { return place }
        } else {
            if let place = invalidUTF8(in: raw) { return place }
            text.append(contentsOf: raw)
        }
        guard hasQuotes, let quote = options.quote else { return nil }
        var write = 0
        var read = 0
        while read < text.count {
            text[write] = text[read]
            write += 1
            read += text[read] == quote ? 2 : 1
        }
        text.removeSubrange(write...)
        return nil
    }

    // MARK: The document

    private mutating func build(on tape: inout Tape, _ position: RecordPosition) throws(FormatError) {
        let columns = header!.columns
        try checkCount(columns, position)
        tape.reset()
        members.removeAll(keepingCapacity: true)
        /// What is wrong with the first cell that can't be read: the others are read all the same.
        var failure: FormatError?
        // By index: a copy of a column, or of a cell's neighbours, would cost more than the cell.
        for place in 0..<min(columns.count, scanner.cells.count) {
            let cell = scanner.cells[place]
            guard cell.start < cell.end else {
                guard !columns[place].isNameless, let value = empty(columns[place].isText, on: &tape) else { continue }
                members.append((columns[place].utf8.withUnsafeBufferPointer { tape.append(utf8: $0) }, value))
                continue
            }
            if columns[place].isNameless {
                throw failure ?? fault(position, cell, "column \(place + 1)", "a value in a column without name")
            }
            let key = columns[place].utf8.withUnsafeBufferPointer { tape.append(utf8: $0) }
            do throws(BadText) {
                if columns[place].isText {
                    members.append((key, try withText(of: cell) { tape.append(utf8: $0) }))
                    continue
                }
                if let value = try typed(cell, columns[place].type, on: &tape) {
                    members.append((key, value))
                    continue
                }
            } catch {
                failure =
                    failure
                    ?? fault(
                        position, cell, columns[place].name, "a byte that \(options.encoding.rawValue) does not have",
                        "is 'encoding' right?", at: error.place)
                continue
            }
            failure =
                failure ?? fault(position, cell, columns[place].name, "expected \(columns[place].type.expectation)")
        }
        tape.setRoot(tape.append(object: members))
        guard var failure else { return }
        failure.leavesRest = true
        throw failure
    }

    /// What an empty cell is (I8).
    private func empty(_ isText: Bool, on tape: inout Tape) -> Node? {
        switch options.empty {
        case .absent: nil
        case .text: isText ? tape.append(utf8: UnsafeBufferPointer(start: nil, count: 0)) : nil
        case .null: tape.append(literal: nil)
        }
    }

    private func checkCount(_ columns: [CSVHeader.Column], _ position: RecordPosition) throws(FormatError) {
        let count = scanner.cells.count
        if count < columns.count, options.shortRows == .refuse {
            throw fault(
                position, scanner.cells[count - 1], columns[count].name,
                "the row ends after \(count) of \(columns.count) cells",
                "if the file leaves out empty cells at the end, set 'short-rows: fill'")
        }
        // Empty cells beyond the last name are a delimiter at the line's end.
        if count > columns.count, let extra = scanner.cells[columns.count...].first(where: { $0.start != $0.end }) {
            throw fault(
                position, extra, columns.last?.name ?? "",
                "the row has \(count) cells, the header \(columns.count): a value behind this column",
                "a delimiter inside a value needs quotes around it")
        }
    }

    private func fault(
        _ position: RecordPosition, _ cell: CSVScanner.Cell, _ field: String, _ reason: String, _ remedy: String? = nil,
        at place: Int? = nil
    ) -> FormatError {
        let place = place ?? cell.start
        // A quoted cell may begin lines below its row.
        var line = position.line
        for at in scanner.row.lowerBound..<min(place, scanner.row.upperBound) {
            let byte = source.bytes[at]
            if byte == 0x0A || (byte == 0x0D && source.bytes[at + 1] != 0x0A) { line += 1 }
        }
        return FormatError(
            .record, at: position, line: line, column: column(of: place), field: field, reason, remedy: remedy)
    }

    private mutating func typed(
        _ cell: CSVScanner.Cell, _ type: CSVType, on tape: inout Tape
    ) throws(BadText) -> Node? {
        let notation = notation
        var digits = digits
        defer { self.digits = digits }
        return try withText(of: cell) { text in
            let text = withoutSpaces(text)
            switch type {
            case .text: return nil
            case .date(let pattern): return pattern.iso(text).map { tape.append($0) }
            case .number, .integer:
                guard notation.normalize(text, into: &digits),
                    let number = digits.withUnsafeBufferPointer({ Number($0) })
                else { return nil }
                if case .integer = type, number.integer == nil { return nil }
                return tape.append(number)
            }
        }
    }

    // MARK: The header

    private mutating func findHeader() throws(FormatError) {
        if options.header == .none {
            return try use(names: options.fields.map(\.name), at: RecordPosition(record: 1, line: 1, bytes: 0..<0))
        }
        var rows = 0
        while true {
            let row = scanner.next()
            if case .end = row { throw headerIsMissing(after: rows) }
            rows += 1
            // Rows above the header are free text: what is broken there is skipped like the rest.
            let names = scanner.cells.map { (try? string(of: $0)).map(Self.trimmed) ?? "\u{FFFD}" }
            var found = false
            if case .cells = row {
                switch options.header {
                case .row(let number): found = rows == number
                case .containing(let wanted): found = wanted.allSatisfy(names.contains)
                case .none: break
                }
            }
            if found {
                let position = position(counting: false)
                if names.contains("\u{FFFD}") {
                    throw end(
                        position, nil, "a name that is not \(options.encoding.rawValue)", "is 'encoding' right?")
                }
                return try use(names: names, at: position)
            }
            if case .row(let number) = options.header, rows >= number { throw headerIsMissing(after: rows) }
            if case .blank = row { continue }
            notices.append(
                FormatNotice(kind: .skipped, position: position(counting: false), message: "a row above the header"))
        }
    }

    private mutating func use(names: [String], at position: RecordPosition) throws(FormatError) {
        do throws(HeaderFault) {
            let header = try CSVHeader(names: names, options)
            self.header = header
            if !header.undeclared.isEmpty {
                let list = header.undeclared.map { "'\($0)'" }.joined(separator: ", ")
                notices.append(
                    FormatNotice(kind: .warning, position: position, message: "columns not declared: \(list)"))
            }
        } catch {
            throw end(position, error.field, error.reason, error.remedy)
        }
    }

    private mutating func headerIsMissing(after rows: Int) -> FormatError {
        let place = inputAt + source.inputLength(of: scannedAt..<scanner.at)
        let position = RecordPosition(record: 1, line: scanner.line, bytes: place..<place)
        switch options.header {
        case .containing(let names):
            return end(position, nil, "none of \(rows) rows holds the names \(names.joined(separator: ", "))", nil)
        default: return end(position, nil, "the file has no row for the header", "see the option 'header'")
        }
    }

    private mutating func end(
        _ position: RecordPosition, _ field: String?, _ reason: String, _ remedy: String?
    ) -> FormatError {
        hasEnded = true
        var position = position
        position.bytes = position.bytes.lowerBound..<inputCount
        return FormatError(.file, at: position, field: field, reason, remedy: remedy)
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace || scalar == "\u{FEFF}" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}

/// A text without the spaces around it.
private func withoutSpaces(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var text = text[...]
    while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return UnsafeBufferPointer(rebasing: text)
}
