import Demo
import Transports

/// The order in which the till's counts and sales were committed, noted by triggers of the auditor's own: the till's
/// clock isn't fine enough, and the outbox belongs to the connector.
struct TillWitness {
    private let path: String

    init(_ till: Till) { path = till.path }

    /// Makes the triggers. What is there already is noted in the order of its rows.
    func install() throws {
        try SQLiteDatabase(path, mode: .readWrite).execute(
            """
            CREATE TABLE witness (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, row INTEGER NOT NULL);
            INSERT INTO witness (kind, row) SELECT 'count', id FROM inventory_count ORDER BY id;
            CREATE TRIGGER witness_count AFTER INSERT ON inventory_count BEGIN
                INSERT INTO witness (kind, row) VALUES ('count', new.id);
            END;
            CREATE TRIGGER witness_sale AFTER INSERT ON sale_line BEGIN
                INSERT INTO witness (kind, row) VALUES ('sale', new.id);
            END;
            """)
    }

    /// One count or movement.
    struct Entry: Sendable {
        enum Kind: Sendable { case count, sale }

        let kind: Kind
        let key: String
        let quantity: Int
        /// When the till says it was, `2026-11-21 10:00:00.123`.
        let at: String
        let hold: String?
    }

    /// Everything, in the order in which it was committed.
    func entries() throws -> [Entry] {
        var entries: [Entry] = []
        try SQLiteDatabase(path, mode: .readOnly).query(
            """
            SELECT witness.kind, ean, coalesce(c.store_id, sale.store_id), coalesce(c.quantity, l.quantity),
                coalesce(c.counted_at, sale.sold_at), l.hold_id
            FROM witness
            LEFT JOIN inventory_count c ON witness.kind = 'count' AND c.id = witness.row
            LEFT JOIN sale_line l ON witness.kind = 'sale' AND l.id = witness.row
            LEFT JOIN sale ON sale.id = l.sale_id
            JOIN article ON article.id = coalesce(c.article_id, l.article_id)
            ORDER BY seq
            """
        ) { row in
            entries.append(
                Entry(
                    kind: row.text(at: 0) == "count" ? .count : .sale,
                    key: "\(EAN.gtin14(row.text(at: 1) ?? ""))@\(row.text(at: 2) ?? "")",
                    quantity: Int(row.integer(at: 3) ?? 0), at: row.text(at: 4) ?? "", hold: row.text(at: 5)))
        }
        return entries
    }
}
