import Document
import Installation

/// The statements that write rows of one shape: those columns, in that order.
struct TableStatements: Sendable {
    /// The outbox's key, the system's own number, then the columns.
    let selectByKey: String
    let selectByOwn: String
    let insert: String
    /// All columns but the key's.
    let updateByKey: String
    let updateByOwn: String

    init(columns: [String], _ settings: TableWriting, _ outbox: OutboxTable?) {
        let table = OutboxTable.quoted(settings.table)
        let quoted = columns.map(OutboxTable.quoted)
        let names = quoted.joined(separator: ", ")
        let (byKey, byOwn) = (Self.conditionByKey(settings), Self.conditionByOwn(settings))
        let selected = ([outbox?.keyObject("") ?? "NULL", settings.own.map(OutboxTable.quoted) ?? "NULL"] + quoted)
            .joined(separator: ", ")
        selectByKey = "SELECT \(selected) FROM \(table) WHERE \(byKey)"
        selectByOwn = "SELECT \(selected) FROM \(table) WHERE \(byOwn)"
        insert = "INSERT INTO \(table) (\(names)) VALUES (\(quoted.map { _ in "?" }.joined(separator: ", ")))"
        func update(_ columns: [String], _ condition: String) -> String {
            let sets = columns.map { "\(OutboxTable.quoted($0)) = ?" }.joined(separator: ", ")
            return "UPDATE \(table) SET \(sets) WHERE \(condition)"
        }
        updateByKey = update(columns.filter { !settings.key.contains($0) }, byKey)
        updateByOwn = update(columns, byOwn)
    }

    static func conditionByKey(_ settings: TableWriting) -> String {
        settings.key.map { "\(OutboxTable.quoted($0)) = ?" }.joined(separator: " AND ")
    }

    /// `0` where the system has no numbers of its own.
    static func conditionByOwn(_ settings: TableWriting) -> String {
        settings.own.map { "\(OutboxTable.quoted($0)) = ?" } ?? "0"
    }
}

/// The shapes that a mapping's documents have: mostly one. One thread uses it.
final class TableShapes {
    private var known: [(columns: [String], statements: TableStatements)] = []
    /// A mapping that gives ever other members keeps no more than these.
    private static let most = 16

    func statements(for members: [JSON.Member], _ settings: TableWriting, _ outbox: OutboxTable?) -> TableStatements {
        for shape in known where shape.columns.count == members.count {
            if zip(shape.columns, members).allSatisfy({ $0 == $1.key }) { return shape.statements }
        }
        let columns = members.map(\.key)
        let made = TableStatements(columns: columns, settings, outbox)
        if known.count == Self.most { known.removeFirst() }
        known.append((columns, made))
        return made
    }
}
