import Document

/// What people do in the systems, at any time: they type what nobody has typed before, and what no system makes of another's text.
final class People {
    private let house: House
    private var random: Randomness { house.scheduler.random }
    private var count = 0
    /// What was typed, by `system/field`, as the system took it: its JSON text.
    private(set) var typed: [String: Set<String>] = [:]

    init(_ house: House) { self.house = house }

    /// Goods in their first packing, in the systems that know them from the beginning.
    func furnish() {
        for gtin in House.gtins {
            house.desk.assort(gtin, random.pick([["till", "shop"], ["till"], ["shop"], []]))
            if random.one(in: 2) { editImporter(gtin) }
            if random.one(in: 2) { editTill(gtin) }
            if random.one(in: 2) { editShop(gtin) }
        }
        house.importer.deliver()
    }

    func act() {
        let gtin = random.pick(House.gtins)
        switch random.below(20) {
        case 0...5: editTill(gtin)
        case 6...9: editShop(gtin)
        case 10...11: editImporter(gtin)
        case 12: house.importer.deliver()
        case 13: withdraw(gtin)
        case 14: deleteAtTill(gtin)
        case 15: deleteAtShop(gtin)
        case 16: house.desk.assort(gtin, random.pick([["till", "shop"], ["till"], ["shop"], []]))
        case 17: away(random.pick([house.till.line, house.shop.line, house.importer.line]))
        default: editTill(gtin)
        }
    }

    private func note(_ system: String, _ field: String, _ value: JSON) -> JSON {
        typed["\(system)/\(field)", default: []].insert(value.text)
        return value
    }

    /// A price that no rounding gives.
    private func price() -> JSON {
        count += 1
        return .number(Number("\(count).\(random.pick(["01", "02", "03", "06", "07", "08"]))")!)
    }

    private func editTill(_ gtin: String) {
        count += 1
        let till = house.till
        let ean = String(gtin.dropFirst())
        let found = till.article(ean: ean)
        var members: [(String, JSON)] = found == nil ? [("ean", .string(ean))] : []
        if found == nil || random.one(in: 2) {
            members.append(("name", note("till", "name", .string("T\(count)"))))
        }
        if found == nil || members.isEmpty || random.one(in: 2) {
            members.append(("sale_price", note("till", "price", random.one(in: 12) ? .null : price())))
        }
        if let found, found.row["active"] != 1 { members.append(("active", 1)) }
        if found == nil { _ = note("till", "currency", "EUR") }
        house.trace("till", "\(ean) \(members)")
        till.change(found?.id, members)
    }

    private func editShop(_ gtin: String) {
        count += 1
        let shop = house.shop
        let found = shop.all.first { $0.row["sku"]?.string == gtin }
        var members: [(String, JSON)] = found == nil ? [("sku", .string(gtin))] : []
        if found == nil || random.one(in: 2) {
            members.append(
                ("name", note("shop", "name", .string("S\(count) whose name is longer than tills can hold"))))
        }
        if random.one(in: 2) {
            members.append(("description", note("shop", "description", .string("D\(count) all about it"))))
        }
        if found == nil || members.isEmpty || random.one(in: 3) {
            let typed = price()
            _ = note("shop", "price", Shop.rounded(typed))
            members.append(("price", typed))
        }
        if found == nil { _ = note("shop", "currency", "EUR") }
        house.trace("shop", "\(gtin) \(members)")
        shop.change(found?.id, members, isSilent: found != nil && random.one(in: 4))
    }

    private func number(_ gtin: String) -> String { "A\(gtin.suffix(4))" }

    private func editImporter(_ gtin: String) {
        count += 1
        house.trace("importer", gtin)
        house.importer.change(
            number(gtin),
            [
                ("EAN", .string(String(gtin.dropFirst()))),
                ("Bezeichnung", note("importer", "name", .string("I\(count) Bezeichnung in voller Länge"))),
                ("UVP", note("importer", "price", price())), ("EK-Preis", note("importer", "costPrice", price())),
            ])
        _ = note("importer", "currency", "EUR")
    }

    private func withdraw(_ gtin: String) {
        guard random.one(in: 2) else { return }
        house.trace("importer", "withdraws \(gtin)")
        house.importer.withdraw(number(gtin))
    }

    private func deleteAtTill(_ gtin: String) {
        guard let found = house.till.article(ean: String(gtin.dropFirst())) else { return }
        house.trace("till", "deletes \(gtin)")
        if random.one(in: 2) { house.till.delete(found.id) } else { house.till.change(found.id, [("active", 0)]) }
    }

    private func deleteAtShop(_ gtin: String) {
        guard let found = house.shop.all.first(where: { $0.row["sku"]?.string == gtin }) else { return }
        house.trace("shop", "deletes \(gtin)")
        house.shop.delete(found.id, isSilent: random.one(in: 2))
    }

    private func away(_ line: SystemLine) { line.goAway(random.pick([500, 5_000, 40_000])) }
}
