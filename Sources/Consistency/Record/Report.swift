import Document

/// A sink's report: what came of a write (`omni.<entity>.written`).
struct Report {
    let revision: Int64
    let status: RecordState.Status
    let selfID: String?
    let reason: String?
    let held: Node?

    init(revision: Int64, status: RecordState.Status, selfID: String?, reason: String?, held: Node?) {
        self.revision = revision
        self.status = status
        self.selfID = selfID
        self.reason = reason
        self.held = held
    }

    /// So long may a system's name and its number be together, in bytes: the store's keys end there.
    static let longestNumber = 400

    /// - Parameter system: whose report it is.
    init(_ data: Node, of system: String) throws(Rejection) {
        guard let revision = data["revision"]?.integer, revision >= 0 else {
            throw Rejection(.malformed, "a report needs 'revision', the golden record's")
        }
        self.revision = Int64(revision)
        switch data["status"]?.string {
        case "written": status = .written
        case "unchanged": status = .unchanged
        case "absent": status = .absent
        case "parked": status = .parked
        default: throw Rejection(.malformed, "a report's 'status' is written, unchanged, absent or parked")
        }
        selfID = data["self"].flatMap { node in
            switch node.kind {
            case .string: node.string
            case .number: String(decoding: node.utf8, as: UTF8.self)
            default: nil
            }
        }
        if let selfID, selfID.utf8.count + system.utf8.count > Self.longestNumber {
            throw Rejection(
                .malformed,
                "a report's 'self' with the system's name has at most \(Self.longestNumber) bytes")
        }
        if let selfID, selfID.utf8.contains(where: { $0 < 0x20 }) {
            throw Rejection(.malformed, "a report's 'self' holds no control characters")
        }
        reason = data["reason"]?.string
        if let held = data["held"], !held.isNull {
            if let flaw = flaw(ofFields: held) { throw Rejection(.malformed, "a report's 'held' \(flaw)") }
            self.held = held
        } else {
            held = nil
        }
    }
}
