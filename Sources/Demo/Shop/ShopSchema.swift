/// The shop's tables. Prices are decimal text, times milliseconds since 1970.
enum ShopSchema {
    static let script = """
        CREATE TABLE product (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sku TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            description TEXT,
            price TEXT,
            currency TEXT,
            image TEXT,
            active INTEGER NOT NULL DEFAULT 1,
            version INTEGER NOT NULL DEFAULT 1,
            updated_at INTEGER NOT NULL
        );
        CREATE TABLE availability (
            product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
            place TEXT NOT NULL,
            available INTEGER NOT NULL,
            as_of TEXT,
            PRIMARY KEY (product_id, place)
        );
        CREATE TABLE customer (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            first_name TEXT,
            last_name TEXT,
            email TEXT UNIQUE COLLATE NOCASE,
            phone TEXT,
            street TEXT,
            zip TEXT,
            city TEXT,
            country TEXT,
            version INTEGER NOT NULL DEFAULT 1,
            updated_at INTEGER NOT NULL
        );
        CREATE TABLE customer_order (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            customer_id INTEGER REFERENCES customer (id) ON DELETE SET NULL,
            delivery TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            currency TEXT,
            total TEXT NOT NULL,
            hold_until INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        );
        -- A line remembers what was ordered, whatever becomes of the product.
        CREATE TABLE order_line (
            order_id INTEGER NOT NULL REFERENCES customer_order (id),
            line INTEGER NOT NULL,
            product_id INTEGER NOT NULL,
            sku TEXT NOT NULL,
            quantity INTEGER NOT NULL,
            unit_price TEXT,
            place TEXT NOT NULL,
            reservation TEXT NOT NULL UNIQUE,
            PRIMARY KEY (order_id, line)
        );
        CREATE TABLE webhook (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            url TEXT NOT NULL,
            secret TEXT NOT NULL,
            topics TEXT NOT NULL,
            enabled INTEGER NOT NULL DEFAULT 1,
            last_error TEXT
        );
        CREATE TABLE delivery (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
            topic TEXT NOT NULL,
            body TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_at INTEGER NOT NULL
        );
        INSERT INTO sqlite_sequence (name, seq) VALUES ('product', 500), ('customer', 7000), ('customer_order', 90000);
        """
}
