import Document

/// Writes objects of scalars as rows.
///
/// The columns are the declared fields, or else the members of the first object. An object with a member that is no
/// column is refused: it would be lost. Absent, null and empty all become an empty cell, which is what CSV has.
struct CSVWriter: RecordWriter {
    private let options: CSVOptions
    private var columns: [CSVOptions.Field]
    private var hasHeader: Bool
    private var records = 0
    private var bytes: [UInt8] = []
    private var row: [UInt8] = []
    private let iconv: Iconv?

    init(_ options: CSVOptions) throws(FormatError) {
        self.options = options
        columns = options.fields
        hasHeader = options.header == .none
        if options.encoding == .utf8 {
            iconv = nil
        } else {
            let target = options.encoding == .utf16 ? TextEncoding.utf16le : options.encoding
            guard let iconv = Iconv(from: "UTF-8", to: target.iconvName) else {
                throw TextSource.lacking(options.encoding)
            }
            self.iconv = iconv
            if options.encoding == .utf16 { bytes = [0xFF, 0xFE] }
        }
    }

    /// The header is known before the first row, when the fields are declared.
    var isSeparable: Bool { !options.fields.isEmpty }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func write(_ document: Node) throws(FormatError) {
        records += 1
        guard document.kind == .object else { throw refusal(nil, "a CSV row is written from an object") }
        if columns.isEmpty {
            columns = document.members.map { .init(name: $0.key.string!, type: .text, isOptional: true) }
        }
        for member in document.members where !columns.contains(where: { $0.name == member.key.string! }) {
            throw refusal(member.key.string!, "no column has this name", "declare it in 'fields'")
        }
        row.removeAll(keepingCapacity: true)
        for (place, column) in columns.enumerated() {
            if place > 0 { row.append(options.delimiter) }
            try append(document[column.name], column, first: place == 0)
        }
        let encoded = try encode(row)
        try writeHeader()
        bytes.append(contentsOf: encoded)
    }

    mutating func finish() throws(FormatError) {
        if !columns.isEmpty { try writeHeader() }
    }

    private mutating func writeHeader() throws(FormatError) {
        guard !hasHeader else { return }
        hasHeader = true
        row.removeAll(keepingCapacity: true)
        for (place, column) in columns.enumerated() {
            if place > 0 { row.append(options.delimiter) }
            try append(text: Array(column.name.utf8), column.name, first: place == 0)
        }
        bytes.append(contentsOf: try encode(row))
    }

    private func refusal(_ field: String?, _ reason: String, _ remedy: String? = nil) -> FormatError {
        let position = RecordPosition(record: records, line: records, bytes: 0..<0)
        return FormatError(.record, at: position, field: field, reason, remedy: remedy)
    }

    private mutating func append(_ value: Node?, _ column: CSVOptions.Field, first: Bool) throws(FormatError) {
        guard let value, !value.isNull else { return try append(text: [], column.name, first: first) }
        switch (value.kind, column.type) {
        case (.string, .date(let pattern)):
            guard let text = pattern.write(iso: value.string!) else {
                throw refusal(column.name, "expected an ISO 8601 date or time that \(pattern.text) can hold")
            }
            try append(text: Array(text.utf8), column.name, first: first)
        case (.string, .text): try append(text: Array(value.utf8), column.name, first: first)
        case (.number, .number), (.number, .text), (.number, .integer):
            if case .integer = column.type, value.integer == nil {
                throw refusal(column.name, "expected a whole number")
            }
            try append(text: plain(value.number!, column), column.name, first: first)
        case (.true, .text), (.false, .text):
            try append(text: Array((value.bool! ? "true" : "false").utf8), column.name, first: first)
        default: throw refusal(column.name, "expected \(column.type.expectation), found \(value.foundKind)")
        }
    }

    /// A number without exponent, with the decimal mark of its column.
    private func plain(_ number: Number, _ column: CSVOptions.Field) throws(FormatError) -> [UInt8] {
        guard let text = number.plainText else {
            throw refusal(column.name, "a number beyond what a cell can show")
        }
        guard case .number = column.type, options.decimals == .comma else { return Array(text.utf8) }
        return text.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: ",") : $0 }
    }

    private mutating func append(text: [UInt8], _ name: String, first: Bool) throws(FormatError) {
        // Spaces at the ends are kept from readers that trim, a lone empty cell from being a blank line, and a first
        // cell from being taken for a comment.
        let needsQuotes =
            text.contains { $0 == options.delimiter || $0 == 0x0A || $0 == 0x0D || $0 == options.quote }
            || text.first == 0x20 || text.last == 0x20 || text.first == 0x09 || text.last == 0x09
            || (columns.count == 1 && text.isEmpty)
            || (first && options.skipPrefixes.contains { text.starts(with: $0.utf8) })
        guard needsQuotes else { return row.append(contentsOf: text) }
        guard let quote = options.quote else {
            if text.isEmpty { return }
            throw refusal(name, "a value with a delimiter or line end cannot be written with 'quote: none'")
        }
        row.append(quote)
        for byte in text {
            if byte == quote { row.append(quote) }
            row.append(byte)
        }
        row.append(quote)
    }

    /// Ends a line and converts it.
    private func encode(_ line: [UInt8]) throws(FormatError) -> [UInt8] {
        let line = line + (options.lineEnding == .crlf ? [0x0D, 0x0A] : [0x0A])
        guard let iconv else { return line }
        let (converted, valid) = line.withUnsafeBufferPointer { iconv.convert($0) }
        guard valid == line.count else {
            throw refusal(
                columnName(at: valid), "a character that \(options.encoding.rawValue) does not have",
                "choose 'encoding: utf-8', or replace it in the mapping")
        }
        return converted
    }

    /// The column that holds this byte of the row.
    private func columnName(at place: Int) -> String? {
        var inQuotes = false
        var column = 0
        for byte in row[..<min(place, row.count)] {
            if byte == options.quote { inQuotes.toggle() } else if byte == options.delimiter, !inQuotes { column += 1 }
        }
        return columns.indices.contains(column) ? columns[column].name : nil
    }
}
