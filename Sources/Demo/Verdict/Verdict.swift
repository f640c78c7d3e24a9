package import Document

/// Every system's own copy beside the golden record: whether each holds what it can hold.
package struct Verdict: Sendable {
    /// One copy, or its absence, in one system.
    package struct Copy: Sendable, Equatable {
        package let system: String
        package let entity: String
        /// The golden record's key; the system's own where there is no golden record.
        package let key: String
        /// What the system holds; nil when it lacks the copy.
        package let row: SystemRow?
        package let findings: [Finding]
    }

    /// What is wrong with a copy.
    package enum Finding: Sendable, Equatable {
        /// A field holds something else than it should.
        case field(String, held: JSON?, expected: JSON)
        /// The system has no copy, and should.
        case missing
        /// The system has a copy of what isn't there any more, or never was.
        case extra

        package var text: String {
            switch self {
            case .field(let name, let held, let expected):
                "\(name): holds \(held?.held ?? "nothing"), should hold \(expected.held ?? "nothing")"
            case .missing: "has no copy"
            case .extra: "has a copy that no golden record stands for"
            }
        }
    }

    /// Golden records, by entity.
    var golden: [String: [GoldenRecord]] = [:]
    /// All copies.
    var copies: [Copy] = []

    static let entities = ["product", "stock", "customer", "reservation"]

    /// Whether every copy agrees. Nothing at all agrees with nothing, which proves nothing.
    var isConsistent: Bool { !copies.isEmpty && differences == 0 }

    /// How many copies don't agree.
    var differences: Int { copies.count { !$0.findings.isEmpty } }

    /// The copies in one system.
    func copies(in system: String, of entity: String? = nil) -> [Copy] {
        copies.filter { $0.system == system && (entity == nil || $0.entity == entity) }
    }

    /// What is wrong, a line each.
    var findings: [String] {
        copies.flatMap { copy in copy.findings.map { "\(copy.system) \(copy.entity) \(copy.key): \($0.text)" } }
    }

    /// Compares what one system holds of an entity with the golden records.
    package static func compare(
        _ entity: String, in system: String, golden: [GoldenRecord], rows: [SystemRow], audience: Audience
    ) -> [Copy] {
        guard let projection = Projection.of(entity, in: system) else { return [] }
        var owners: [String: GoldenRecord] = [:]
        for record in golden {
            let keys = entity == "customer" ? record.members(in: system) : [record.key]
            for key in keys { owners[key] = record }
        }
        var copies: [Copy] = []
        var found: Set<String> = []
        for row in rows {
            guard let owner = owners[row.key] else {
                copies.append(Copy(system: system, entity: entity, key: row.key, row: row, findings: [.extra]))
                continue
            }
            found.insert(owner.key)
            let findings = projection.differences(of: row, from: owner.document).map {
                Finding.field($0.field, held: $0.held, expected: $0.expected)
            }
            copies.append(Copy(system: system, entity: entity, key: owner.key, row: row, findings: findings))
        }
        for record in golden where !found.contains(record.key) {
            guard audience.expects(record, of: entity, in: system) else { continue }
            copies.append(Copy(system: system, entity: entity, key: record.key, row: nil, findings: [.missing]))
        }
        return copies.sorted { ($0.key, $0.row?.id ?? "") < ($1.key, $1.row?.id ?? "") }
    }

    /// Reads the hub's records and every system, and compares.
    /// - Parameter reservations: The ids that were asked for; the hub doesn't list reservations.
    static func read(
        _ hub: HubClient, _ views: [any SystemView], _ audience: Audience, reservations: [String]
    ) throws -> Verdict {
        var verdict = Verdict()
        for entity in entities where entity != "reservation" { verdict.golden[entity] = try hub.records(of: entity) }
        verdict.golden["reservation"] = try reservations.compactMap { id in
            try hub.reservation(id).map { GoldenRecord(key: id, document: $0) }
        }
        for view in views {
            for entity in view.entities {
                verdict.copies += compare(
                    entity, in: view.system, golden: verdict.golden[entity] ?? [], rows: try view.rows(of: entity),
                    audience: audience)
            }
        }
        return verdict
    }
}
