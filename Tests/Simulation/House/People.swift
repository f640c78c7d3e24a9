import Document

/// What people do in the systems, at any time: they type what nobody has typed before, and what no system makes of another's text.
final class People {
    unowned let house: House
    /// The systems that there are.
    private let systems: Set<String>
    var random: Randomness { house.scheduler.random }
    private var count = 0
    /// What was typed, by `system/field`, as the system took it: its JSON text.
    private(set) var typed: [String: Set<String>] = [:]
    /// Goods that the importer has withdrawn at some time: with them goes what everybody said of them.
    var withdrawn: Set<String> = []
    /// Goods that the wholesaler has a price for.
    var wholesale: Set<String> = []
    /// How often goods were deleted in a system.
    private var deletions: [String: Int] = [:]
    /// Everything that can be done in this house, as often as it stands here.
    private var deeds: [() -> Void] = []

    init(_ house: House, _ systems: [String]) {
        self.house = house
        self.systems = Set(systems)
        // What the systems fill in by themselves, in records that sinks create too: their own say, where nobody else gave it.
        typed = ["till/currency": ["\"EUR\""], "shop/currency": ["\"EUR\""]]
        gatherDeeds()
    }

    private func gatherDeeds() {
        func may(_ system: String, _ times: Int, _ deed: @escaping (People) -> Void) {
            guard systems.contains(system) else { return }
            for _ in 0..<times { deeds.append { [unowned self] in deed(self) } }
        }
        if house.trade != .people {
            may("till", 8) { $0.editArticle($0.gtin) }
            may("till", 1) { $0.deleteArticle($0.gtin) }
            // Two processes of one connector overwrite each other's parked counts, which is not mended.
            if house.isRough || !house.weather.bringsZombies { may("till", 2) { $0.countArticle($0.gtin) } }
            may("shop", 4) { $0.editProduct($0.gtin) }
            may("shop", 1) { $0.deleteProduct($0.gtin) }
            may("importer", 2) { $0.editImporter($0.gtin) }
            may("importer", 1) { $0.house.importer.deliver() }
            may("importer", 1) { $0.withdraw($0.gtin) }
            may("wholesaler", 1) { $0.editWholesaler($0.gtin) }
            may("wholesaler", 1) { $0.house.wholesaler.deliver() }
            deeds.append { [unowned self] in assort(gtin) }
        }
        if house.trade != .goods {
            may("till", 4) { $0.editCustomer() }
            may("till", 1) { $0.deleteCustomer() }
            may("shop", 4) { $0.editAccount() }
            may("shop", 1) { $0.deleteAccount() }
            may("crm", 4) { $0.editContact() }
            may("crm", 1) { $0.deleteContact() }
        }
    }

    /// Goods in their first packing, and customers, in the systems that know them from the beginning.
    func furnish() {
        if house.trade != .people {
            for gtin in house.gtins {
                assort(gtin)
                if has("importer"), random.one(in: 2) { editImporter(gtin) }
                if has("till"), random.one(in: 2) { editArticle(gtin) }
                if has("shop"), random.one(in: 2) { editProduct(gtin) }
            }
            house.importer.deliver()
        }
        if house.trade != .goods {
            for _ in 0..<3 {
                if has("crm"), random.one(in: 2) { editContact() }
                if has("till"), random.one(in: 2) { editCustomer() }
                if has("shop"), random.one(in: 2) { editAccount() }
            }
        }
    }

    func act() { random.pick(deeds)() }

    private func has(_ system: String) -> Bool { systems.contains(system) }

    private var gtin: String { random.pick(house.gtins) }

    private func assort(_ gtin: String) {
        house.desk.assort(gtin, random.pick([["till", "shop"], ["till"], ["shop"], []]))
    }

    /// Whether something may be deleted once more: what is deleted again and again is left alone by the hub in the end, and listed as
    /// missing.
    func mayDelete(_ system: String, _ key: String) -> Bool {
        deletions["\(system)/\(key)", default: 0] += 1
        return deletions["\(system)/\(key)"]! <= 3
    }

    /// A number that nobody has used.
    func another() -> Int {
        count += 1
        return count
    }

    /// Notes what is typed.
    func note(_ system: String, _ field: String, _ value: JSON) -> JSON {
        typed["\(system)/\(field)", default: []].insert(value.text)
        return value
    }

    /// A price that no rounding gives.
    func price() -> JSON {
        .number(Number("\(another()).\(random.pick(["01", "02", "03", "06", "07", "08"]))")!)
    }

    /// Changes a row of the till.
    func changeTill(_ table: StoreTill.Table, _ id: Int?, _ members: [(String, JSON)]) {
        house.trace("till", "\(table.rawValue) \(id.map(String.init) ?? "new"): \(members)")
        house.till.change(table, id, members, isTyped: true)
    }

    func deleteAtTill(_ table: StoreTill.Table, _ id: Int) {
        house.trace("till", "deletes \(table.rawValue) \(id)")
        house.till.delete(table, id)
    }
}
