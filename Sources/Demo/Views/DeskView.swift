import Document
import Transports

/// What the importer or the wholesaler was given: `products` and `stock` in its folder `in`, as `.csv` or `.jsonl`.
///
/// Comma-separated values have a header row; its separator is a semicolon or a comma, and with semicolons decimals may
/// have commas. Columns are found by name, without regard to case, spaces, `_` and `-`.
public struct DeskView: SystemView {
    /// The system's name.
    public let system: String
    /// Articles and stock.
    public let entities = ["product", "stock"]
    private let incoming: String

    /// What the importer was given.
    public init(_ importer: Importer) {
        system = "importer"
        incoming = importer.incoming
    }

    /// What the wholesaler was given.
    public init(_ wholesaler: Wholesaler) {
        system = "wholesaler"
        incoming = wholesaler.incoming
    }

    /// All rows of the file about an entity; none when there is no file.
    public func rows(of entity: String) throws -> [SystemRow] {
        switch entity {
        case "product":
            try records("products").map { record in
                let number = record.text(["gtin", "ean", "product"])
                return SystemRow(
                    key: EAN.gtin14(number), id: number,
                    fields: [
                        JSON.Member("name", record["name"]), JSON.Member("price", record.number("price")),
                        JSON.Member("currency", record["currency"]),
                    ])
            }.byKey()
        case "stock":
            try records("stock").map { record in
                let number = record.text(["gtin", "ean", "product"])
                return SystemRow(
                    key: "\(EAN.gtin14(number))@\(record.text(["place", "location", "store"]))", id: number,
                    fields: ["onHand", "reserved", "available"].map { JSON.Member($0, record.number($0)) })
            }.byKey()
        default: []
        }
    }

    private func records(_ name: String) throws -> [Record] {
        for (ending, parse) in [(".csv", Record.fromCSV), (".jsonl", Record.fromLines)] {
            let path = "\(incoming)/\(name)\(ending)"
            guard Folder.holds(path) else { continue }
            return try parse(try AtomicFile.read(path))
        }
        return []
    }
}

/// One record of a file, whatever its format.
struct Record {
    private let values: [String: JSON]
    private let hasDecimalCommas: Bool

    subscript(_ name: String) -> JSON { values[Self.plain(name)] ?? .null }

    /// The first of these columns that there is, as text.
    func text(_ names: [String]) -> String { names.lazy.compactMap { self[$0].held }.first ?? "" }

    /// A column as a number; what isn't one stays text, so that it is seen.
    func number(_ name: String) -> JSON {
        guard case .string(let text) = self[name] else { return self[name] }
        return Number(hasDecimalCommas ? text.replacing(",", with: ".") : text).map { .number($0) } ?? .string(text)
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" })
    }

    static let fromCSV: @Sendable ([UInt8]) throws -> [Record] = { bytes in
        let text = String(validating: bytes, as: UTF8.self) ?? Windows1252.decode(bytes)
        let plainText = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        let header = plainText.prefix { !$0.isNewline }
        let separator: Unicode.Scalar = header.contains(";") ? ";" : ","
        var rows = CSVText.rows(of: plainText, separator: separator)
        guard !rows.isEmpty else { return [] }
        let names = rows.removeFirst().map(plain)
        return rows.map { row in
            let pairs = zip(names, row).map { ($0, $1.isEmpty ? JSON.null : .string($1)) }
            return Record(
                values: Dictionary(pairs) { first, _ in first }, hasDecimalCommas: separator == ";")
        }
    }

    static let fromLines: @Sendable ([UInt8]) throws -> [Record] = { bytes in
        try bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let members = try JSON(parsing: Array(line)).object ?? []
            return Record(
                values: Dictionary(members.map { (plain($0.key), $0.value) }) { first, _ in first },
                hasDecimalCommas: false)
        }
    }
}
