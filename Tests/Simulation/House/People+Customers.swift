import Document

// What customers tell those who serve them: mostly something new, now and then what another record says already.

extension People {
    /// One of a few people who are known in several systems.
    private var person: Int { random.below(4) }

    private func given() -> String { "G\(another())" }
    private func family() -> String { "F\(another())" }

    /// An address of one of the few, or a new one.
    private func email() -> JSON {
        random.one(in: 2) ? .string("new\(another())@example.com") : .string("p\(person)@example.com")
    }

    private func phone() -> JSON { .string("+3585011\(10_000 + another())") }

    private func loyalty() -> JSON { .string("L-\(1_000 + another())") }

    private func city() -> JSON { .string("City \(another())") }

    /// Something of what a system keeps of a customer, which isn't what it holds already.
    private func some(
        _ possible: [(name: String, field: String, value: () -> JSON)], of system: String, holding row: JSON?
    ) -> [(String, JSON)] {
        // Who is known keeps the address: links that come and go all the time are the hub's own tests' matter.
        let open = row == nil ? possible : possible.filter { $0.field != "email" }
        let chosen = random.shuffled(open).prefix(random.within(1...(row == nil ? open.count : 2)))
        return chosen.compactMap { name, field, value in
            let new = row != nil && random.one(in: 12) ? .null : value()
            guard row?[name] != new else { return nil }
            return (name, note(system, field, new))
        }
    }

    // MARK: The till

    func editCustomer() {
        let known = house.till.all(.customer)
        let found = known.isEmpty || (known.count < 4 && random.one(in: 4)) ? nil : random.pick(known)
        var members = some(
            [
                ("email", "email", email), ("phone", "phone", phone), ("loyalty_no", "loyalty", loyalty),
                ("city", "city", city),
            ], of: "till", holding: found?.row)
        if found == nil || members.isEmpty || random.one(in: 4) {
            let (family, given) = (family(), given())
            _ = note("till", "familyName", .string(family))
            _ = note("till", "givenName", .string(given))
            members.append(("name", .string("\(family) \(given)")))
        }
        changeTill(.customer, found?.id, members)
    }

    func deleteCustomer() {
        guard let found = house.till.all(.customer).randomElement(random) else { return }
        deleteAtTill(.customer, found.id)
    }

    // MARK: The shop

    func editAccount() {
        let accounts = house.shop.customers
        let known = accounts.all
        let found = known.isEmpty || (known.count < 4 && random.one(in: 4)) ? nil : random.pick(known)
        var members = some(
            [
                ("email", "email", email), ("phone", "phone", phone),
                ("first_name", "givenName", { [self] in .string(given()) }),
                ("last_name", "familyName", { [self] in .string(family()) }),
                ("address", "address", { [self] in ["city": city()] }),
            ], of: "shop", holding: found?.row)
        if found == nil, !members.contains(where: { $0.0 == "email" }) {
            members.append(("email", note("shop", "email", email())))
        }
        // An e-mail address has one account.
        members.removeAll { name, value in
            name == "email" && known.contains { $0.id != found?.id && $0.row["email"] == value }
        }
        guard !members.isEmpty else { return }
        house.trace("shop", "account \(found.map { "\($0.id)" } ?? "new"): \(members)")
        accounts.change(found?.id, members, isTyped: true, isSilent: found != nil && random.one(in: 4))
    }

    func deleteAccount() {
        guard let found = house.shop.customers.all.randomElement(random) else { return }
        house.trace("shop", "deletes account \(found.id)")
        house.shop.customers.delete(found.id, isSilent: true)
    }

    // MARK: The CRM

    func editContact() {
        let known = house.crm.all
        let found = known.isEmpty || (known.count < 4 && random.one(in: 4)) ? nil : random.pick(known)
        let members = some(
            [
                ("email", "email", email), ("phone", "phone", phone), ("loyaltyNumber", "loyalty", loyalty),
                ("firstName", "givenName", { [self] in .string(given()) }),
                ("lastName", "familyName", { [self] in .string(family()) }),
                ("address", "address", { [self] in ["city": city()] }),
            ], of: "crm", holding: found?.row)
        guard !members.isEmpty else { return }
        house.trace("crm", "\(found?.id ?? "new"): \(members)")
        house.crm.change(found.flatMap { CRM.number($0.id) }, members, isTyped: true)
    }

    /// Leaves no trace.
    func deleteContact() {
        guard let found = house.crm.all.randomElement(random), let number = CRM.number(found.id) else { return }
        house.trace("crm", "deletes \(found.id)")
        house.crm.delete(number)
    }
}
