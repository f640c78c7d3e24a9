import Document

/// How a CSV file is written, decoded from a configuration.
struct CSVOptions: Sendable {
    /// Where the columns' names are.
    enum Header: Sendable, Hashable {
        /// In this row, counted from 1 with blank ones.
        case row(Int)
        /// In the first row that holds all these names.
        case containing([String])
        /// Nowhere: the declared fields, in their order.
        case none
    }

    /// What becomes of columns that are not declared.
    enum Columns: String, Sendable, CaseIterable {
        /// The file is refused.
        case exact
        /// They are read as texts; a notice names them, once a file.
        case tolerant
    }

    /// What an empty cell means (I8).
    enum Empty: String, Sendable, CaseIterable {
        /// No member.
        case absent
        /// An empty string; for columns of other types than text, no member.
        case text
        /// An explicit `null`.
        case null
    }

    /// The mark before decimals.
    enum Decimals: String, Sendable, CaseIterable {
        case point, comma
    }

    /// What becomes of a row that has fewer cells than the header.
    enum ShortRows: String, Sendable, CaseIterable {
        /// The record is refused.
        case refuse
        /// The missing cells count as empty.
        case fill
    }

    /// Whether the last row may lack its line's end.
    enum LastLine: String, Sendable, CaseIterable {
        /// It may, as RFC 4180 has it: a file that was cut inside its last cell cannot be told.
        case open
        /// The last row without line end is refused: the file was cut.
        case closed
    }

    /// How lines end in what is written.
    enum LineEnding: String, Sendable, CaseIterable {
        case lf, crlf
    }

    /// A column with a declared type.
    struct Field: Sendable {
        /// The name in the header.
        var name: String
        /// What its cells hold.
        var type: CSVType
        /// Whether a file may lack it.
        var isOptional: Bool
    }

    var delimiter = UInt8(ascii: ",")
    var quote: UInt8? = UInt8(ascii: "\"")
    var encoding = TextEncoding.utf8
    var header = Header.row(1)
    var fields: [Field] = []
    var columns = Columns.tolerant
    var decimals = Decimals.point
    var thousands: UInt8?
    var empty = Empty.absent
    var trims = false
    var shortRows = ShortRows.refuse
    var lastLine = LastLine.open
    var spansLines = true
    var skipFirstCells: [String] = []
    var skipPrefixes: [String] = []
    var lineEnding = LineEnding.crlf
    var maximumRecord = 4 << 20

    /// The options that nothing is configured for.
    init() {}

    static let reference: [OptionReference] = [
        .init("delimiter", "one ASCII character, or tab", standard: ",", "what separates cells"),
        .init("quote", "one ASCII character, or none", standard: "\"", "what encloses cells; doubled it means itself"),
        .init(
            "encoding", TextEncoding.allCases.map(\.rawValue).joined(separator: ", "), standard: "utf-8",
            "the characters' encoding; a byte order mark is removed"),
        .init(
            "header", "a row's number, {contains: [names]}, or none", standard: "1",
            "where the names are; rows above are skipped and reported; without one, 'fields' names the columns"),
        .init(
            "fields", "{name: type}", standard: "{}",
            "columns that must be there, and their types: text, number, integer, {date: dd.MM.yyyy}"),
        .init("optional", "names of fields", standard: "[]", "declared fields that a file may lack"),
        .init("columns", "exact, tolerant", standard: "tolerant", "what becomes of columns that are not declared"),
        .init("decimals", "point, comma", standard: "point", "the decimal mark of number fields"),
        .init("thousands", "one character: . , ' or a space", standard: "none", "what groups digits in number fields"),
        .init("empty", "absent, text, null", standard: "absent", "what an empty cell means"),
        .init("trim", "true, false", standard: "false", "whether spaces around a cell are removed"),
        .init("short-rows", "refuse, fill", standard: "refuse", "what becomes of rows with too few cells"),
        .init(
            "multi-line", "true, false", standard: "true",
            "whether quoted cells may hold line ends; false keeps the damage of a stray quote to its line"),
        .init("last-line", "open, closed", standard: "open", "closed refuses a last row without line end: a cut file"),
        .init(
            "skip", "{first-cell: [texts], prefix: [texts]}", standard: "{}",
            "rows to leave out: totals by their first cell, comments by how they begin"),
        .init("line-ending", "crlf, lf", standard: "crlf", "how written lines end; any ending is read"),
        .init("maximum-record", "bytes", standard: "4194304", "the longest row; stops a quote that is never closed"),
    ]

    /// Decodes the options of `csv`.
    init(_ json: JSON) throws(OptionError) {
        let form = try OptionForm(json, of: "csv", Self.reference)
        if form["delimiter"]?.string == "tab" {
            delimiter = 9
        } else {
            delimiter = try form.character("delimiter", standard: delimiter)
        }
        quote = form["quote"]?.string == "none" ? nil : try form.character("quote", standard: UInt8(ascii: "\""))
        guard delimiter != quote, delimiter != 10, delimiter != 13, quote != 10, quote != 13 else {
            throw form.wrong("delimiter", "a character that neither encloses cells nor ends lines")
        }
        encoding = try form.choice("encoding", standard: encoding)
        columns = try form.choice("columns", standard: columns)
        decimals = try form.choice("decimals", standard: decimals)
        empty = try form.choice("empty", standard: empty)
        shortRows = try form.choice("short-rows", standard: shortRows)
        lineEnding = try form.choice("line-ending", standard: lineEnding)
        lastLine = try form.choice("last-line", standard: lastLine)
        trims = try form.bool("trim", standard: trims)
        spansLines = try form.bool("multi-line", standard: spansLines)
        maximumRecord = try form.integer("maximum-record", in: 1...(32 << 20), standard: maximumRecord)
        try readThousands(form)
        try readFields(form)
        try readHeader(form)
        try readSkip(form)
    }

    private mutating func readThousands(_ form: OptionForm) throws(OptionError) {
        guard form["thousands"] != nil, form["thousands"]?.string != "none" else { return }
        let mark = try form.character("thousands", standard: 0)
        let decimal = UInt8(ascii: decimals == .comma ? "," : ".")
        guard Array(".,' ".utf8).contains(mark), mark != decimal else {
            throw form.wrong("thousands", "a point, comma, apostrophe or space that is not the decimal mark")
        }
        thousands = mark
    }

    private mutating func readFields(_ form: OptionForm) throws(OptionError) {
        let optional = try form.strings("optional")
        guard let declared = form["fields"] else {
            guard optional.isEmpty else { throw form.wrong("optional", "names that 'fields' declares") }
            return
        }
        guard let members = declared.object else { throw form.wrong("fields", "{name: type}") }
        for member in members {
            guard let type = CSVType(member.value) else {
                throw OptionError(
                    "csv.fields.\(member.key)", "expected text, number, integer or a date: {date: dd.MM.yyyy}")
            }
            fields.append(Field(name: member.key, type: type, isOptional: optional.contains(member.key)))
        }
        for name in optional where !fields.contains(where: { $0.name == name }) {
            throw OptionError("csv.optional", "no field is called '\(name)'" + hint(name, fields.map(\.name)))
        }
    }

    private mutating func readHeader(_ form: OptionForm) throws(OptionError) {
        guard let value = form["header"] else { return }
        if let row = value.integer, row > 0 {
            header = .row(row)
        } else if let names = value["contains"].flatMap(OptionForm.strings), !names.isEmpty, value.object?.count == 1 {
            header = .containing(names)
        } else if value.string == "none" {
            guard !fields.isEmpty else { throw form.wrong("header", "'fields' to name the columns of 'none'") }
            header = .none
        } else {
            throw form.wrong("header", "a row's number from 1, {contains: [names]} or none")
        }
    }

    private mutating func readSkip(_ form: OptionForm) throws(OptionError) {
        guard let value = form["skip"] else { return }
        guard let rules = value.object else { throw form.wrong("skip", "{first-cell: [texts], prefix: [texts]}") }
        for rule in rules {
            guard let texts = OptionForm.strings(rule.value), !texts.contains("") else {
                throw OptionError("csv.skip.\(rule.key)", "expected a text or a list of texts, none of them empty")
            }
            switch rule.key {
            case "first-cell": skipFirstCells = texts
            case "prefix": skipPrefixes = texts
            default:
                throw OptionError("csv.skip.\(rule.key)", "no such rule" + hint(rule.key, ["first-cell", "prefix"]))
            }
        }
    }
}
