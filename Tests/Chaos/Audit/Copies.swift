import Demo
import Document

extension Auditor {
    /// Each system's copies, read from the system, against the topics' last golden records as that system can hold them.
    func copies() throws -> [Check] {
        var golden: [String: [GoldenRecord]] = [:]
        for entity in ["product", "stock", "customer", "reservation"] {
            golden[entity] = topics.latest(entity)
                .filter { ["omni.\(entity).golden", "omni.reservation.decided"].contains($0.value.type) }
                .map { GoldenRecord(key: $0.key, revision: $0.value.revision, document: $0.value.value ?? .null) }
                .sorted { $0.key < $1.key }
        }
        return try systems.views.map { view in
            var check = Check("every copy of the \(view.system)'s is the golden record as it can hold it")
            for entity in view.entities {
                let copies = Verdict.compare(
                    entity, in: view.system, golden: golden[entity] ?? [], rows: try view.rows(of: entity),
                    audience: audience)
                for copy in copies {
                    check.look(
                        copy.findings.isEmpty,
                        "\(entity) \(copy.key): \(copy.findings.map(\.text).joined(separator: ", "))")
                }
            }
            return check
        }
    }

    /// Nobody is in the CRM twice: by e-mail address and by loyalty number.
    func twins() throws -> Check {
        var check = Check("nobody is in the CRM twice")
        let rows = try systems.views.first { $0.system == "crm" }?.rows(of: "customer") ?? []
        for field in ["email", "loyalty"] {
            var found: [String: Int] = [:]
            for row in rows {
                if let value = row.text(field) { found[value.lowercased(), default: 0] += 1 }
            }
            for (_, count) in found { check.count("somebody's \(field)", expected: 1, found: count) }
        }
        return check
    }
}
