import Canonical
import Document
import Kafka

// I5: at no moment more is promised than is there; every request has one decision. I3: on hand is what was counted and moved.

extension Auditor {
    mutating func auditStock() {
        auditOnHand()
        auditPromises()
        auditRequests()
    }

    /// What the events say, in the order in which they came.
    private mutating func auditOnHand() {
        var stocks: [String: NaiveStock] = [:]
        for record in committed(names.input(domain: "stock")) {
            guard let data = record.json else { continue }
            stocks[record.keyText, default: NaiveStock()].take(
                record.header("ce_type") ?? "", id: record.header("ce_id") ?? "",
                position: record.number("ce_position"), data)
        }
        let golden = table(names.golden(entity: "stock"))
        let decided = table(names.golden(entity: "reservation"))
        for (key, stock) in stocks.sorted(by: { $0.key < $1.key }) {
            let found = golden[key]?.json?["onHand"] ?? .null
            verdict.count("positions")
            verdict.check(
                "I3", found == (stock.onHand.map { .number(Number($0)) } ?? .null),
                "\(key) has \(found.text) on hand, not \(stock.onHand.map(String.init) ?? "null")")
            // Which holds expire is the clock's to say, and so what is left for the next ones.
            guard !world.shoppers.areHasty else { continue }
            for hold in stock.holds where hold.state != "given up" {
                let state = decided[hold.id]?.json?["state"]?.string
                verdict.count("decisions")
                verdict.check(
                    "I5", state == hold.state, "\(key): reservation \(hold.id) is \(state ?? "open"), not \(hold.state)"
                )
            }
        }
    }

    /// Transaction by transaction, as readers see them.
    private mutating func auditPromises() {
        var positions: [String: JSON] = [:]
        var reservations: [String: [String: JSON]] = [:]
        for transaction in broker.transactions.decided {
            var touched: Set<String> = []
            var granted: [String: Bool] = [:]
            for record in transaction.goldenRecords(names) {
                guard let document = record.json else { continue }
                guard record.place.topic == names.golden(entity: "reservation") else {
                    positions[record.keyText] = document
                    touched.insert(record.keyText)
                    continue
                }
                let key = "\(document["product"]?.string ?? "")@\(document["place"]?.string ?? "")"
                let before = reservations[key]?[record.keyText]
                auditStep(record, before, document)
                if before == nil, document["state"] == "confirmed" { granted[key] = true }
                reservations[key, default: [:]][record.keyText] = document
                touched.insert(key)
            }
            for key in touched.sorted() {
                auditPosition(key, positions[key], Array((reservations[key] ?? [:]).values), granted[key] ?? false)
            }
        }
    }

    private mutating func auditPosition(
        _ key: String, _ position: JSON?, _ reservations: [JSON], _ hasGranted: Bool
    ) {
        let active = reservations.filter { ["confirmed", "short"].contains($0["state"]?.string) }
        guard let position else {
            return verdict.check("I5", active.isEmpty, "\(key) has reservations, and no position")
        }
        let onHand = position["onHand"]?.integer ?? 0
        let reserved = position["reserved"]?.integer ?? 0
        let short = position["short"]?.integer ?? 0
        let promised = active.reduce(0) { $0 + ($1["quantity"]?.integer ?? 0) }
        let named = active.reduce(0) { $0 + ($1["short"]?.integer ?? 0) }
        verdict.check("I5", reserved <= promised, "\(key): \(reserved) reserved, \(promised) promised")
        verdict.check("I5", short == named, "\(key): \(short) short, the reservations name \(named)")
        verdict.check(
            "I5", reserved - short <= max(0, onHand), "\(key): \(reserved) less \(short) reserved of \(onHand)")
        verdict.check(
            "I5", position["available"]?.integer == max(0, onHand - reserved), "\(key): available is \(position.text)")
        if hasGranted { verdict.count("granted") }
    }

    /// What may become of a reservation.
    private mutating func auditStep(_ record: MadeRecord, _ before: JSON?, _ after: JSON) {
        let steps: [String: Set<String>] = [
            "": ["confirmed", "refused"], "refused": ["refused"],
            "confirmed": ["confirmed", "fulfilled", "released", "expired", "short"],
            "short": ["short", "confirmed", "fulfilled", "released", "expired"], "fulfilled": ["fulfilled"],
            "released": ["released"], "expired": ["expired"],
        ]
        let (from, to) = (before?["state"]?.string ?? "", after["state"]?.string ?? "?")
        verdict.check(
            "I5", steps[from]?.contains(to) ?? false,
            "\(record.place): reservation \(record.keyText) goes from '\(from)' to '\(to)'")
    }

    private mutating func auditRequests() {
        let decided = table(names.golden(entity: "reservation"))
        var requested: Set<String> = []
        for record in committed(names.input(domain: "stock")) where record.header("ce_type") == "omni.hold.requested" {
            requested.insert(record.json?["reservation"]?.string ?? "")
        }
        for id in requested.sorted() where decided[id] == nil { verdict.add("I5", "the request \(id) has no decision") }
        verdict.count("requests", requested.count)
    }
}

extension DecidedTransaction {
    /// Its golden records, in an order in which they can be told to have been written: a partition's own.
    func goldenRecords(_ names: TopicNames) -> [MadeRecord] {
        records.filter {
            [names.golden(entity: "stock"), names.golden(entity: "reservation")].contains($0.log.place.topic)
        }
        .sorted { $0.log.place < $1.log.place }
        .flatMap { log, offsets in offsets.compactMap { log.history[Int($0)].record } }
    }
}
