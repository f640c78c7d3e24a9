import Canonical
package import Connector
package import Document

/// The importer and the wholesaler: they drop complete lists into a folder, one after the other, and are given files with
/// everything.
package final class Supplier {
    /// How one writes its lists.
    struct Kind {
        let list: String
        /// The columns of these names.
        let number, gtin, name, price, time: String
        let fresh: JSON
    }

    /// One delivery.
    struct List {
        let name: String
        let rows: [JSON]
    }

    let kind: Kind
    package let line: SystemLine
    /// What it would deliver now, by its own number.
    private(set) var articles: [String: JSON] = [:]
    /// What lies in the folder.
    private(set) var folder: [List] = []
    private var lists = 0

    init(_ kind: Kind, _ line: SystemLine) {
        self.kind = kind
        self.line = line
    }

    static let importer = Kind(
        list: "prices", number: "Artikel", gtin: "EAN", name: "Bezeichnung", price: "UVP", time: "Stand",
        fresh: ["Bestand": 0, "Währung": "EUR"])
    static let wholesaler = Kind(
        list: "articles", number: "number", gtin: "gtin", name: "name", price: "price", time: "changed",
        fresh: ["currency": "EUR"])

    func change(_ number: String, _ members: [(String, JSON)]) {
        var row = articles[number] ?? kind.fresh
        row[kind.number] = .string(number)
        for (name, value) in members { row[name] = value }
        row[kind.time] = .string(Tick(line.machine.wall).rfc3339)
        articles[number] = row
    }

    func withdraw(_ number: String) { articles[number] = nil }

    /// Drops a list of everything.
    func deliver() {
        lists += 1
        folder.append(
            List(
                name: "\(kind.list)-\(10_000 + lists).csv",
                rows: articles.sorted { $0.key < $1.key }.map(\.value)))
    }

    /// A list has been read: it moves away.
    func take(_ name: String) { folder.removeAll { $0.name == name } }
}

/// How a connector reads a supplier's lists: as the folder transport does.
package struct SupplierSource: SourceTransport {
    private let supplier: Supplier
    private let process: SimulatedProcess
    private var finished: String?

    package init(_ supplier: Supplier, _ process: SimulatedProcess) {
        self.supplier = supplier
        self.process = process
    }

    package mutating func read(
        from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        guard try supplier.line.fate(process, "look into the folder") == .answered else {
            throw SystemFailure("the folder can't be read")
        }
        guard let list = supplier.folder.first else { return PageEnd(isIdle: true) }
        finished = list.name
        let done: JSON = ["file": .string(list.name), "done": true]
        var end = PageEnd(position: done, delivery: list.name, endsDelivery: true)
        guard position != done else {
            end.endsDelivery = false
            return end
        }
        var tape = Tape()
        for (index, row) in list.rows.enumerated() {
            end.records += 1
            tape.reset()
            tape.setRoot(tape.append(row))
            try take(
                ReadRecord(
                    reference: "\(list.name)#\(index)", place: .line(index + 2, file: list.name), content: .document,
                    delivery: list.name), &tape)
        }
        return end
    }

    package mutating func acknowledge() throws {
        guard let name = finished else { return }
        guard try supplier.line.fate(process, "move \(name) away") != .lost else {
            throw SystemFailure("\(name) can't be moved")
        }
        supplier.take(name)
        finished = nil
    }

    package mutating func rewind() { finished = nil }
    package mutating func wait(_ stop: StopSignal) throws {}
}
