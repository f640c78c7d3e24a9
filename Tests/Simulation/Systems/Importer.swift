import Canonical
package import Connector
package import Document

/// The importer: it drops complete price lists into a folder, one after the other, and never reads anything back.
package final class Importer {
    /// One delivery.
    struct List {
        let name: String
        let rows: [JSON]
        let at: Int64
    }

    package let line: SystemLine
    /// What it would deliver now, by its own number.
    var articles: [String: JSON] = [:]
    /// What lies in the folder, and what was taken.
    var folder: [List] = []
    private(set) var taken: [String] = []
    private var lists = 0

    package init(_ line: SystemLine) { self.line = line }

    package func change(_ number: String, _ members: [(String, JSON)]) {
        var row = articles[number] ?? ["Artikel": .string(number), "Bestand": 0, "Währung": "EUR"]
        for (name, value) in members { row[name] = value }
        articles[number] = row
    }

    package func withdraw(_ number: String) { articles[number] = nil }

    /// Drops a list of everything.
    package func deliver() {
        lists += 1
        let now = line.scheduler.clock.now
        let rows = articles.sorted { $0.key < $1.key }.map { entry in
            var row = entry.value
            row["Stand"] = .string(Tick(now).rfc3339)
            return row
        }
        let number = String(10_000 + lists)
        folder.append(List(name: "prices-\(number).csv", rows: rows, at: now))
    }

    /// A list has been read: it moves away.
    func take(_ name: String) {
        folder.removeAll { $0.name == name }
        taken.append(name)
    }
}

/// How a connector reads the importer's lists: as the folder transport does.
package struct ImporterSource: SourceTransport {
    private let importer: Importer
    private let process: SimulatedProcess
    private var finished: String?

    package init(_ importer: Importer, _ process: SimulatedProcess) {
        self.importer = importer
        self.process = process
    }

    package mutating func read(
        from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        guard try importer.line.fate(process, "look into the importer's folder") == .answered else {
            throw SystemFailure("the folder can't be read")
        }
        guard let list = importer.folder.first else { return PageEnd(isIdle: true) }
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
        guard try importer.line.fate(process, "move \(name) away") != .lost else {
            throw SystemFailure("\(name) can't be moved")
        }
        importer.take(name)
        finished = nil
    }

    package mutating func rewind() { finished = nil }
    package mutating func wait(_ stop: StopSignal) throws {}
}

/// How a connector hands the importer a file with everything: as the file writer does, in a folder that may be full.
package struct ImporterWriter: SinkWriter {
    private let importer: Importer
    private let process: SimulatedProcess
    private var records: [String: (epoch: Int64, revision: Int64)] = [:]

    package init(_ importer: Importer, _ process: SimulatedProcess) {
        self.importer = importer
        self.process = process
    }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        guard try importer.line.fate(process, "replace the importer's file") == .answered else {
            throw SystemFailure("the folder is full")
        }
        return writes.map { write in
            if let known = records[write.key], known > (write.epoch, write.revision) { return Written(.outdated) }
            records[write.key] = write.action == .delete ? nil : (write.epoch, write.revision)
            return Written(write.action == .delete ? .absent : .written)
        }
    }
}
