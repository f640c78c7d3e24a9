import Document
import Formats
import Installation
import Transports

/// The tables that mappings look things up in with `$omni_table`: each `*.csv` beside them, by its name without the end.
///
/// UTF-8, comma, a header; the first column is the key, and an empty cell is no member. They are read when the connector
/// starts, and never change while it runs.
struct LookupTables: Sendable {
    private let tables: [String: [String: [(column: String, value: String)]]]

    static let none = LookupTables(tables: [:])

    private init(tables: [String: [String: [(column: String, value: String)]]]) { self.tables = tables }

    /// Reads the tables of a connector's folder; what is wrong with one is added to the problems, with file and line.
    init(_ settings: ConnectorSettings, _ problems: inout [Problem]) {
        var tables: [String: [String: [(column: String, value: String)]]] = [:]
        for file in Folders.names(in: settings.folder) where file.hasSuffix(".csv") {
            let shown = "Connectors/\(settings.name)/\(file)"
            do throws(Fault) {
                tables[String(file.dropLast(4))] = try Self.read("\(settings.folder)/\(file)")
            } catch {
                problems.append(Problem(place: nil, message: "\(shown), \(error.reason)"))
                // It is there all the same: mappings that read it aren't wrong.
                tables[String(file.dropLast(4))] = [:]
            }
        }
        self.tables = tables
    }

    /// Their names.
    var names: Set<String> { Set(tables.keys) }

    /// Whether there is a table of that name.
    func has(_ name: String) -> Bool { tables[name] != nil }

    /// The columns that any of a table's rows fills, sorted.
    func columns(of name: String) -> [String] {
        Set((tables[name] ?? [:]).values.flatMap { $0.map(\.column) }).sorted()
    }

    /// The row of a key; nil when there is none.
    func row(of table: String, key: String) -> [(column: String, value: String)]? { tables[table]?[key] }

    /// What is wrong with a table. Names lines and columns, never cells (I12).
    private struct Fault: Error { let reason: String }

    private static func read(_ path: String) throws(Fault) -> [String: [(column: String, value: String)]] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try AtomicFile.read(path) } catch { throw Fault(reason: error.reason) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        if let mark = Self.foreignDelimiter(bytes) {
            throw Fault(
                reason:
                    "line 1: its columns are separated by \(mark), those of a table by commas; save it as CSV with commas"
            )
        }
        do throws(FormatError) {
            return try rows(UnsafeRawBufferPointer(rebasing: memory[..<bytes.count]))
        } catch {
            throw Fault(reason: error.description)
        }
    }

    /// What separates a header's columns where that is no comma: the table would have one column, and nothing be found in it.
    private static func foreignDelimiter(_ bytes: [UInt8]) -> String? {
        let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !header.contains(UInt8(ascii: ",")) else { return nil }
        return [(UInt8(ascii: ";"), "semicolons"), (0x09, "tabs"), (UInt8(ascii: "|"), "bars")]
            .first { header.contains($0.0) }?.1
    }

    private static func rows(
        _ bytes: UnsafeRawBufferPointer
    ) throws(FormatError) -> [String: [(column: String, value: String)]] {
        // Empty cells are texts here, so that the first member is always the key.
        // swift-format-ignore: NeverUseForceTry
        var reader = try (try! FormatCatalog.format(named: "csv", options: ["empty": "text"])).reader(over: bytes)
        var rows: [String: [(column: String, value: String)]] = [:]
        var tape = Tape()
        while let position = try reader.next(into: &tape) {
            let cells = JSON(tape.root).object?.compactMap { cell in cell.value.string.map { (cell.key, $0) } } ?? []
            guard let key = cells.first?.1, !key.isEmpty else {
                throw FormatError(.file, at: position, "the first column, which is the key, is empty")
            }
            guard rows[key] == nil else {
                throw FormatError(.file, at: position, "the key stands in a row above already")
            }
            rows[key] = cells.filter { !$0.1.isEmpty }
        }
        return rows
    }
}
