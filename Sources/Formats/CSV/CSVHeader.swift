import Document

/// The columns of one file: the header's names with the types that are declared for them.
struct CSVHeader {
    struct Column {
        var name: String
        var utf8: [UInt8]
        var type: CSVType
        var isText: Bool
        /// Whether the file gives the column no name: its cells must be empty.
        var isNameless: Bool
    }

    private(set) var columns: [Column] = []
    /// Names that no field declares, when fields are declared.
    private(set) var undeclared: [String] = []

    /// The columns of a file that names them; the reason when they break the declaration.
    init(names: [String], _ options: CSVOptions) throws(HeaderFault) {
        for name in names {
            let field = options.fields.first { $0.name == name }
            columns.append(
                Column(
                    name: name, utf8: Array(name.utf8), type: field?.type ?? .text, isText: field?.type.isText ?? true,
                    isNameless: name.isEmpty))
            if field == nil, !options.fields.isEmpty, !name.isEmpty { undeclared.append(name) }
        }
        var seen: Set<String> = []
        for name in names where !name.isEmpty {
            guard seen.insert(name).inserted else {
                throw HeaderFault("the header has the column twice", name, remedy: "columns need names that differ")
            }
        }
        let isHeader = undeclared.count < seen.count
        for field in options.fields where !field.isOptional && !seen.contains(field.name) {
            throw HeaderFault(
                "the declared column is missing\(Self.meant(field.name, undeclared, of: names, isHeader: isHeader))",
                field.name,
                remedy: "a column that files may lack is named by 'optional'")
        }
        if options.columns == .exact, let name = undeclared.first {
            throw HeaderFault(
                "the column is not declared\(hint(name, options.fields.map(\.name)))", name,
                remedy: "add it to 'fields' or set 'columns: tolerant'")
        }
        // A delimiter at the end of each line makes a last column without name.
        while let last = columns.last, last.isNameless { columns.removeLast() }
    }

    /// The column that was meant, of those that nothing declares; else all that the header has. A first row without any declared
    /// column may be a record, and isn't told (I12).
    private static func meant(_ name: String, _ undeclared: [String], of names: [String], isHeader: Bool) -> String {
        if let near = nearest(name, undeclared) { return "; did you mean '\(near)'?" }
        guard isHeader || names.allSatisfy(\.isEmpty) else {
            return "; the first row has none of the declared columns: is it the header, and 'delimiter' right?"
        }
        let all = names.filter { !$0.isEmpty }
        let few = all.prefix(mostNamed).map { "'\($0)'" }.joined(separator: ", ")
        return all.isEmpty ? "; the header names none" : "; the header has \(few)\(all.count > mostNamed ? ", …" : "")"
    }

    private static let mostNamed = 40
}

struct HeaderFault: Error {
    let reason: String
    let field: String
    let remedy: String?

    init(_ reason: String, _ field: String, remedy: String?) {
        self.reason = reason
        self.field = field
        self.remedy = remedy
    }
}
