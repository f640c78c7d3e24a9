/// The till's tables. It counts its articles itself, cuts names to what fits on a receipt, and keeps prices in a NUMERIC
/// column, where 19.90 becomes the float 19.9. Times are UTC without saying so.
enum TillSchema {
    /// How many characters of a name the till keeps.
    static let nameLength = 20

    static let script = """
        CREATE TABLE store (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL
        );
        CREATE TABLE article (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            ean TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            sale_price NUMERIC,
            currency TEXT NOT NULL DEFAULT 'EUR',
            active INTEGER NOT NULL DEFAULT 1,
            changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
        );
        -- A BEFORE trigger can't change the new row in SQLite, so the row is corrected behind the write.
        CREATE TRIGGER article_name_inserted AFTER INSERT ON article WHEN length(new.name) > \(nameLength) BEGIN
            UPDATE article SET name = substr(new.name, 1, \(nameLength)) WHERE id = new.id;
        END;
        CREATE TRIGGER article_name_updated AFTER UPDATE OF name ON article WHEN length(new.name) > \(nameLength) BEGIN
            UPDATE article SET name = substr(new.name, 1, \(nameLength)) WHERE id = new.id;
        END;
        CREATE TABLE customer (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            phone TEXT,
            email TEXT,
            street TEXT,
            zip TEXT,
            city TEXT,
            loyalty_no TEXT,
            changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
        );
        CREATE TABLE sale (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            store_id TEXT NOT NULL REFERENCES store (id),
            sold_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
            customer_id INTEGER REFERENCES customer (id) ON DELETE SET NULL
        );
        CREATE TABLE hold (
            id TEXT PRIMARY KEY,
            article_id INTEGER NOT NULL REFERENCES article (id),
            store_id TEXT NOT NULL REFERENCES store (id),
            quantity INTEGER NOT NULL,
            until TEXT,
            state TEXT NOT NULL,
            customer_name TEXT
        );
        -- A negative quantity is a return.
        CREATE TABLE sale_line (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sale_id INTEGER NOT NULL REFERENCES sale (id),
            article_id INTEGER NOT NULL REFERENCES article (id),
            quantity INTEGER NOT NULL CHECK (quantity <> 0),
            unit_price NUMERIC NOT NULL,
            hold_id TEXT REFERENCES hold (id)
        );
        CREATE TABLE inventory_count (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            article_id INTEGER NOT NULL REFERENCES article (id),
            store_id TEXT NOT NULL REFERENCES store (id),
            quantity INTEGER NOT NULL CHECK (quantity >= 0),
            counted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
        );
        -- What the till was told about stock; it reckons nothing itself.
        CREATE TABLE stock (
            article_id INTEGER NOT NULL REFERENCES article (id),
            store_id TEXT NOT NULL REFERENCES store (id),
            on_hand INTEGER,
            reserved INTEGER,
            available INTEGER,
            as_of TEXT,
            PRIMARY KEY (article_id, store_id)
        );
        INSERT INTO sqlite_sequence (name, seq) VALUES ('article', 4710), ('customer', 80), ('sale', 20000);
        PRAGMA user_version = 1;
        """
}
