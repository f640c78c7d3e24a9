import Demo
import Document

/// Checks a run when it has come to rest: what was done to the systems, what the topics hold, and what the systems hold
/// now. It shares no code with the hub, and asks it nothing.
struct Auditor {
    let topics: Topics
    let journal: Journal.State
    let day: FirstDay
    let systems: Systems
    let audience: Audience
    let till: [TillWitness.Entry]

    /// Everything that is claimed.
    func checks() throws -> [Check] {
        [
            lastValues(), tillChanges(), movements(), files(), nonsense(), deadLetters(), try parked(), revisions(),
            ledger(), decisions(), promises(), prefixes(), try twins(),
        ] + (try copies())
    }

    // MARK: Nothing lost, nothing twice

    /// Each field that one system alone changes holds that system's last accepted value. A change whose answer got lost
    /// may have been made, or not.
    private func lastValues() -> Check {
        var check = Check("every last accepted change is in the golden record")
        var bySubject: [String: [Journal.Change]] = [:]
        for change in journal.changes where change.outcome != .refused {
            bySubject["\(change.subject) \(change.field)", default: []].append(change)
        }
        let golden = goldenValues()
        for (name, changes) in bySubject {
            let lastAccepted = changes.lastIndex { $0.outcome == .accepted }
            guard let last = lastAccepted else { continue }
            let allowed = changes[last...].map(\.value)
            let held = golden[name]
            check.looked += 1
            if let held, allowed.contains(where: { Self.isSame($0, held) }) { continue }
            check.lost.append(
                "\(name) of \(changes[last].system): holds \(held ?? "nothing"), should hold \(allowed.joined(separator: " or "))"
            )
        }
        return check
    }

    /// Texts, or numbers by value.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        guard let one = Number(one), let other = Number(other) else { return false }
        return one == other
    }

    /// `subject field` → value, as the topics' last records have it.
    private func goldenValues() -> [String: String] {
        var values: [String: String] = [:]
        for (key, seen) in topics.latest("product") {
            for field in ["price", "name", "costPrice"] { values["\(key) \(field)"] = seen.value?[field]?.held }
        }
        for (key, seen) in topics.latest("stock") { values["\(key) onHand"] = seen.value?["onHand"]?.held }
        let people = Dictionary(uniqueKeysWithValues: day.people.map { ("crm:\($0.crm)", $0.mark) })
        for seen in topics.latest("customer").values {
            for member in seen.value?["members"]?.array ?? [] {
                let name = "\(member["system"]?.string ?? ""):\(member["id"]?.held ?? "")"
                guard let mark = people[name] else { continue }
                values["\(mark) street"] = seen.value?["address"]?["streetAddress"]?.held
            }
        }
        return values
    }

    /// Each price that the till accepted is one event, as each is given once only.
    private func tillChanges() -> Check {
        var check = Check("every price that the till accepted is one event")
        var found: [String: Set<String>] = [:]
        for seen in topics["in.product"] where seen.source == "/till/articles" && seen.type == "omni.product.stated" {
            guard let price = seen.value?["price"]?.held, let number = Number(price) else { continue }
            found["\(seen.key) \(number)", default: []].insert(seen.id)
        }
        for change in journal.changes
        where change.system == "till" && change.field == "price" && change.outcome == .accepted {
            guard let number = Number(change.value) else { continue }
            check.count(
                "\(change.subject) price \(change.value)", expected: 1,
                found: found["\(change.subject) \(number)"]?.count ?? 0)
        }
        return check
    }

    /// Each sale and return at the till is one movement event, told by when it was and how much.
    private func movements() -> Check {
        var check = Check("every sale and return is one movement")
        func name(_ key: String, _ quantity: String, _ at: String) -> String { "\(key) \(quantity) at \(at)" }
        var ids: [String: Set<String>] = [:]
        for seen in topics["in.stock"] where seen.type == "omni.movement.stated" {
            var at = String((seen.headers["ce_time"] ?? "").prefix { $0 != "Z" }).replacing("T", with: " ")
            // A whole second is written without a fraction.
            if !at.contains(".") { at += ".000" }
            ids[name(seen.key, seen.value?["quantity"]?.held ?? "", at), default: []].insert(seen.id)
        }
        var expected: [String: Int] = [:]
        for entry in till where entry.kind == .sale {
            expected[name(entry.key, "\(-entry.quantity)", entry.at), default: 0] += 1
        }
        for (what, count) in expected { check.count(what, expected: count, found: ids[what]?.count ?? 0) }
        for (what, found) in ids where expected[what] == nil { check.count(what, expected: 0, found: found.count) }
        return check
    }

    /// Each row of each file is one event of each kind that it gives, or one dead letter.
    private func files() -> Check {
        var check = Check("every row of every file is its events or a dead letter")
        func events(_ topic: String, _ source: String, _ type: String) -> Int {
            Set(topics[topic].filter { $0.source == source && $0.type == type }.map(\.id)).count
        }
        func rows(_ source: String, _ path: KeyPath<Journal.Delivery, Int>) -> Int {
            journal.deliveries.filter { $0.source == source }.reduce(0) { $0 + $1[keyPath: path] }
        }
        check.count(
            "importer: products", expected: rows("importer", \.good),
            found: events("in.product", "/importer/prices", "omni.product.stated"))
        check.count(
            "importer: counts", expected: rows("importer", \.good),
            found: events("in.stock", "/importer/prices", "omni.count.stated"))
        check.count(
            "importer: dead letters", expected: rows("importer", \.bad),
            found: Set(topics["dead.importer"].map(\.key)).count)
        check.count(
            "wholesaler: articles", expected: rows("wholesaler", \.good),
            found: events("in.product", "/wholesaler/articles", "omni.product.stated"))
        check.count(
            "wholesaler: counts", expected: rows("wholesaler-stock", \.good),
            found: events("in.stock", "/wholesaler/stock", "omni.count.stated"))
        return check
    }

    /// A record that nobody can use is one dead letter: the hub decided it once.
    private func nonsense() -> Check {
        var check = Check("every record that means nothing is one dead letter of the hub")
        var letters: [String: Int] = [:]
        for seen in topics["dead.hub"] { letters[seen.id, default: 0] += 1 }
        for id in journal.nonsense { check.count("record \(id)", expected: 1, found: letters[id] ?? 0) }
        return check
    }

    /// No other dead letters.
    private func deadLetters() -> Check {
        var check = Check("nothing else is a dead letter")
        for name in topics.names(from: "dead.") where name != "dead.importer" {
            for seen in topics[name] {
                check.look(
                    name == "dead.hub" && seen.type == "omni.nonsense.stated",
                    "\(name)\(seen.place): \(seen.headers["omni_reason"] ?? "without a reason")")
            }
        }
        return check
    }

    /// Nothing waits but the availability of what the shop has never heard of.
    private func parked() throws -> Check {
        var check = Check("nothing is parked that needn't be")
        let shop = Set(try systems.views.first { $0.system == "shop" }?.rows(of: "product").map(\.key) ?? [])
        for name in topics.names(from: "parked.") {
            let left = topics.latest(name)
            check.looked += Set(topics[name].map(\.key)).count
            for (key, seen) in left {
                let gtin = String(key.split(separator: "/").last?.prefix { $0 != "@" } ?? "")
                if key.hasPrefix("sink:availability/stock/"), !shop.contains(gtin) { continue }
                check.wrong.append("\(name) \(key): \(seen.value?["reason"]?.string ?? "")")
            }
        }
        // A run may park nothing at all.
        check.looked += 1
        return check
    }

    /// Revisions of a key rise: one that comes twice is a decision that was made twice.
    private func revisions() -> Check {
        var check = Check("each golden record's revisions rise, each once")
        for entity in ["product", "stock", "customer", "reservation"] {
            var last: [String: Topics.Seen] = [:]
            for seen in topics[entity] where seen.value != nil {
                check.looked += 1
                let before = last.updateValue(seen, forKey: seen.key)
                guard let before, seen.revision <= before.revision else { continue }
                // A request that is repeated is answered again with what became of it.
                if entity == "reservation", seen.revision == before.revision, seen.value == before.value { continue }
                check.twice.append(
                    "\(entity) \(seen.key) \(seen.place): \(seen.revision) after \(before.revision)")
            }
        }
        return check
    }
}
