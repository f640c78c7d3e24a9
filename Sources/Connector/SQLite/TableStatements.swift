import Document
import Installation
import Transports

/// The statements that write rows of one shape: those columns, in that order. One thread uses it.
final class TableStatements {
    let columns: [String]
    /// One of them that the table doesn't have.
    let unknown: String?
    /// Where the key's columns stand among them; nil where one is missing.
    let key: [Int]?
    /// Where those stand that a row found by its key is given anew: all but the key's.
    let changes: [Int]
    private let table: String
    private let byKey: String
    private let byOwn: String
    private let selected: String
    private let database: SQLiteDatabase
    private var prepared: [Kind: SQLitePrepared] = [:]

    enum Kind: Hashable {
        /// The outbox's key, the system's own number, then the columns.
        case select(byOwn: Bool)
        case insert
        /// Found by the key: all columns but the key's.
        case update(byOwn: Bool)
    }

    init(
        columns: [String], _ settings: TableWriting, _ outbox: OutboxTable?, _ all: OutboxTable,
        _ database: SQLiteDatabase
    ) {
        self.columns = columns
        unknown = columns.first { !all.columns.contains($0) }
        self.database = database
        let places = settings.key.compactMap { columns.firstIndex(of: $0) }
        key = places.count == settings.key.count ? places : nil
        changes = columns.indices.filter { !settings.key.contains(columns[$0]) }
        table = OutboxTable.quoted(settings.table)
        (byKey, byOwn) = (Self.conditionByKey(settings), Self.conditionByOwn(settings))
        selected =
            ([outbox?.keyObject("") ?? "NULL", settings.own.map(OutboxTable.quoted) ?? "NULL"]
            + columns.map(OutboxTable.quoted)).joined(separator: ", ")
    }

    /// A statement, prepared when it is needed first.
    func statement(_ kind: Kind) throws -> SQLitePrepared {
        if let known = prepared[kind] { return known }
        let made = try database.prepared(sql(kind))
        prepared[kind] = made
        return made
    }

    private func sql(_ kind: Kind) -> String {
        switch kind {
        case .select(let isByOwn): "SELECT \(selected) FROM \(table) WHERE \(isByOwn ? byOwn : byKey)"
        case .insert:
            """
            INSERT INTO \(table) (\(columns.map(OutboxTable.quoted).joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            """
        case .update(true): update(columns, byOwn)
        case .update(false): update(changes.map { columns[$0] }, byKey)
        }
    }

    private func update(_ columns: [String], _ condition: String) -> String {
        let sets = columns.map { "\(OutboxTable.quoted($0)) = ?" }.joined(separator: ", ")
        return "UPDATE \(table) SET \(sets) WHERE \(condition)"
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
    private var known: [TableStatements] = []
    /// A mapping that gives ever other members keeps no more than these.
    private static let most = 16

    func statements(
        for document: Node, _ settings: TableWriting, _ outbox: OutboxTable?, _ all: OutboxTable,
        _ database: SQLiteDatabase
    ) -> TableStatements {
        for shape in known where shape.columns.count == document.count {
            if Self.isSame(shape.columns, document) { return shape }
        }
        let columns = document.members.map { $0.key.string ?? "" }
        let made = TableStatements(columns: columns, settings, outbox, all, database)
        if known.count == Self.most { known.removeFirst() }
        known.append(made)
        return made
    }

    private static func isSame(_ columns: [String], _ document: Node) -> Bool {
        var at = 0
        for member in document.members {
            guard columns[at].utf8.elementsEqual(member.key.utf8) else { return false }
            at += 1
        }
        return true
    }
}
