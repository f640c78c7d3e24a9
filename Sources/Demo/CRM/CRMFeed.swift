import Digests
import Document
import Transports

/// `GET /contacts`: everybody in the order of their last modification, page by page behind an opaque cursor; or those
/// with an e-mail address or a phone number.
struct CRMFeed: Sendable {
    let store: Store

    /// A page holds no more than this.
    static let limit = 100

    func install(in routes: inout WebRoutes) { routes.on(.get, "/contacts", list) }

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        if let email = request.query["email"] {
            return try search("email = ? COLLATE NOCASE", email)
        }
        if let phone = request.query["phone"] {
            // A number is the same with and without spaces.
            return try search("replace(phone, ' ', '') = ?", String(phone.filter { $0 != " " }))
        }
        let limit = try request.count("limit", standard: 25, limit: Self.limit)
        let after = request.query["after"] ?? ""
        guard let sequence = Self.sequence(after) else { throw HTTPRefusal(400, "after is not one of our cursors.") }
        return try store.read { database in
            let found = try Contact.all(
                "sequence > ? ORDER BY sequence LIMIT \(limit + 1)", [.integer(sequence)], in: database)
            let page = found.prefix(limit)
            return .json(
                200,
                [
                    "contacts": .array(page.map(\.json)),
                    "cursor": .string(page.last.map { Self.cursor($0.sequence) } ?? after),
                    "more": .bool(found.count > limit),
                ])
        }
    }

    private func search(_ condition: String, _ value: String) throws -> HTTPResponse {
        try store.read { database in
            let found = try Contact.all(
                "\(condition) ORDER BY number LIMIT \(Self.limit)", [.text(value)], in: database)
            return .json(200, ["contacts": .array(found.map(\.json))])
        }
    }

    static func cursor(_ sequence: Int64) -> String { Hex.encode(Array("after:\(sequence)".utf8)) }

    private static func sequence(_ cursor: String) -> Int64? {
        if cursor.isEmpty { return 0 }
        guard let bytes = Hex.decode(cursor) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("after:") ? Int64(text.dropFirst(6)) : nil
    }
}
