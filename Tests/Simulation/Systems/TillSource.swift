import Canonical
package import Connector
package import Document
package import Installation

/// How a connector reads one table's changes in the till's outbox: as the outbox transport does.
package struct TillSource: SourceTransport {
    private let till: StoreTill
    private let table: StoreTill.Table
    private let process: SimulatedProcess
    private let settings: SourceSettings
    private var read: Int64 = 0
    private var watch: TableWatch

    package init(
        _ till: StoreTill, _ table: StoreTill.Table, _ process: SimulatedProcess, _ writing: WritingProcess,
        _ settings: SourceSettings
    ) throws {
        watch = TableWatch(writing, of: table.rawValue)
        try watch.see(till.lastBatch[table]?.mark)
        self.till = till
        self.table = table
        self.process = process
        self.settings = settings
    }

    package mutating func read(
        from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        guard try till.line.fate(process, "read the till's \(table.rawValue)s") == .answered else {
            throw SystemFailure("the till's database is locked")
        }
        try watch.see(till.lastBatch[table]?.mark)
        var tape = Tape()
        guard let seq = position?["seq"]?.integer.map(Int64.init) else { return try snapshot(&tape, take) }
        var end = PageEnd()
        read = seq
        for note in till.outbox.filter({ $0.table == table && $0.number > seq }).prefix(settings.page) {
            end.records += 1
            read = note.number
            try hand(
                note.op, note.id, note.old, note.new, at: note.at, "outbox/\(note.number)", note.number, nil, &tape,
                take)
        }
        if till.line.flaw == .positionAhead, read != seq { read = till.newest }
        if read != seq { end.position = ["seq": .number(Number(Int(read)))] }
        end.isIdle = end.records < settings.page
        return end
    }

    private mutating func snapshot(
        _ tape: inout Tape, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        read = till.newest
        till.noteSnapshot(table)
        var end = PageEnd(position: ["seq": .number(Number(Int(read)))])
        if settings.delivers == .everything || settings.of != nil {
            end.delivery = "snapshot@\(read)"
            end.endsDelivery = true
        }
        for (id, row) in till.all(table) {
            end.records += 1
            try hand("snapshot", id, .null, row, at: nil, "\(table.rawValue)\(id)", nil, end.delivery, &tape, take)
        }
        return end
    }

    private func hand(
        _ op: String, _ id: Int, _ old: JSON, _ new: JSON, at: Int64?, _ reference: String, _ position: Int64?,
        _ delivery: String?, _ tape: inout Tape, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws {
        let document = table.document(op: op, id: id, old: old, new: new, at: at)
        tape.reset()
        tape.setRoot(tape.append(document))
        try take(
            ReadRecord(
                reference: reference, stamp: at.map { Tick($0) } ?? .never, position: position, content: .document,
                delivery: delivery), &tape)
    }

    package mutating func acknowledge() throws {
        guard read > 0 else { return }
        guard try till.line.fate(process, "acknowledge to the till") != .lost else {
            throw SystemFailure("the till's database is locked")
        }
        till.acknowledge(table, upTo: read)
        read = 0
    }

    package mutating func rewind() { read = 0 }
    package mutating func wait(_ stop: StopSignal) throws {}
}

extension StoreTill.Table {
    func document(op: String, id: Int, old: JSON, new: JSON, at: Int64?) -> JSON {
        [
            "op": .string(op), "table": .string(rawValue), "key": ["id": .number(Number(id))], "old": old, "new": new,
            "at": at.map { .string(Tick($0).rfc3339) } ?? .null,
        ]
    }
}
