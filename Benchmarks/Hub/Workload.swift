import Canonical
import Kafka
import TestHub

/// Events for the hub, as many as are wanted and always the same ones.
struct Workload {
    enum Kind: String {
        /// Whole products of 1 KB: everything is stated once, then prices change.
        case product
        /// Movements of stock: small, and every one counts.
        case stock
    }

    let kind: Kind
    let entities: Int
    /// How many records one update round has.
    let updates: Int

    var domain: String { kind.rawValue }
    var name: String {
        "\(kind.rawValue)/\(entities >= 1_000_000 ? "\(entities / 1_000_000)M" : "\(entities / 1000)k")"
    }

    /// Writes the records that make every entity known once.
    func load(_ plant: Plant) throws {
        try write(plant, count: entities) { number, _ in (number, 0) }
    }

    /// Writes a round of updates, of entities taken at random.
    func update(_ plant: Plant, round: Int) throws {
        try write(plant, count: updates) { number, random in
            (Int(random.next() % UInt64(entities)), round * updates + number + 1)
        }
    }

    private func write(
        _ plant: Plant, count: Int, _ pick: (Int, inout SplitMix) -> (entity: Int, version: Int)
    ) throws {
        let producer = try plant.producer(["linger.ms": "50", "batch.size": "500000", "compression.type": "none"])
        let topic = plant.names.input(domain: domain)
        var random = SplitMix(state: UInt64(count))
        let start = Plant.wall().milliseconds
        for number in 0..<count {
            let (entity, version) = pick(number, &random)
            let event = event(entity, version, at: start + Int64(version))
            try producer.produce(
                to: topic, key: event.key.utf8.span.bytes, value: event.value.utf8.span.bytes,
                headers: Headers(event.headers))
        }
        try producer.flush(timeout: .seconds(300))
    }

    /// One event; version 0 states an entity for the first time.
    func event(_ entity: Int, _ version: Int, at milliseconds: Int64) -> Event {
        var event = kind == .product ? product(entity, version) : movement(entity, version)
        event.headers.append(("ce_time", Tick(milliseconds).rfc3339))
        return event
    }

    typealias Event = (key: String, headers: [(name: String, text: String)], value: String)

    private func headers(_ kind: String, _ key: String, _ source: String, _ id: String) -> [(
        name: String, text: String
    )] {
        [
            ("ce_specversion", "1.0"), ("ce_id", id), ("ce_source", source), ("ce_type", "omni.\(kind).stated"),
            ("ce_subject", key), ("ce_dataschema", "urn:omni:\(kind):1"), ("content-type", "application/json"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ]
    }

    private func product(_ entity: Int, _ version: Int) -> Event {
        let gtin = Self.gtin(entity)
        let system = version == 0 ? "shop" : "till"
        let cents = 1_000 + (entity * 7 + version * 13) % 900_000
        let price = "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
        let value = """
            {"gtin":"\(gtin)","name":"Corner sofa Saari, number \(entity), vihreä","description":"\(Self.description)",\
            "brand":"Saari","category":"sofas/corner/left","price":\(price),"currency":"EUR",\
            "image":"https://img.example.org/p/\(gtin)/front-1200x900.jpg","assortment":["till","shop","wholesaler"],\
            "labels":[{"code":"FSC-\(entity % 10)","text":"Wood from managed forests"},\
            {"code":"NORDIC","text":"Nordic Swan Ecolabel"}]}
            """
        let id = "5b4a1c00-0000-5000-8000-\(Self.padded(version, 12))"
        return (gtin, headers("product", gtin, "/\(system)/articles", id), value)
    }

    private func movement(_ entity: Int, _ version: Int) -> Event {
        let (product, place) = (Self.gtin(entity / 10), "store-\(entity % 10)")
        let key = "\(product)@\(place)"
        let isCount = version == 0
        let value = """
            {"product":"\(product)","place":"\(place)","quantity":\(isCount ? "1000" : "-1")\
            \(isCount ? "" : ",\"kind\":\"sale\",\"order\":\"till-4-\(version)\"")}
            """
        let id = "5b4a1c00-0000-5000-8001-\(Self.padded(isCount ? entity : version, 12))"
        return (key, headers(isCount ? "count" : "movement", key, "/till/sales", id), value)
    }

    /// So long that a product has about 1 KB.
    private static let description = String(
        repeating: "Three seats, solid birch legs, removable covers; delivered in two parcels. ", count: 8)

    static func gtin(_ entity: Int) -> String {
        let digits = "064" + padded(entity, 10)
        return digits + "\(GTIN.checkDigit(of: digits.utf8))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// Random numbers that are the same in every run (Steele, Lea, Flood: SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
