/// The CRM's tables. `sequence` rises with every modification: the feed's cursor.
enum CRMSchema {
    static let script = """
        CREATE TABLE contact (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            first_name TEXT,
            last_name TEXT,
            email TEXT,
            phone TEXT,
            street TEXT,
            postal_code TEXT,
            city TEXT,
            country TEXT,
            loyalty_number TEXT,
            newsletter INTEGER,
            newsletter_at INTEGER,
            profiling INTEGER,
            profiling_at INTEGER,
            modified_at INTEGER NOT NULL,
            sequence INTEGER NOT NULL
        );
        CREATE INDEX contact_sequence ON contact (sequence);
        CREATE TABLE modification (last INTEGER NOT NULL);
        INSERT INTO modification VALUES (0);
        -- What was answered to a POST with an Idempotency-Key.
        CREATE TABLE answered (key TEXT PRIMARY KEY, digest TEXT NOT NULL, body TEXT NOT NULL);
        -- The mishap that happens once in this system's life.
        CREATE TABLE mishap (happened_at INTEGER NOT NULL);
        INSERT INTO sqlite_sequence (name, seq) VALUES ('contact', 122);
        """
}
