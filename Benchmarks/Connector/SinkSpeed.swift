import Canonical
import Glibc
import Kafka
import TestHub
import Transports

/// A connector's sink: golden records, mapped and written, and a report of each, into a file and into SQLite. Beside it what
/// reading the same records alone takes, and what the bare upserts take.
enum SinkSpeed: Measurement {
    static let name = "sink"
    static let about = "a connector's sink path, into a file and into SQLite"

    private static func yaml(_ connection: String, _ to: String) -> String {
        """
        system: bench
        connections:
          \(connection)
        sinks:
          products:
            of: product
            map: map.jsonata
            to: { \(to) }
            batch: { records: 5000 }
        """
    }

    static func run(_ bench: Bench) throws -> [Figure] {
        var figures: [Figure] = []
        if bench.wants("sink/file") { figures += try file(bench) }
        if bench.wants("sink/sqlite") { figures += try table(bench) }
        return figures
    }

    private static func file(_ bench: Bench) throws -> [Figure] {
        let shop = try Workshop(
            bench, "bench",
            yaml: yaml(
                #"out: { folder: "${env:SYSTEM}/in" }"#, "out: { file: products.jsonl, format: json-lines }"),
            mapping: """
                { "gtin": gtin, "name": name, "brand": brand, "category": category, "price": price, "currency": currency }
                """)
        defer { shop.plant.sweep(bench) }
        let pass = try pass(shop, entities: bench.count(50_000, atLeast: 10_000))
        let read = try readAlone(shop.plant)
        return [
            Figure(
                name: "sink/file/rate", value: pass.rate, unit: "records a CPU-s",
                beside: .init(name: "reading alone", value: read), target: .atLeast(150_000)),
            Figure(name: "sink/file/memory", value: pass.memory, unit: "MB", target: .atMost(40)),
        ]
    }

    private static func table(_ bench: Bench) throws -> [Figure] {
        let shop = try Workshop(
            bench, "bench",
            yaml: yaml(
                #"db: { sqlite: "${env:SYSTEM}/till.db", busy: 5s }"#, "db: { upsert: article, key: [ean] }"),
            mapping: """
                {
                    "ean": $substring($key, 1), "name": name, "brand": brand, "category": category, "price": price,
                    "currency": currency
                }
                """)
        defer { shop.plant.sweep(bench) }
        let entities = bench.count(200_000, atLeast: 10_000)
        let database = try SQLiteDatabase("\(shop.system)/till.db", mode: .create)
        try database.execute(schema)
        let pass = try pass(shop, entities: entities)
        let limit = try upsertAlone("\(shop.system)/limit.db", entities)
        return [
            Figure(
                name: "sink/sqlite/rate", value: pass.rate, unit: "records a CPU-s",
                beside: .init(name: "upserts alone", value: limit), target: .atLeast(60_000)),
            Figure(name: "sink/sqlite/memory", value: pass.memory, unit: "MB", target: .atMost(40)),
        ]
    }

    private static let schema = """
        CREATE TABLE article (
            ean TEXT PRIMARY KEY, name TEXT, brand TEXT, category TEXT, price NUMERIC, currency TEXT
        );
        """

    /// Works off a backlog in which each entity stands twice, from the first commit to the last.
    private static func pass(_ shop: Workshop, entities: Int) throws -> (rate: Double, memory: Double) {
        let topic = shop.plant.names.golden(entity: "product")
        let producer = try shop.plant.producer(["linger.ms": "50"])
        let child = try shop.start()
        let admin = try shop.plant.admin()
        let partitions = try admin.topics([topic], timeout: .seconds(30)).flatMap(\.topicPartitions)
        let group = shop.plant.names.group(connector: shop.name)
        func committed() throws -> Int64 {
            try admin.committed(group: group, partitions, stable: false, timeout: .seconds(30)).values.reduce(0, +)
        }
        func publish(_ count: Int, revision: Int) throws {
            for number in 0..<count {
                let golden = Articles.golden(number, revision: revision)
                try producer.produce(
                    to: topic, key: golden.key.utf8.span.bytes, value: golden.value.utf8.span.bytes,
                    headers: Headers(golden.headers))
            }
            try producer.flush(timeout: .seconds(300))
        }
        // It is awake, and has joined its group.
        try publish(10, revision: 1)
        let before = try shop.watch(child) { try committed() >= 10 }
        for revision in 2...3 { try publish(entities, revision: revision) }
        let after = try shop.watch(child) { try committed() >= Int64(10 + 2 * entities) }
        try child.stop()
        return (Double(2 * entities) / (after - before), Double(child.memory) / 1e6)
    }

    /// Reads what the sink has read.
    private static func readAlone(_ plant: Plant) throws -> Double {
        let topic = plant.names.golden(entity: "product")
        let partitions = try plant.admin().topics([topic], timeout: .seconds(30)).flatMap(\.topicPartitions)
        var count = 0
        let start = ownCPU()
        try Table.read(
            partitions, plant.broker.merging(["group.id": "\(plant.prefix).bench"]), timeout: .seconds(300),
            log: plant.log
        ) { count += $0.count }
        return Double(count) / (ownCPU() - start)
    }

    /// The same rows, and a revision beside each, in transactions of the same size.
    private static func upsertAlone(_ path: String, _ entities: Int) throws -> Double {
        let database = try SQLiteDatabase(path, mode: .create)
        try database.execute(
            schema + "CREATE TABLE revision (key TEXT PRIMARY KEY, epoch INTEGER, revision INTEGER) WITHOUT ROWID;")
        let upsert = """
            INSERT INTO article VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ean) DO UPDATE SET name = excluded.name,
            brand = excluded.brand, category = excluded.category, price = excluded.price, currency = excluded.currency
            """
        let eans = (0..<entities).map { Articles.ean($0) }
        let start = ownCPU()
        for revision in 2...3 {
            for first in stride(from: 0, to: entities, by: 5000) {
                try database.transaction {
                    for number in first..<min(first + 5000, entities) {
                        try database.run(
                            upsert,
                            [
                                .text(eans[number]), .text("Corner sofa \(number)"), .text("Saari"), .text("sofas"),
                                .text("\(100 + number % 900).\(10 + revision % 90)"), .text("EUR"),
                            ])
                        try database.run(
                            "INSERT OR REPLACE INTO revision VALUES (?, 1, ?)",
                            [.text("0" + eans[number]), .integer(Int64(revision))])
                    }
                }
            }
        }
        return Double(2 * entities) / (ownCPU() - start)
    }
}
