import Installation
import Logging
import Transports

@testable import Connector

extension OutboxSource {
    /// A source whose copies of a table lie where this machine has room.
    init(
        _ settings: SourceSettings, _ reading: OutboxReading, _ connection: SQLiteConnection,
        by process: WritingProcess,
        clock: LoopClock = .machine, log: Logger = Logger(label: "outbox") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        try self.init(settings, reading, connection, scratch: "/tmp", by: process, clock: clock, log: log)
    }
}
