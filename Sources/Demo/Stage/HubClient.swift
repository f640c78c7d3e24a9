package import Document
import Transports

/// A golden record, as the hub's API gives it out.
package struct GoldenRecord: Sendable, Equatable {
    package let key: String
    package let revision: Int
    package let document: JSON

    package init(key: String, revision: Int = 1, document: JSON) {
        self.key = key
        self.revision = revision
        self.document = document
    }

    init?(_ json: JSON) {
        guard let key = json["key"]?.string, let document = json["document"] else { return nil }
        self.init(key: key, revision: json["revision"]?.integer ?? 0, document: document)
    }
}

/// Somebody at the hub's API: customer service, and the final table.
struct HubClient {
    let web: WebClient

    init(url: String) { web = WebClient(url: url, token: "") }

    /// Whether it has its partitions and can answer.
    var isReady: Bool { web.isUp }

    /// All golden records of an entity, page after page, in the order of their keys.
    func records(of entity: String) throws -> [GoldenRecord] {
        var records: [GoldenRecord] = []
        var after: String?
        repeat {
            let cursor = after.map { "&after=\(PercentEncoding.encode($0))" } ?? ""
            let page = try web.call(.get, "/v1/records/\(entity)?limit=200\(cursor)")
            records += (page["records"]?.array ?? []).compactMap { GoldenRecord($0) }
            after = page["next"]?.string
        } while after != nil
        return records.sorted { $0.key < $1.key }
    }

    /// One golden record; nil when there is none.
    func record(_ entity: String, _ key: String) throws -> GoldenRecord? {
        try found("/v1/records/\(entity)/\(PercentEncoding.encode(key))").flatMap { GoldenRecord($0) }
    }

    /// The golden record that a system knows under its own number.
    func record(_ entity: String, system: String, id: String) throws -> GoldenRecord? {
        try found("/v1/records/\(entity)?system=\(system)&id=\(PercentEncoding.encode(id))").flatMap {
            GoldenRecord($0)
        }
    }

    /// A reservation; nil when the hub doesn't know it.
    func reservation(_ id: String) throws -> JSON? { try found("/v1/reservations/\(PercentEncoding.encode(id))") }

    /// What is known of a product at one place: `onHand`, `reserved`, `available` …
    func availability(of gtin: String, at place: String) throws -> JSON? {
        try web.call(.get, "/v1/availability/\(gtin)")["places"]?.array?.first { $0["place"]?.string == place }
    }

    /// How many copies the hub itself takes for drifting, of how many, and how many it can't see; the first of them in words.
    func drift() throws -> (drifting: Int, of: Int, unobservable: Int, first: String) {
        let report = try web.call(.get, "/v1/drift")
        let entities = report["entities"]?.array ?? []
        let all = entities.flatMap { $0["counts"]?.object ?? [] }.reduce(0) { $0 + ($1.value.integer ?? 0) }
        let unseen = entities.reduce(0) { $0 + ($1["counts"]?["unobservable"]?.integer ?? 0) }
        let copy = entities.lazy.flatMap { $0["copies"]?.array ?? [] }.first
        let words = ["system", "key", "condition", "reason"].compactMap { copy?[$0]?.held }.joined(separator: " ")
        // Without the number nothing is known: that isn't zero.
        return (report["drifting"]?.integer ?? all, all, unseen, words)
    }

    private func found(_ path: String) throws -> JSON? {
        let answer = try web.send(.get, path)
        if answer.status == 404 { return nil }
        guard answer.status == 200 else {
            throw DemoError("hub: \(answer.status) \(answer.body["detail"]?.string ?? "")")
        }
        return answer.body
    }
}
