import Document

/// CSV: rows of cells (RFC 4180), and what is sent under that name.
///
/// A record is a row; its document an object by the header's names, in the header's order:
///
/// ```
/// Price list, spring;;
/// EAN;Name;Price
/// 6438012345675;"Sofa ""Saimaa"", green";1.299,90
/// ```
/// with `{csv: {delimiter: ";", header: {contains: [EAN]}, decimals: comma, thousands: ".", fields: {EAN: text, Price:
/// number}}}` is
/// ```
/// {"EAN": "6438012345675", "Name": "Sofa \"Saimaa\", green", "Price": 1299.90}
/// ```
///
/// - Rows above the header, rows of empty cells and rows that `skip` names are notices. Blank lines are nothing.
/// - A row with too few or too many cells, a cell that breaks its column's type or the encoding, a quote that is never
///   closed: an error of that record. After a fault of quotes, reading goes on with the next line.
/// - A missing or doubled column, or with `columns: exact` one that is not declared: an error of the file.
/// - An empty cell is no member; see `empty`. Quotes make no difference.
struct CSV: Format {
    static let name = "csv"
    static let summary = "Rows of cells under a header: price lists, exports, anything from a spreadsheet."
    static let options = CSVOptions.reference

    private let decoded: CSVOptions

    init(options: JSON) throws(OptionError) { decoded = try CSVOptions(options) }

    /// The format with these options.
    init(_ options: CSVOptions = CSVOptions()) { decoded = options }

    /// Columns and notation. A cell that was fit for its column when it was written stays what it says, whatever fits there
    /// now; but dates of two patterns must not stand in one column.
    static func form(of options: JSON) -> JSON {
        guard let members = options.object else { return .null }
        let ofWriting = ["delimiter", "quote", "encoding", "header", "decimals", "thousands", "line-ending"]
        var form = members.filter { ofWriting.contains($0.key) }.sorted { $0.key < $1.key }
        let columns = members.first { $0.key == "fields" }?.value.object ?? []
        form.append(
            JSON.Member("fields", .array(columns.map { [.string($0.key), $0.value["date"] ?? .null] })))
        return .object(form)
    }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        try CSVReader(bytes, decoded)
    }

    func writer() throws(FormatError) -> any RecordWriter { try CSVWriter(decoded) }
}
