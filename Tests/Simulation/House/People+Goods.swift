import Document

// What people do with goods.

extension People {
    func editArticle(_ gtin: String) {
        let ean = String(gtin.dropFirst())
        let found = house.till.find(.article, "ean", .string(ean))
        var members: [(String, JSON)] = found == nil ? [("ean", .string(ean))] : []
        if found == nil || random.one(in: 2) {
            members.append(("name", note("till", "name", .string("T\(another())"))))
        }
        if found == nil || members.isEmpty || random.one(in: 2) {
            members.append(("sale_price", note("till", "price", random.one(in: 12) ? .null : price())))
        }
        if let found, found.row["active"] != 1 { members.append(("active", 1)) }
        if found == nil { _ = note("till", "currency", "EUR") }
        changeTill(.article, found?.id, members)
    }

    func deleteArticle(_ gtin: String) {
        guard mayDelete("till", gtin), let found = house.till.find(.article, "ean", .string(String(gtin.dropFirst())))
        else { return }
        if random.one(in: 2) {
            deleteAtTill(.article, found.id)
        } else {
            changeTill(.article, found.id, [("active", 0)])
        }
    }

    /// Somebody counts what is on the shelf: of an article that may have come into the till this very moment.
    func countArticle(_ gtin: String) {
        if house.till.find(.article, "ean", .string(String(gtin.dropFirst()))) == nil { editArticle(gtin) }
        guard let found = house.till.find(.article, "ean", .string(String(gtin.dropFirst()))) else { return }
        changeTill(
            .count, nil, [("article_id", .number(Number(found.id))), ("quantity", .number(Number(random.below(9))))])
    }

    func editProduct(_ gtin: String) {
        let products = house.shop.products
        let found = products.find(gtin)
        var members: [(String, JSON)] = found == nil ? [("sku", .string(gtin))] : []
        if found == nil || random.one(in: 2) {
            members.append(
                ("name", note("shop", "name", .string("S\(another()) whose name is longer than tills can hold"))))
        }
        if random.one(in: 2) {
            members.append(("description", note("shop", "description", .string("D\(another()) all about it"))))
        }
        if found == nil || members.isEmpty || random.one(in: 3) {
            let typed = price()
            _ = note("shop", "price", Shop.rounded(typed))
            members.append(("price", typed))
        }
        if found == nil { _ = note("shop", "currency", "EUR") }
        house.trace("shop", "\(gtin) \(members)")
        products.change(found?.id, members, isTyped: true, isSilent: found != nil && random.one(in: 4))
    }

    func deleteProduct(_ gtin: String) {
        guard mayDelete("shop", gtin), let found = house.shop.products.find(gtin) else { return }
        house.trace("shop", "deletes \(gtin)")
        house.shop.products.delete(found.id, isSilent: random.one(in: 2))
    }

    private func number(_ gtin: String) -> String { "A\(gtin.suffix(4))" }

    func editImporter(_ gtin: String) {
        house.trace("importer", gtin)
        house.importer.change(
            number(gtin),
            [
                ("EAN", .string(String(gtin.dropFirst()))),
                ("Bezeichnung", note("importer", "name", .string("I\(another()) Bezeichnung in voller Länge"))),
                ("UVP", note("importer", "price", price())), ("EK-Preis", note("importer", "costPrice", price())),
            ])
        _ = note("importer", "currency", "EUR")
    }

    func withdraw(_ gtin: String) {
        guard random.one(in: 2) else { return }
        house.trace("importer", "withdraws \(gtin)")
        house.importer.withdraw(number(gtin))
        withdrawn.insert(gtin)
    }

    func editWholesaler(_ gtin: String) {
        wholesale.insert(gtin)
        _ = note("wholesaler", "currency", "EUR")
        house.trace("wholesaler", gtin)
        house.wholesaler.change(
            "W\(gtin.suffix(4))",
            [
                ("gtin", .string(gtin)),
                ("name", note("wholesaler", "name", .string("W\(another()) as it is on the pallet"))),
                ("price", note("wholesaler", "price", price())),
            ])
    }
}
