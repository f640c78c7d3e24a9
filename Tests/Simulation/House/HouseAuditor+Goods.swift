import Canonical
import Consistency
import Document

// I6, I9: goods in the till and in the shop; and what somebody typed where he has the say isn't lost.

extension HouseAuditor {
    func auditGoods() {
        for gtin in house.gtins {
            let golden = golden("product", gtin)
            var conditions: [String: CopyCondition] = [:]
            if let state = state("product", gtin) {
                auditClaims("product", gtin, ["name", "description", "price", "currency", "costPrice"], state)
                conditions = self.conditions("product", gtin, state)
            }
            for system in house.subscribers["product"] ?? [] where ["till", "shop"].contains(system) {
                let held = system == "till" ? tillCopy(gtin) : shopCopy(gtin)
                auditCopy("\(system)'s \(gtin)", conditions[system], difference(system, held, golden))
            }
            if let golden { auditSays(gtin, golden) }
        }
        auditCounts()
    }

    /// Why a copy isn't the golden record as that system can hold it; nil when it is.
    private func difference(_ system: String, _ held: JSON?, _ golden: JSON?) -> String? {
        guard let golden else { return held.map { "\($0.text), and should hold nothing" } }
        let isAssorted = golden["assortment"]?.array?.contains(.string(system)) ?? false
        guard let held else { return isAssorted ? "nothing, and should hold \(golden.text)" : nil }
        for field in ["name", "price", "currency"] + (system == "shop" ? ["description"] : []) {
            guard let wanted = golden[field] else { continue }
            let projected =
                switch (system, field) {
                case ("till", "name"): StoreTill.kept(.article, "name", wanted)
                case ("shop", "price"): Shop.rounded(wanted)
                default: wanted
                }
            if (held[field] ?? .null) != projected {
                return "\(field) \(held[field]?.text ?? "nothing") instead of \(projected.text)"
            }
        }
        return nil
    }

    private func tillCopy(_ gtin: String) -> JSON? {
        guard let row = house.till.find(.article, "ean", .string(String(gtin.dropFirst())))?.row, row["active"] == 1
        else { return nil }
        return [
            "name": row["name"] ?? .null, "price": row["sale_price"] ?? .null, "currency": row["currency"] ?? .null,
        ]
    }

    private func shopCopy(_ gtin: String) -> JSON? {
        house.shop.products.all.first { $0.row["sku"]?.string == gtin && $0.row["active"] == true }?.row
    }

    // MARK: What was typed

    /// Where one system has the first say, what was typed there last is the golden value, whatever was written there meanwhile.
    ///
    /// Not where a connector was started twice: what a system without a log of changes shows, two processes publish in an order
    /// of their own, and then the later one counts (docs/contracts.md: a connector is one process).
    private func auditSays(_ gtin: String, _ golden: JSON) {
        // With what the importer withdraws goes what everybody said of it.
        guard !house.people.withdrawn.contains(gtin), house.scheduler.trace.counts["connector replaced"] == nil else {
            return
        }
        if !house.shop.products.wasRestored, let found = house.shop.products.find(gtin), found.row["active"] == true {
            let typed = house.shop.products.records[found.id]?.typed ?? [:]
            for field in ["name", "description"] {
                // A null that is said first removes nothing.
                guard let said = typed[field], !said.isNull else { continue }
                verdict.count("says")
                verdict.check(
                    "I2", golden[field] == said,
                    "the shop says \(field) \(said.text) of \(gtin), golden is \(golden[field]?.text ?? "nothing")")
            }
        }
        // Of what was written while a source lagged behind, the hub remembers the last 256 values (Consistency, Shadow).
        let revision = table(names.golden(entity: "product"))[gtin]?.number("ce_revision") ?? 0
        guard revision <= 256, !house.people.wholesale.contains(gtin),
            let article = house.till.find(.article, "ean", .string(String(gtin.dropFirst()))),
            article.row["active"] == 1, let said = house.till.typed["article/\(article.id)"]?["sale_price"],
            !said.isNull
        else { return }
        verdict.count("says")
        verdict.check(
            "I2", (golden["price"] ?? .null) == said,
            "the till says price \(said.text) of \(gtin), golden is \(golden["price"]?.text ?? "nothing")")
    }

    // MARK: Counts

    /// What was counted last in the shop is what is on hand, however long the count waited for its article's number.
    private func auditCounts() {
        guard house.connectors.contains(where: { $0.name == "retailer" }) else { return }
        let published = ids(of: names.input(domain: "stock"))
        let read = house.till.snapshots[.count]?.max() ?? 0
        var last: [String: (number: Int64, quantity: JSON)] = [:]
        var latest: [String: String] = [:]
        for note in house.till.notes {
            // A count from the snapshot has no place in the log: by its stamp it may be the later one, where the till's clock was
            // set back (docs/contracts.md, Stock).
            if note.table == .count, note.number <= read, let at = note.new["counted_at"]?.string,
                let ean = note.new["article_id"]?.integer.flatMap({ house.till.eans[$0] })
            {
                latest["0\(ean)@helsinki-1"] = max(latest["0\(ean)@helsinki-1"] ?? "", at)
            }
            guard note.table == .count, published[Self.event("counts", note)] != nil,
                let article = note.new["article_id"]?.integer, let ean = house.till.eans[article]
            else { continue }
            guard note.new["counted_at"]?.string ?? "" >= latest["0\(ean)@helsinki-1"] ?? "" else {
                last["0\(ean)@helsinki-1"] = nil
                continue
            }
            last["0\(ean)@helsinki-1"] = (note.number, note.new["quantity"] ?? .null)
        }
        for (key, count) in last.sorted(by: { $0.key < $1.key }) {
            let found = golden("stock", key)?["onHand"] ?? .null
            verdict.count("counts")
            verdict.check(
                "I3", found == count.quantity,
                "\(key) has \(found.text) on hand, counted were \(count.quantity.text), in note \(count.number)")
        }
    }
}
