import Demo
import Digests
import Document
import Kafka
import Logging
import Transports

/// Everybody who changes something, all at once.
struct Workload: Sendable {
    let systems: Systems
    let day: FirstDay
    let journal: Journal
    let cast: Cast

    /// Begins to work.
    func start(seed: UInt64) throws -> [Worker] {
        let prices = Monitor(0)
        return [
            try Worker("till", seed: seed, pause: 20...80) { try till(&$0, prices) },
            try Worker("shop", seed: seed, pause: 60...250) { try shop(&$0) },
            try Worker("crm", seed: seed, pause: 60...250) { try crm(&$0) },
            try Worker("importer", seed: seed, pause: 2_000...6_000) { try importer(&$0) },
            try Worker("wholesaler", seed: seed, pause: 2_000...6_000) { try wholesaler(&$0) },
            try claims("claims-1", seed: seed), try claims("claims-2", seed: seed),
            try nonsense(seed: seed),
        ]
    }

    // MARK: The till

    private func till(_ random: inout Seeded, _ prices: Monitor<Int>) throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            let article = day.articles.randomElement(using: &random)!
            // No price is given twice: an event tells which change it is.
            let number = prices.withLock { number in
                number += 1
                return number
            }
            let price = "\(100 + number / 10).\(number % 10)1"
            journal.change("till", article.gtin, "price", to: price) {
                try systems.till.changePrice(of: article.ean, to: price)
                return true
            }
        case 3...6:
            let article = day.articles(.sold, .mixed).randomElement(using: &random)!
            if random.once(in: 8) {
                try systems.till.takeBack(article.ean, quantity: 1)
            } else {
                try systems.till.sell(article.ean, quantity: Int.random(in: 1...2, using: &random))
            }
        case 7:
            guard let hold = try systems.till.holds().filter({ $0.state == "confirmed" }).randomElement(using: &random)
            else { return }
            try systems.till.sell(hold.ean, quantity: hold.quantity, hold: hold.id)
        case 8:
            let article = day.articles(.sold).randomElement(using: &random)!
            if random.once(in: 3) {
                try systems.till.count(article.ean, quantity: Int.random(in: 200...900, using: &random))
            }
        default:
            let person = day.people.filter { $0.editor == "till" }.randomElement(using: &random)!
            let street = "Katu \(Int.random(in: 1...999_999_999, using: &random))"
            journal.change("till", person.mark, "street", to: street) {
                try systems.till.editAddress(of: person.till, street: street, zip: "00100", city: "Helsinki")
                return true
            }
        }
    }

    // MARK: The shop and the CRM

    private func shop(_ random: inout Seeded) throws {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let article = day.articles.randomElement(using: &random)!
            let name = "Seat \(Int.random(in: 1...999_999_999, using: &random))"
            journal.change("shop", article.gtin, "name", to: name) {
                try put("/api/products/\(article.shop ?? 0)", ["name": .string(name)])
            }
        case 1:
            let person = day.people.filter { $0.editor == "shop" }.randomElement(using: &random)!
            let street = "Gata \(Int.random(in: 1...999_999_999, using: &random))"
            journal.change("shop", person.mark, "street", to: street) {
                try put(
                    "/api/customers/\(person.shop)", ["address": ["street": .string(street), "city": "Turku"]])
            }
        default: try checkout(&random)
        }
    }

    private func put(_ path: String, _ body: JSON) throws -> Bool {
        let answer = try systems.shop.send(.put, path, body)
        if answer.status >= 500 { throw ChaosFailure("\(answer.status)") }
        return answer.status < 300
    }

    /// An order of one or two articles: its lines are requests to hold.
    private func checkout(_ random: inout Seeded) throws {
        let lines = (0..<(random.once(in: 3) ? 2 : 1)).map { _ in
            day.articles(.scarce, .mixed).randomElement(using: &random)!
        }
        let made = try systems.shop.call(
            .post, "/api/checkout",
            [
                "delivery": "pickup",
                "lines": .array(
                    lines.map {
                        ["product_id": .number(Number($0.shop ?? 0)), "quantity": 1, "place": .string(Place.store)]
                    }),
            ])
        journal.note("order \(made["id"]?.text ?? "")") { state in
            for line in made["lines"]?.array ?? [] {
                let id = line["reservation"]?.string ?? ""
                state.requests[id] = Journal.Request(
                    id: id, key: "\(line["sku"]?.string ?? "")@\(line["place"]?.string ?? "")",
                    quantity: line["quantity"]?.integer ?? 0, by: "shop", isPromised: true)
            }
        }
    }

    private func crm(_ random: inout Seeded) throws {
        let person = day.people.filter { $0.editor == "crm" }.randomElement(using: &random)!
        let street = "Väg \(Int.random(in: 1...999_999_999, using: &random))"
        journal.change("crm", person.mark, "street", to: street) {
            let answer = try systems.crm.send(
                .patch, "/contacts/\(person.crm)", ["address": ["street": .string(street)]])
            if answer.status >= 500 { throw ChaosFailure("\(answer.status)") }
            return answer.status < 300
        }
    }

    // MARK: Files

    private func importer(_ random: inout Seeded) throws {
        let changed = day.articles.shuffled(using: &random).prefix(3).map { article in
            (article, Int.random(in: 1...90_000, using: &random))
        }
        for (article, number) in changed {
            try systems.importer.changeCost(of: article.ean, to: "\(number / 100).\(number / 10 % 10)\(number % 10)")
            try systems.importer.changeStock(of: article.ean, to: number % 500)
        }
        let file = try systems.importer.deliver()
        journal.note("file \(file)") { state in
            // The first day's list has three rows that can't be used.
            state.deliveries.append(
                .init(source: "importer", file: file, good: Assortment.all.count + day.articles.count, bad: 3))
            for (article, number) in changed {
                let cost = "\(number / 100).\(number / 10 % 10)\(number % 10)"
                state.add("importer", article.gtin, "costPrice", cost)
                state.add("importer", "\(article.gtin)@\(Place.importer)", "onHand", "\(number % 500)")
            }
        }
    }

    private func wholesaler(_ random: inout Seeded) throws {
        let carried = Assortment.all.filter { $0.atWholesaler != nil }
        let article = carried.randomElement(using: &random)!
        let pieces = Int.random(in: 0...500, using: &random)
        try systems.wholesaler.changeStock(of: article.ean, to: pieces)
        let report = try systems.wholesaler.deliverStock()
        // What no till has, the wholesaler prices alone.
        let alone = carried.filter { $0.inStore == nil }.randomElement(using: &random)!
        let price = "\(Int.random(in: 10...900, using: &random)).50"
        try systems.wholesaler.changePrice(of: alone.ean, to: price)
        let list = try systems.wholesaler.deliverArticles()
        journal.note("files \(report), \(list)") { state in
            state.deliveries.append(.init(source: "wholesaler-stock", file: report, good: carried.count, bad: 0))
            state.deliveries.append(.init(source: "wholesaler", file: list, good: carried.count, bad: 0))
            state.add(
                "wholesaler", "\(EAN.gtin14(article.ean))@\(Place.wholesaler)", "onHand", String(pieces))
            state.add("wholesaler", EAN.gtin14(alone.ean), "price", price)
        }
    }
}

extension Journal.State {
    /// A change that is made for certain.
    fileprivate mutating func add(_ system: String, _ subject: String, _ field: String, _ value: String) {
        changes.append(
            Journal.Change(
                number: changes.count, system: system, subject: subject, field: field, value: value,
                outcome: .accepted))
    }
}
