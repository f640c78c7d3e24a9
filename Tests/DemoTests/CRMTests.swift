import Demo
import Document
import Testing
import Transports

@Suite struct CRMTests {
    private let aino: JSON = [
        "firstName": "Aino", "lastName": "Virtanen", "email": "Aino@example.com", "phone": "+46 70 174 06 05",
        "address": ["street": "Kauppakatu 5", "city": "Jyväskylä"],
    ]

    private func contacts(_ crm: WebClient, _ query: String) throws -> [JSON] {
        try #require(try crm.call(.get, "/contacts?\(query)")["contacts"]?.array)
    }

    /// Gets the one mishap over with.
    private func spendMishap(_ crm: WebClient) throws {
        let answer = try crm.send(.post, "/contacts", ["firstName": "Nobody"])
        #expect(answer.status == 500)
        try crm.call(.delete, "/contacts/C-000123")
    }

    @Test func theFirstPostIsSavedAndAnsweredWith500OnceInItsLife() throws {
        let folder = try TemporaryFolder()
        try withCRM(folder, isEmpty: true) { crm throws in
            #expect(try crm.send(.post, "/contacts", aino).status == 500)
            #expect(try contacts(crm, "email=aino@example.com").count == 1)
        }
        try withCRM(folder, isEmpty: true) { crm throws in
            #expect(try crm.send(.post, "/contacts", aino).status == 201)
            // Who repeats blindly makes a twin.
            #expect(try contacts(crm, "email=aino@example.com").map { $0["id"] } == ["C-000123", "C-000124"])
        }
    }

    @Test func anIdempotencyKeyFindsTheContactBehindThe500() throws {
        let folder = try TemporaryFolder()
        let key: HTTPFields = ["Idempotency-Key": "k-1"]
        try withCRM(folder, isEmpty: true) { crm throws in
            #expect(try crm.send(.post, "/contacts", aino, fields: key).status == 500)
        }
        try withCRM(folder, isEmpty: true) { crm throws in
            let again = try crm.send(.post, "/contacts", aino, fields: key)
            #expect(again.status == 201)
            #expect(again.body["id"] == "C-000123")
            #expect(again.fields["Idempotent-Replayed"] == "true")
            #expect(try contacts(crm, "email=aino@example.com").count == 1)
            #expect(try crm.send(.post, "/contacts", ["firstName": "Other"], fields: key).status == 422)
        }
    }

    @Test func writesCitiesInCapitalsAndPatchesOnlyWhatIsNamed() throws {
        try withCRM(try TemporaryFolder(), isEmpty: true) { crm throws in
            try spendMishap(crm)
            let created = try crm.call(.post, "/contacts", aino)
            #expect(created["address"]?["city"] == "JYVÄSKYLÄ")
            let path = "/contacts/\(created["id"]?.string ?? "")"
            let patched = try crm.call(
                .patch, path,
                [
                    "phone": nil, "address": ["city": "Espoo"],
                    "consents": ["newsletter": ["granted": true, "at": 1_764_000_000_000]],
                ])
            #expect(patched["phone"] == .null)
            #expect(
                patched["address"] == ["street": "Kauppakatu 5", "postalCode": nil, "city": "ESPOO", "country": nil])
            #expect(patched["email"] == "Aino@example.com")
            #expect(patched["consents"]?["newsletter"] == ["granted": true, "at": 1_764_000_000_000])
            #expect(patched["consents"]?["profiling"] == .null)
            #expect(try crm.send(.patch, path, ["phone": 5]).status == 422)
        }
    }

    @Test func findsByEmailWithoutCaseAndByPhoneWithoutSpaces() throws {
        try withCRM(try TemporaryFolder(), isEmpty: true) { crm throws in
            try spendMishap(crm)
            try crm.call(.post, "/contacts", aino)
            #expect(try contacts(crm, "email=AINO@EXAMPLE.COM").count == 1)
            #expect(try contacts(crm, "phone=%2B46701740605").count == 1)
            #expect(try contacts(crm, "phone=%2B46701740606").isEmpty)
        }
    }

    @Test func theFeedGivesEachModificationOnceBehindItsCursor() throws {
        let folder = try TemporaryFolder()
        let cursor = try withCRM(folder, isEmpty: true) { crm throws in
            try spendMishap(crm)
            for number in 1...103 { try crm.call(.post, "/contacts", ["firstName": .string("\(number)")]) }
            let first = try crm.call(.get, "/contacts?limit=1000")
            #expect(first["contacts"]?.array?.count == 100)
            #expect(first["more"] == true)
            let second = try crm.call(.get, "/contacts?limit=1000&after=\(first["cursor"]?.string ?? "")")
            #expect(second["contacts"]?.array?.compactMap { $0["firstName"]?.string } == ["101", "102", "103"])
            #expect(second["more"] == false)
            return try #require(second["cursor"]?.string)
        }
        try withCRM(folder) { crm throws in
            let nothing = try crm.call(.get, "/contacts?after=\(cursor)")
            #expect(nothing["contacts"] == [])
            #expect(nothing["cursor"]?.string == cursor)
            try crm.call(.patch, "/contacts/C-000124", ["phone": "1"])
            #expect(try contacts(crm, "after=\(cursor)").compactMap { $0["firstName"]?.string } == ["1"])
            #expect(try crm.send(.get, "/contacts?after=made-up").status == 400)
        }
    }

    @Test func aDeletedContactVanishesWithoutAWordInTheFeed() throws {
        try withCRM(try TemporaryFolder()) { crm throws in
            let before = try crm.call(.get, "/contacts?limit=100")
            let cursor = try #require(before["cursor"]?.string)
            let victim = try #require(before["contacts"]?[2]?["id"]?.string)
            try crm.call(.delete, "/contacts/\(victim)")
            let after = try crm.call(.get, "/contacts?after=\(cursor)")
            #expect(after["contacts"] == [])
            #expect(after["cursor"]?.string == cursor)
            #expect(try crm.send(.get, "/contacts/\(victim)").status == 404)
            #expect(try crm.send(.patch, "/contacts/\(victim)", ["phone": "1"]).status == 404)
            let ids = try contacts(crm, "limit=100").compactMap { $0["id"]?.string }
            #expect(ids == before["contacts"]?.array?.compactMap { $0["id"]?.string }.filter { $0 != victim })
        }
    }

    @Test func erasingAContactErasesTheRememberedAnswerToo() throws {
        let key: HTTPFields = ["Idempotency-Key": "k-1"]
        try withCRM(try TemporaryFolder(), isEmpty: true) { crm throws in
            try spendMishap(crm)
            try crm.call(
                .delete, "/contacts/\(try crm.send(.post, "/contacts", aino, fields: key).body["id"]?.string ?? "")")
            let again = try crm.send(.post, "/contacts", aino, fields: key)
            #expect(again.fields["Idempotent-Replayed"] == nil)
        }
    }

    @Test func refusesStrangers() throws {
        try withCRM(try TemporaryFolder()) { crm throws in
            #expect(try WebClient(url: crm.url, token: "wrong").send(.get, "/contacts").status == 401)
            #expect(crm.isUp)
            #expect(try crm.send(.get, "/contacts/123").status == 404)
        }
    }
}
