import Transports

/// Five systems that never met come to agree: the importer and the wholesaler deliver, the others are read.
struct DayOne: Story {
    let name = "day-one"
    let title = "Day one: five systems that never met"

    func play(_ scene: Scene) throws {
        let start = ContinuousClock.now
        try scene.systems.importer.deliver()
        try scene.systems.wholesaler.deliverArticles()
        try scene.systems.wholesaler.deliverStock()
        scene.screen.event(.zero, "importer", "drops its price list: 19 rows, three of them wrong, Windows-1252")
        scene.screen.event(.zero, "wholesaler", "drops its articles as CSV and its stock as EDIFACT")
        try counts(scene, since: start)
        var waiting = scene.systems.views.map(\.system)
        try scene.patience.wait(for: "every copy to agree", within: .seconds(90), every: .milliseconds(60)) {
            let verdict = try scene.verdict()
            for system in waiting where verdict.copies(in: system).allSatisfy(\.findings.isEmpty) {
                scene.screen.event(ContinuousClock.now - start, system, Self.summary(of: system, verdict))
                waiting.removeAll { $0 == system }
            }
            return verdict.isConsistent
                ? .there(()) : .notYet("\(verdict.differences) copies don't: \(verdict.findings.first ?? "")")
        }
        try mishap(scene)
        scene.screen.passed("every copy agrees with the golden record")
    }

    /// Waits for as many golden records as the first day's data can make: sixteen articles, however many rows and systems
    /// name them; eight people behind fifteen records.
    private func counts(_ scene: Scene, since start: ContinuousClock.Instant) throws {
        let positions = Assortment.all.reduce(0) {
            $0 + 1 + ($1.inStore == nil ? 0 : 1) + ($1.atWholesaler == nil ? 0 : 1)
        }
        let records = Person.all.reduce(0) {
            $0 + ($1.till == nil ? 0 : 1) + ($1.shop == nil ? 0 : 1) + ($1.crm == nil ? 0 : 1)
        }
        let expected = [Assortment.all.count, positions, Person.all.count]
        try scene.patience.wait(for: "the golden records", within: .seconds(90), every: .milliseconds(60)) {
            let found = try ["product", "stock", "customer"].map { try scene.hub.records(of: $0).count }
            return found == expected ? .there(()) : .notYet("\(found) products, positions, customers, not \(expected)")
        }
        scene.screen.event(
            ContinuousClock.now - start, "hub",
            "\(expected[0]) products, \(expected[1]) stock positions, \(expected[2]) people behind \(records) records")
    }

    private static func summary(of system: String, _ verdict: Verdict) -> String {
        let names = ["product": "products", "stock": "positions", "customer": "customers"]
        let counts = Verdict.entities.compactMap { entity in
            let count = verdict.copies(in: system, of: entity).count
            return count == 0 ? nil : names[entity].map { "\(count) \($0)" }
        }
        return counts.joined(separator: ", ") + ": all agree"
    }

    /// The CRM answered its first new contact with 500 after saving it. There must be no twin.
    private func mishap(_ scene: Scene) throws {
        let database = try SQLiteDatabase(scene.stage.layout.folder(of: "crm") + "/crm.db", mode: .readOnly)
        let mishaps = try database.integer("SELECT count(*) FROM mishap") ?? 0
        guard mishaps == 1 else {
            throw Untrue(step: "the CRM's mishap", seen: "nobody has created a contact in the CRM")
        }
        let contacts = try scene.systems.view("crm").rows(of: "customer").count
        guard contacts == Person.all.count else {
            throw Untrue(
                step: "no twin in the CRM", seen: "\(contacts) contacts in the CRM for \(Person.all.count) people")
        }
        scene.screen.fact("crm", "answered 500 after saving its first new contact: \(contacts) contacts, no twin")
    }
}
