import Document

/// The verdict for people: each system's copy in a column beside the golden record.
struct VerdictTable {
    let verdict: Verdict
    let screen: Screen

    /// Shows everything.
    func show() {
        for (title, table) in [
            ("Products: the price that each asks", products()),
            ("Stock: pieces available in the store, at the wholesaler's, at the importer's", stock()),
            ("Customers: their number in each system, and the city as it is written there", customers()),
            ("Reservations", reservations()),
        ] {
            guard let table else { continue }
            screen.line()
            screen.line("  " + screen.ink(.bold, title))
            for line in table.lines(on: screen) { screen.line(line) }
        }
        let findings = verdict.findings
        if !findings.isEmpty { screen.line() }
        for finding in findings.prefix(20) { screen.failed(finding) }
        if findings.count > 20 { screen.line("  … and \(findings.count - 20) more") }
    }

    private func products() -> Columns? {
        table("product", ["importer", "wholesaler", "till", "shop"], .right) { golden in
            [
                .init((golden.document["name"]?.held ?? "").shortened(to: 38)),
                .init(Self.price(golden.document["price"])),
            ]
        } cell: {
            Self.price($0["price"])
        }
    }

    private func customers() -> Columns? {
        table("customer", ["till", "shop", "crm"], .left, sortedBy: Self.name) { golden in
            [.init(Self.name(golden)), .init(golden.document["address"]?["addressLocality"]?.held ?? "–")]
        } cell: {
            "\($0.id) \($0.text("address.addressLocality") ?? "–")"
        }
    }

    private static func name(_ customer: GoldenRecord) -> String {
        [customer.document["givenName"], customer.document["familyName"]].compactMap { $0?.held }.joined(separator: " ")
    }

    private func reservations() -> Columns? {
        // Of a hundred claims, those that came to something.
        var shown = self.verdict
        shown.golden["reservation"] = verdict.golden["reservation"]?.filter {
            $0.document["state"]?.string != "refused"
        }
        return VerdictTable(verdict: shown, screen: screen).table("reservation", ["till"], .left) { golden in
            [.init("\(golden.key.prefix(8))…"), .init(golden.document["state"]?.held ?? "")]
        } cell: {
            $0.text("state") ?? ""
        }
    }

    /// One line a product: its pieces at each place, in the places' order.
    private func stock() -> Columns? {
        let golden = Dictionary(grouping: verdict.golden["stock"] ?? [], by: \.product)
        let names = (verdict.golden["product"] ?? []).map { ($0.key, $0.document["name"]?.held ?? "") }
        let systems = ["importer", "wholesaler", "till", "shop"]
        var columns = Columns([("", .left), ("golden", .left)] + systems.map { ($0, Columns.Side.left) })
        for (product, name) in names {
            guard let positions = golden[product] else { continue }
            var cells = [
                Columns.Cell(name.shortened(to: 38)),
                Columns.Cell(Self.places(positions.map { ($0.place, $0.document["available"]?.held) })),
            ]
            for system in systems {
                let copies = verdict.copies(in: system, of: "stock").filter { $0.key.hasPrefix(product + "@") }
                let held = copies.map { copy in
                    (String(copy.key.drop { $0 != "@" }.dropFirst()), copy.row?.text("available"))
                }
                cells.append(
                    copies.isEmpty
                        ? Columns.Cell("·", ink: .dim) : Columns.Cell(Self.places(held), mark: Self.mark(copies)))
            }
            columns.add(cells)
        }
        return golden.isEmpty ? nil : columns
    }

    private func table(
        _ entity: String, _ systems: [String], _ side: Columns.Side, sortedBy order: (GoldenRecord) -> String = \.key,
        golden: (GoldenRecord) -> [Columns.Cell], cell: (SystemRow) -> String
    ) -> Columns? {
        let records = (verdict.golden[entity] ?? []).sorted { order($0) < order($1) }
        guard !records.isEmpty else { return nil }
        var columns = Columns([("", .left), ("golden", side)] + systems.map { ($0, side) })
        for record in records {
            let own = systems.map { system -> Columns.Cell in
                let copies = verdict.copies(in: system, of: entity).filter { $0.key == record.key }
                guard !copies.isEmpty else { return Columns.Cell("·", ink: .dim) }
                let text = copies.map { $0.row.map(cell) ?? "missing" }.joined(separator: ", ")
                return Columns.Cell(text, mark: Self.mark(copies))
            }
            columns.add(golden(record) + own)
        }
        return columns
    }

    private static func mark(_ copies: [Verdict.Copy]) -> Columns.Cell.Mark {
        copies.allSatisfy(\.findings.isEmpty) ? .agrees : .differs
    }

    /// `899.00`; `–` for none.
    static func price(_ value: JSON?) -> String {
        guard let number = value?.number else { return value?.held ?? "–" }
        let parts = number.description.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { return number.description + ".00" }
        return parts[0] + "." + (parts[1].count == 1 ? parts[1] + "0" : parts[1])
    }

    /// The pieces at each of the places, with a dash where there is none: `3 – 12`.
    private static func places(_ pieces: [(place: String, text: String?)]) -> String {
        Place.all.map { place in
            let text = pieces.first { $0.place == place.code }?.text ?? "–"
            return text.leftPadded(to: 3)
        }.joined(separator: " ")
    }
}
