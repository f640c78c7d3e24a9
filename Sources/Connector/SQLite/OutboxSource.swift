import Canonical
import Document
import Installation
import Logging
import Transports

/// A table's changes, in the order in which they were made; first, if wanted, all rows there are.
struct OutboxSource: SourceTransport {
    private let table: OutboxTable
    private let database: SQLiteDatabase
    private let settings: SourceSettings
    private var read: Int64 = 0
    private var version: Int64 = -1
    /// When the last look at all rows began that is acknowledged, and the one that is being made (I9).
    private var compared: ContinuousClock.Instant?
    private var comparing: ContinuousClock.Instant?
    private let clock: LoopClock
    private var watch: TableWatch

    /// Opens the database, and makes the outbox and its triggers.
    ///
    /// - Parameters:
    ///   - noted: the highest number that any source of this database has read before.
    ///   - process: who reads.
    init(
        _ settings: SourceSettings, _ reading: OutboxReading, _ connection: SQLiteConnection, noted: Int64 = 0,
        by process: WritingProcess, clock: LoopClock = .machine,
        log: Logger = Logger(label: "outbox") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.clock = clock
        self.settings = settings
        watch = TableWatch(process, of: reading.table)
        database = try SQLiteFailures.translate {
            try SQLiteDatabase(connection.path, mode: .readWrite, busyTimeout: connection.busy)
        }
        let database = database
        table = try SQLiteFailures.translate {
            let table = try OutboxTable(reading, in: database)
            try table.install(in: database)
            try OutboxTable.goOn(behind: noted, in: database, log)
            return table
        }
        try watch.see(SQLiteFailures.translate { try LastBatch.mark(of: reading.table, in: database) })
    }

    mutating func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd {
        guard let seq = position?["seq"]?.integer else {
            comparing = clock.now()
            if settings.start == .snapshot { return try snapshot(after: nil, take) }
            let now = try SQLiteFailures.translate { try OutboxTable.newest(in: database) }
            return PageEnd(position: ["seq": .number(Number(Int(now)))], isIdle: true)
        }
        if let interval = settings.compare, compared.map({ clock.now() >= $0 + interval }) ?? true {
            comparing = clock.now()
            return try snapshot(after: Int64(seq), take)
        }
        return try SQLiteFailures.translate { try changes(after: Int64(seq), take) }
    }

    /// All rows and the outbox's position, seen at one moment. Read within one turn: no write of ours comes between.
    ///
    /// - Parameter seq: how far the changes were read. Those behind it come first: a snapshot doesn't show what was sold,
    ///   or is gone.
    private mutating func snapshot(
        after seq: Int64?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        var end = PageEnd(isIdle: false)
        var tape = Tape()
        try SQLiteFailures.translate {
            try database.execute("BEGIN")
            defer { try? database.execute("COMMIT") }
            try watch.see(LastBatch.mark(of: table.table, in: database))
            let newest = try OutboxTable.newest(in: database)
            end.position = ["seq": .number(Number(Int(newest)))]
            if let seq { end.records = try hand(after: seq, atMost: nil, &tape, take).count }
            read = newest
            if settings.delivers == .everything || settings.of != nil { end.delivery = "snapshot@\(newest)" }
            var rows = 0
            let sql = """
                SELECT \(table.keyObject("")), \(table.row("")) FROM \(OutboxTable.quoted(table.table))
                ORDER BY \(table.key.map(OutboxTable.quoted).joined(separator: ", "))
                """
            try database.query(sql) { row in
                let key = row.text(at: 0) ?? "{}"
                let document = try table.document(
                    op: "snapshot", key: key, old: "null", new: row.text(at: 1) ?? "null", at: "", in: database)
                try tape.parse(document)
                end.records += 1
                rows += 1
                try take(
                    ReadRecord(
                        reference: "\(table.table)\(key)", place: .words("row \(rows) of \(table.table)"),
                        content: .document, delivery: end.delivery), &tape)
            }
        }
        end.endsDelivery = end.delivery != nil
        return end
    }

    private mutating func changes(
        after seq: Int64, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        // The changes and the mark of who wrote last, seen at one moment.
        try database.execute("BEGIN")
        defer { try? database.execute("COMMIT") }
        version = try database.dataVersion()
        try watch.see(LastBatch.mark(of: table.table, in: database))
        var end = PageEnd()
        var tape = Tape()
        let (count, last) = try hand(after: seq, atMost: settings.page, &tape, take)
        end.records = count
        read = last
        if last != seq { end.position = ["seq": .number(Number(Int(last)))] }
        end.isIdle = end.records < settings.page
        return end
    }

    /// Hands changes over, in their order. Returns how many there were, and the last one's number.
    private func hand(
        after seq: Int64, atMost: Int?, _ tape: inout Tape, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> (count: Int, last: Int64) {
        var (count, last) = (0, seq)
        let sql = """
            SELECT seq, op, key, coalesce(old, 'null'), coalesce(new, 'null'), at FROM omni_outbox
            WHERE "table" = ? AND seq > ? ORDER BY seq LIMIT ?
            """
        let values: [SQLiteValue] = [.text(table.table), .integer(seq), .integer(Int64(atMost ?? -1))]
        try database.query(sql, values) { row in
            last = row.integer(at: 0) ?? last
            count += 1
            let at = row.text(at: 5) ?? ""
            let number = OutboxNumber(last)
            let document = try table.document(
                op: row.text(at: 1) ?? "", key: row.text(at: 2) ?? "null", old: row.text(at: 3) ?? "null",
                new: row.text(at: 4) ?? "null", at: at, in: database)
            try tape.parse(document)
            try take(
                ReadRecord(
                    reference: number.reference(at: at), stamp: Tick(rfc3339: at) ?? .never,
                    position: number.position,
                    place: .words("omni_outbox \(last)"), content: .document), &tape)
        }
        return (count, last)
    }

    /// What is safe needs no row any more.
    mutating func acknowledge() throws {
        (compared, comparing) = (comparing ?? compared, nil)
        guard read > 0 else { return }
        try SQLiteFailures.translate {
            _ = try database.run(
                "DELETE FROM omni_outbox WHERE \"table\" = ? AND seq <= ?", [.text(table.table), .integer(read)])
        }
        read = 0
    }

    mutating func rewind() { (read, comparing) = (0, nil) }

    /// Until another connection has committed something. Asking costs next to nothing, so it is asked often.
    mutating func wait(_ stop: StopSignal) throws {
        var left = max(1, Int(min(settings.every, .seconds(1)) / .milliseconds(20)))
        while left > 0, !stop.wait(for: .milliseconds(20)) {
            left -= 1
            if try SQLiteFailures.translate({ try database.dataVersion() }) != version { return }
        }
    }
}
