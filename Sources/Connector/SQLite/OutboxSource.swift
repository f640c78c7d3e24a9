import Canonical
import Document
import Installation
import Logging
import Transports

/// A table's changes, in the order in which they were made; first, if wanted, all rows there are.
struct OutboxSource: SourceTransport {
    private var table: OutboxTable
    private let reading: OutboxReading
    private let database: SQLiteDatabase
    private let scratch: String
    /// How the tables were when the triggers were looked at.
    private var schema: Int64 = -1
    private let settings: SourceSettings
    private var read: Int64 = 0
    private var version: Int64 = -1
    /// When the last look at all rows began that is acknowledged, and the one that is being made (I9).
    private var compared: ContinuousClock.Instant?
    private var comparing: ContinuousClock.Instant?
    private let clock: LoopClock
    private var watch: TableWatch
    private let log: Logger

    /// Opens the database, and makes the outbox and its triggers.
    ///
    /// - Parameters:
    ///   - noted: the highest number that any source of this database has read before.
    ///   - scratch: a folder with room for a copy of the table.
    ///   - process: who reads.
    init(
        _ settings: SourceSettings, _ reading: OutboxReading, _ connection: SQLiteConnection, noted: Int64 = 0,
        scratch: String, by process: WritingProcess, clock: LoopClock = .machine,
        log: Logger = Logger(label: "outbox") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.clock = clock
        self.log = log
        self.settings = settings
        self.reading = reading
        self.scratch = scratch
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
        try lookAtTables()
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
        if let end = try changes(after: Int64(seq), take) { return end }
        comparing = clock.now()
        return try snapshot(after: Int64(seq), take)
    }

    /// Looks whether the triggers are still there: a system that rebuilds its table takes them away. Asking costs next to nothing as
    /// long as nobody has changed a table.
    private mutating func lookAtTables() throws {
        try SQLiteFailures.checkPlace(of: database)
        try SQLiteFailures.translate {
            let now = try database.schemaVersion()
            guard now != schema else { return }
            do { table = try OutboxTable(reading, in: database) } catch let error as WrongSetting {
                // Somebody is at it; at a start it would be a mistake.
                throw SystemFailure("\(error)")
            }
            try table.install(in: database)
            schema = now
        }
    }

    /// Whether reading everything finds what changes miss: records are told again, movements would be booked twice.
    private var isComparable: Bool { settings.compare != nil || settings.of != nil }

    /// All rows and the outbox's position, seen at one moment. Read within one turn: no write of ours comes between.
    ///
    /// - Parameter seq: how far the changes were read. Those behind it come first: a snapshot doesn't show what was sold,
    ///   or is gone.
    private mutating func snapshot(
        after seq: Int64?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        var end = PageEnd(isIdle: false)
        let rows = KeptRows(in: scratch)
        try SQLiteFailures.translate {
            try database.execute("BEGIN")
            defer { try? database.execute("COMMIT") }
            try watch.see(LastBatch.mark(of: table.table, in: database))
            let newest = try OutboxTable.newest(in: database)
            end.position = ["seq": .number(Number(Int(newest)))]
            if let seq { _ = try keep(after: seq, atMost: nil, passingGaps: true, in: rows) }
            read = newest
            if settings.delivers == .everything || settings.of != nil { end.delivery = "snapshot@\(newest)" }
            let sql = """
                SELECT \(table.keyObject("")), \(table.row("")) FROM \(OutboxTable.quoted(table.table))
                ORDER BY \(table.key.map(OutboxTable.quoted).joined(separator: ", "))
                """
            try database.query(sql) { row in
                let document = try table.document(
                    op: "snapshot", key: row.bytes(at: 0), old: nil, new: row.bytes(at: 1), at: "", in: database)
                try rows.append(Self.unnumbered, row.text(at: 0) ?? "{}", document)
            }
        }
        end.records = try hand(rows, delivery: end.delivery, take)
        end.endsDelivery = end.delivery != nil
        return end
    }

    /// What comes next in the log; nil: changes are missing there, and everything is to be read.
    private mutating func changes(
        after seq: Int64, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd? {
        let rows = KeptRows(in: scratch)
        let kept = try SQLiteFailures.translate {
            // The changes and the mark of who wrote last, seen at one moment.
            try database.execute("BEGIN")
            defer { try? database.execute("COMMIT") }
            version = try database.dataVersion()
            try watch.see(LastBatch.mark(of: table.table, in: database))
            return try keep(after: seq, atMost: settings.page, passingGaps: !isComparable, in: rows)
        }
        if kept.hasGap, kept.count == 0 || !isComparable { tellOfGap() }
        if kept.hasGap, isComparable, kept.count == 0 { return nil }
        read = kept.last
        var end = PageEnd(records: kept.count, isIdle: !kept.hasGap && kept.count < settings.page)
        if kept.last != seq { end.position = ["seq": .number(Number(Int(kept.last)))] }
        _ = try hand(rows, delivery: nil, take)
        return end
    }

    /// A snapshot's rows stand nowhere in the log.
    private static let unnumbered: Int64 = 0

    /// Keeps changes, in their order. Returns how many there were, the last one's number, and whether more is missing.
    ///
    /// - Parameter passingGaps: whether it goes on behind a gap, or ends before it.
    private func keep(
        after seq: Int64, atMost: Int?, passingGaps: Bool, in rows: KeptRows
    ) throws -> (count: Int, last: Int64, hasGap: Bool) {
        var (count, last, hasGap) = (0, seq, false)
        let sql = """
            SELECT seq, op, key, old, new, at FROM omni_outbox
            WHERE "table" = ? AND seq > ? ORDER BY seq LIMIT ?
            """
        let values: [SQLiteValue] = [.text(table.table), .integer(seq), .integer(Int64(atMost ?? -1))]
        try database.query(sql, values) { row in
            guard passingGaps || !hasGap else { return }
            let number = row.integer(at: 0) ?? last
            let op = row.text(at: 1) ?? ""
            if op == OutboxTable.gap {
                hasGap = true
                if passingGaps { last = number }
                return
            }
            (count, last) = (count + 1, number)
            let at = row.text(at: 5) ?? ""
            let document = try table.document(
                op: op, key: row.bytes(at: 2), old: row.bytes(at: 3), new: row.bytes(at: 4), at: at, in: database)
            try rows.append(number, at, document)
        }
        return (count, last, hasGap)
    }

    /// Hands rows over, when the system can write again. Returns how many there were.
    ///
    /// - Parameter delivery: what those that aren't changes belong to.
    private func hand(
        _ rows: KeptRows, delivery: String?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> Int {
        var tape = Tape()
        var (count, row) = (0, 0)
        try rows.forEach { number, name, document in
            count += 1
            guard number == Self.unnumbered else {
                let numbered = OutboxNumber(number)
                let record = ReadRecord(
                    reference: numbered.reference(at: name), stamp: Tick(rfc3339: name) ?? .never,
                    position: numbered.position, place: .words("omni_outbox \(number)"), content: .document)
                return try give(record, document, &tape, take)
            }
            row += 1
            let record = ReadRecord(
                reference: "\(table.table)\(name)", place: .words("row \(row) of \(table.table)"),
                content: .document, delivery: delivery)
            try give(record, document, &tape, take)
        }
        return count
    }

    /// Hands a row over. One that is no JSON is a dead letter with its bytes, and the rest goes on (I2).
    private func give(
        _ record: ReadRecord, _ document: UnsafeBufferPointer<UInt8>, _ tape: inout Tape,
        _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws {
        do throws(JSONError) { try tape.parse(document) } catch {
            var record = record
            record.content = .unreadable("the row is no JSON: \(error.reason)")
            record.raw = UnsafeRawBufferPointer(document)
            return try take(record, &tape)
        }
        try take(record, &tape)
    }

    private func tellOfGap() {
        log.error(
            "the outbox's triggers were gone: what was changed meanwhile is not in it",
            metadata: [
                "table": "\(table.table)",
                "so": isComparable
                    ? "everything is read once" : "it is not read; where records are told, \"of\" or \"compare\" would",
            ])
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
