import Canonical
import Connector
import Document

/// The CRM: contacts behind a REST API that is polled by a cursor. It writes cities in capitals, knows no versions, and a
/// deleted contact is gone without a trace in the feed.
package final class CRM: WebSystem {
    struct Contact {
        var members: JSON
        var modifiedAt: Int64
        /// Its place in the feed.
        var sequence: Int
        /// What people typed into it last, by member: the auditor's.
        var typed: [String: JSON] = [:]
    }

    package let line: SystemLine
    private(set) var contacts: [Int: Contact] = [:]
    private var next = 1
    private var sequence = 0
    /// What was answered to creations, by their idempotency key.
    private var answered: [String: (body: String, answer: JSON, id: Int)] = [:]
    private var backup: [Int: Contact]?
    /// It was set back to a backup: what it said since is gone, and what it says again is old.
    private(set) var wasRestored = false

    private static let pageSize = 3

    package init(_ line: SystemLine) { self.line = line }

    var all: [(id: String, row: JSON)] {
        contacts.sorted { $0.key < $1.key }.map { (Self.id($0.key), row($0.key, $0.value)) }
    }

    // MARK: What happens in the CRM

    /// Changes a contact, or enters it, whether there is one like it or not.
    @discardableResult
    func change(_ number: Int?, _ members: [(String, JSON)], isTyped: Bool) -> Int {
        let number = number ?? next
        next = max(next, number + 1)
        var contact =
            contacts[number]
            ?? Contact(
                members: [
                    "firstName": .null, "lastName": .null, "email": .null, "phone": .null, "loyaltyNumber": .null,
                    "address": ["street": .null, "postalCode": .null, "city": .null, "country": .null],
                    "consents": [:],
                ], modifiedAt: 0, sequence: 0)
        for (name, value) in members {
            contact.members[name] = WebRecords.merged(contact.members[name], Self.kept(name, value))
            if isTyped { contact.typed[name] = Self.kept(name, value) }
        }
        sequence += 1
        contact.sequence = sequence
        contact.modifiedAt = line.machine.wall
        contacts[number] = contact
        return number
    }

    private static func kept(_ name: String, _ value: JSON) -> JSON {
        guard name == "address", var address = Optional(value), let city = address["city"]?.string else { return value }
        address["city"] = .string(city.uppercased())
        return address
    }

    func delete(_ number: Int) {
        contacts[number] = nil
        answered = answered.filter { $0.value.id != number }
    }

    func backUp() { backup = contacts }

    /// Sets everything back to the last backup, if there is one. Numbers are not given twice; the feed goes on.
    func restoreBackup() -> Bool {
        guard let backup else { return false }
        contacts = backup
        wasRestored = true
        return true
    }

    // MARK: Its API

    package func answer(_ request: WebRequest) -> WebAnswer {
        guard request.path.first == "contacts" else { return WebAnswer(404) }
        guard request.path.count > 1 else { return request.method == "POST" ? create(request) : list(request) }
        guard let number = Self.number(request.path[1]), let contact = contacts[number] else { return WebAnswer(404) }
        switch request.method {
        case "GET": return WebAnswer(200, row(number, contact))
        case "PATCH":
            change(number, (request.body.object ?? []).map { ($0.key, $0.value) }, isTyped: false)
            return WebAnswer(200, row(number, contacts[number]!))
        case "DELETE":
            delete(number)
            return WebAnswer(204)
        default: return WebAnswer(405)
        }
    }

    private func list(_ request: WebRequest) -> WebAnswer {
        if let email = request.query["email"] {
            return WebAnswer(200, ["contacts": .array(all.map(\.row).filter { $0["email"]?.string == email })])
        }
        let after = request.query["after"] ?? ""
        let start = Int(after.dropFirst()) ?? 0
        let found = contacts.filter { $0.value.sequence > start }.sorted { $0.value.sequence < $1.value.sequence }
        let page = found.prefix(Self.pageSize)
        return WebAnswer(
            200,
            [
                "contacts": .array(page.map { row($0.key, $0.value) }),
                "cursor": .string(page.last.map { "s\($0.value.sequence)" } ?? after),
            ])
    }

    private func create(_ request: WebRequest) -> WebAnswer {
        let key = request.fields["Idempotency-Key"]
        if let key, let before = answered[key] {
            return before.body == request.body.text ? WebAnswer(201, before.answer) : WebAnswer(422)
        }
        let number = change(nil, (request.body.object ?? []).map { ($0.key, $0.value) }, isTyped: false)
        let answer = row(number, contacts[number]!)
        if let key { answered[key] = (request.body.text, answer, number) }
        return WebAnswer(201, answer)
    }

    static func id(_ number: Int) -> String { "C-\(number)" }

    static func number(_ id: String) -> Int? { id.hasPrefix("C-") ? Int(id.dropFirst(2)) : nil }

    private func row(_ number: Int, _ contact: Contact) -> JSON {
        var members: [JSON.Member] = [.init("id", .string(Self.id(number)))]
        members += contact.members.object ?? []
        members.append(.init("modifiedAt", .string(Tick(contact.modifiedAt).rfc3339)))
        return .object(members)
    }
}
