import Canonical
import Consistency
import Document

// I6, I9 and identity: who says the same is the same, everybody is somebody, and the CRM has everybody.

extension HouseAuditor {
    /// One record of a customer in a system.
    private struct Copy {
        let system: String
        let id: String
        /// What it holds, by the golden record's fields; a city within an address as `city`.
        let held: [String: JSON]
        /// What was typed there and is believed to be its own say, by matching field.
        let said: [String: JSON]

        var name: String { "\(system):\(id)" }
    }

    func auditCustomers() {
        let copies = tillCustomers + shopCustomers + contacts
        let golden = table(names.golden(entity: "customer")).filter {
            $0.value.header("ce_type") == "omni.customer.golden"
        }
        var keys: [String: String] = [:]
        for copy in copies {
            guard let key = owner("customer", copy.system, copy.id) else {
                verdict.add("I9", "nobody knows who \(copy.name) is: \(copy.held)")
                continue
            }
            keys[copy.name] = key
            verdict.check("I9", golden[key] != nil, "\(copy.name) is \(key), of whom nothing is known")
        }
        auditLinks(copies, keys)
        for (key, record) in golden.sorted(by: { $0.key < $1.key }) {
            guard let document = record.json else { continue }
            audit(key, document, copies.filter { keys[$0.name] == key })
        }
    }

    /// Who says the same is the same.
    private func auditLinks(_ copies: [Copy], _ keys: [String: String]) {
        for field in ["email", "phone", "loyalty"] {
            var first: [String: Copy] = [:]
            for copy in copies {
                guard let value = copy.said[field]?.string, let key = keys[copy.name] else { continue }
                guard let other = first[value] else {
                    first[value] = copy
                    continue
                }
                verdict.count("links")
                verdict.check(
                    "I3", keys[other.name] == key,
                    "\(other.name) and \(copy.name) both say \(field) \(value), and are \(keys[other.name] ?? "") and \(key)"
                )
            }
        }
    }

    private func audit(_ key: String, _ golden: JSON, _ copies: [Copy]) {
        verdict.count("customers")
        var conditions: [String: CopyCondition] = [:]
        if let state = state("customer", "golden:\(key)") {
            auditClaims("customer", key, ["givenName", "familyName", "email", "phone", "loyalty"], state)
            conditions = self.conditions("customer", key, state)
        } else {
            verdict.add("I4", "there is no state of customer \(key)")
        }
        for copy in copies {
            let condition = conditions[copy.name] ?? conditions[copy.system]
            auditCopy("\(copy.name) (\(key))", condition, difference(copy, golden))
        }
        for condition in conditions.values.sorted(by: { $0.system < $1.system }) {
            guard !copies.contains(where: { $0.name == condition.system || $0.system == condition.system }) else {
                continue
            }
            // Who isn't there: the CRM ought to have everybody.
            let isMissed = condition.system == "crm" || condition.system.hasPrefix("crm:")
            auditCopy(
                "\(condition.system) of \(key)", condition, isMissed ? "nothing, and should hold \(golden.text)" : nil)
        }
        if !copies.contains(where: { $0.system == "crm" }), !conditions.keys.contains(where: { $0.hasPrefix("crm") }) {
            verdict.add("I9", "the CRM doesn't have \(key), and nobody misses it there")
        }
    }

    /// Why a copy isn't the golden record as that system can hold it; nil when it is.
    private func difference(_ copy: Copy, _ golden: JSON) -> String? {
        for (field, held) in copy.held.sorted(by: { $0.key < $1.key }) {
            let wanted: JSON?
            switch field {
            case "name":
                let names = [golden["familyName"], golden["givenName"]]
                wanted =
                    names.contains { $0?.string != nil }
                    ? .string(names.compactMap { $0?.string }.joined(separator: " ")) : nil
            case "city":
                let city = golden["address"] == .null ? .null : golden["address"]?["addressLocality"]
                wanted = copy.system == "crm" ? city?.string.map { .string($0.uppercased()) } ?? city : city
            default: wanted = golden[field]
            }
            guard let wanted, wanted != held else { continue }
            return "\(field) \(held.text) instead of \(wanted.text)"
        }
        return nil
    }

    // MARK: The systems' records

    private var tillCustomers: [Copy] {
        guard house.connectors.contains(where: { $0.name == "retailer" }) else { return [] }
        return house.till.all(.customer).map { id, row in
            let typed = house.till.typed["customer/\(id)"] ?? [:]
            return Copy(
                system: "till", id: String(id),
                held: [
                    "name": row["name"] ?? .null, "email": row["email"] ?? .null, "phone": row["phone"] ?? .null,
                    "loyalty": row["loyalty_no"] ?? .null, "city": row["city"] ?? .null,
                ],
                said: ["email": typed["email"], "phone": typed["phone"], "loyalty": typed["loyalty_no"]]
                    .compactMapValues(\.self))
        }
    }

    private var shopCustomers: [Copy] {
        guard house.connectors.contains(where: { $0.name == "ecommerce" }) else { return [] }
        return house.shop.customers.all.map { id, row in
            let typed = wasRestored("shop", "customer") ? [:] : house.shop.customers.records[id]?.typed ?? [:]
            return Copy(
                system: "shop", id: String(id),
                held: [
                    "givenName": row["first_name"] ?? .null, "familyName": row["last_name"] ?? .null,
                    "email": row["email"] ?? .null, "phone": row["phone"] ?? .null,
                    "city": row["address"]?["city"] ?? .null,
                ], said: ["email": typed["email"], "phone": typed["phone"]].compactMapValues(\.self))
        }
    }

    private var contacts: [Copy] {
        house.crm.all.map { id, row in
            let typed = CRM.number(id).flatMap { house.crm.contacts[$0]?.typed } ?? [:]
            // It takes writes unconditionally: what was typed may have been overwritten before anybody saw it.
            let said = wasRestored("crm", "customer") ? [:] : typed.filter { row[$0.key] == $0.value }
            return Copy(
                system: "crm", id: id,
                held: [
                    "givenName": row["firstName"] ?? .null, "familyName": row["lastName"] ?? .null,
                    "email": row["email"] ?? .null, "phone": row["phone"] ?? .null,
                    "loyalty": row["loyaltyNumber"] ?? .null, "city": row["address"]?["city"] ?? .null,
                ],
                said: ["email": said["email"], "phone": said["phone"], "loyalty": said["loyaltyNumber"]]
                    .compactMapValues(\.self))
        }
    }
}
