import Canonical
import Demo
import Document
import Testing
import Transports

/// `Connectors/crm` against the demonstration's CRM; the test plays the hub.
@Suite struct CRMTests {
    private let token = "secret-token"

    private func workplace(
        _ edit: (String) -> String = { $0 }, _ body: (Workplace, CRM, String) throws -> Void
    ) throws {
        let folder = try TemporaryFolder()
        let crm = try CRM(folder: folder.path, port: 0, token: token)
        let url = "http://127.0.0.1:\(try crm.start())"
        defer { crm.stop() }
        let place = try Workplace(
            try Workplace.connector("crm").mapValues(edit),
            environment: ["CRM_URL": url, "CRM_TOKEN": token, "CRM_COMPARE": "300ms"])
        try body(place, crm, url)
    }

    /// What the CRM has, as its own API tells.
    private func contacts(_ url: String, _ query: String = "limit=100") throws -> [JSON] {
        let answer = try HTTPClient().send(
            HTTPClient.Request(.get, "\(url)/contacts?\(query)", fields: ["Authorization": "Bearer \(token)"]))
        return try JSON(parsing: answer.body)["contacts"]?.array ?? []
    }

    private func request(_ method: HTTPMethod, _ url: String, _ body: JSON? = nil) throws {
        let answer = try HTTPClient().send(
            HTTPClient.Request(method, url, fields: ["Authorization": "Bearer \(token)"], body: body?.utf8 ?? []))
        try #require(answer.isSuccess)
    }

    /// Says of every contact that was stated whose it is, as the hub does.
    private func identifyAll(_ place: Workplace) throws -> [Seen] {
        let seen = try place.records(place.names.input(domain: "customer"), count: 5)
        for record in seen {
            try place.identify("customer", "crm", record.headers["ce_self"] ?? "", as: "golden-\(record.key)")
        }
        return seen
    }

    @Test func theFirstStartKnowsTheSystemBeforeItWritesAndAFailedCreationMakesNoTwin() throws {
        try workplace { place, _, url in
            let topic = place.names.input(domain: "customer")
            let before = try contacts(url).count
            // Golden already, by another system: the sink must wait until the CRM's own contacts are known.
            try place.golden(
                "customer", "golden-new", revision: 4,
                [
                    "givenName": "Kaisa", "familyName": "Laine", "email": "kaisa.laine@example.com",
                    "address": ["addressLocality": "Turku"],
                ])
            try place.connected { _ in
                let stated = try identifyAll(place)
                #expect(Set(stated.map(\.key)).count == before)
                #expect(stated.allSatisfy { $0.type == "omni.customer.stated" && $0.key.hasPrefix("crm:C-") })
                // The CRM saves its first contact, and answers 500 (trap 3).
                place.eventually { try place.records(topic).contains { $0.type == "omni.customer.written" } }
                let report = try #require(try place.records(topic).first { $0.type == "omni.customer.written" })
                #expect(report.key == "golden-new" && report.value?["status"] == "written")
                let found = try contacts(url, "email=kaisa.laine@example.com")
                #expect(found.count == 1)
                #expect(report.value?["self"] == found[0]["id"])
                // As the system holds it: this one writes cities in capitals.
                #expect(report.value?["held"]?["address"]?["addressLocality"] == "TURKU")
                // Its own feed shows what was written; a restart and a comparison make no second one.
                #expect(try contacts(url).count == before + 1)
            }
        }
    }

    /// I6: the feed shows what a failed creation has saved. Nobody may take that for an edit before the creation is repeated.
    @Test func whatAFailedCreationSavedIsNotReadBeforeItIsReported() throws {
        // Much longer than it takes until the feed is read again.
        try workplace({ $0.replacing("retry: 500ms", with: "retry: 3s") }) { place, _, url in
            let topic = place.names.input(domain: "customer")
            let before = try contacts(url).count
            // Without an e-mail nobody finds it: only the repetition tells whose it is.
            try place.golden(
                "customer", "golden-new", revision: 4,
                [
                    "givenName": "Kaisa", "familyName": "Laine", "phone": "+358401234567",
                    "address": ["addressLocality": "Turku"],
                ])
            try place.connected { _ in
                _ = try identifyAll(place)
                place.eventually { try contacts(url).count == before + 1 }
                place.eventually { try place.records(topic).contains { $0.type == "omni.customer.written" } }
                let records = try place.records(topic)
                let report = try #require(records.firstIndex { $0.type == "omni.customer.written" })
                let number = try #require(records[report].value?["self"]?.string)
                #expect(
                    !records[..<report].contains { $0.key == "crm:\(number)" }, "it was read before it was reported")
                // Afterwards it is read.
                place.eventually { try place.records(topic).contains { $0.key == "crm:\(number)" } }
            }
        }
    }

    @Test func aSilentDeletionIsFoundByComparing() throws {
        try workplace { place, _, url in
            let topic = place.names.input(domain: "customer")
            try place.connected { _ in
                let first = try identifyAll(place)[0]
                let number = try #require(first.headers["ce_self"])
                try request(.delete, "\(url)/contacts/\(number)")
                place.eventually { try place.records(topic).contains { $0.type == "omni.customer.deleted" } }
                let deleted = try place.records(topic).filter { $0.type == "omni.customer.deleted" }
                #expect(deleted.map(\.key) == ["crm:\(number)"])
            }
        }
    }

    @Test func anEditIsReadByTheCursorAndAnErasureDeletes() throws {
        try workplace { place, _, url in
            let topic = place.names.input(domain: "customer")
            try place.connected { running in
                let first = try identifyAll(place)[0]
                let number = try #require(first.headers["ce_self"])
                try request(.patch, "\(url)/contacts/\(number)", ["phone": "+46701740699"])
                place.eventually {
                    try place.records(topic).contains { $0.key == first.key && $0.value?["phone"] == "+46701740699" }
                }
                place.eventually { running.knows("customer", "crm", number) }
                try place.golden("customer", "golden-\(first.key)", revision: 2, .object([]), verb: .erased)
                place.eventually { try contacts(url).allSatisfy { $0["id"]?.string != number } }
                place.eventually {
                    try place.records(topic).contains {
                        $0.type == "omni.customer.written" && $0.value?["status"] == "absent"
                    }
                }
            }
        }
    }
}
