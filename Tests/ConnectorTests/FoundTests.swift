import Canonical
import Document
import Installation
import Testing

@testable import Connector

/// What a sink finds in a system where nobody knew of anything.
@Suite struct FoundTests {
    private static let files = [
        "connector.yaml": """
        system: crm
        connections: { api: { http: "http://127.0.0.1:1" } }
        sources:
          contacts: { from: { api: { poll: "/contacts", items: items } }, of: customer, start: now, map: contacts.jsonata }
        sinks:
          people:
            of: customer
            map: person.jsonata
            to: { api: { resource: "/contacts/{id}", create: /contacts, find: "/contacts?email={email}", if-match: true } }
            seen-by: contacts
        """,
        "contacts.jsonata": #"{"customer": {"givenName": name, "email": email}, "self": id}"#,
        "person.jsonata": #"{"name": givenName, "email": email}"#,
    ]

    /// Said first, what stands there would be somebody new, and the report could not bring the two together (I6, I9).
    @Test func whoseAContactIsThatWasFoundIsSaidBeforeWhatStandsThere() throws {
        func contact(_ name: String) -> JSON { ["id": "C-2", "name": .string(name), "email": "aino@example.com"] }
        let brokers = MemoryBrokers()
        let writer = WriterOf(held: { _ in contact("Aina") }) { _ in
            Written(.written, own: "C-2", readBack: contact("Aino"))
        }
        let connector = try SteppedConnector(Self.files, brokers, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "contacts", ["position": ["at": 1]])
        brokers.golden(
            connector.names.golden(entity: "customer"), "customer", "6b0f1a51-2c4c-5d6e-9a3b-000000000001", revision: 3,
            ["givenName": "Aino", "email": "aino@example.com"])
        try connector.step(try connector.loop("sinks")) { brokers.committed.values.contains(1) }
        // Nobody had heard of it.
        let said = brokers.records(connector.names.input(domain: "customer"))
        #expect(said.map(\.type) == ["omni.customer.written", "omni.customer.stated", "omni.customer.written"])
        #expect(said.map(\.own) == ["C-2", "C-2", "C-2"] && said.map(\.revision) == ["0", nil, "3"])
    }

    /// Two persons say the same, and the hub holds them apart: neither takes the other's contact (I6).
    @Test func aContactThatIsKnownAsAnothersIsNotOverwritten() throws {
        let (hers, another) = ("6b0f1a51-2c4c-5d6e-9a3b-000000000001", "6b0f1a51-2c4c-5d6e-9a3b-000000000002")
        var written = 0
        let writer = WriterOf(held: { _ in ["id": "C-2", "name": "Aina", "email": "aino@example.com"] }) { _ in
            written += 1
            return Written(.written, own: "C-2")
        }
        let brokers = MemoryBrokers()
        let connector = try SteppedConnector(Self.files, brokers, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "contacts", ["position": ["at": 1]])
        connector.identify("customer", "crm", "C-2", as: another)
        brokers.golden(
            connector.names.golden(entity: "customer"), "customer", hers, revision: 3,
            ["givenName": "Aino", "email": "aino@example.com"])
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(1) }
        #expect(written == 0)
        let parked = brokers.table(connector.parked)["sink:people/customer/\(hers)"]
        #expect(parked?["reason"] == "what is found there belongs to another customer")
        // They are found to be one.
        connector.identify("customer", "crm", "C-2", as: hers)
        try connector.step(sinks) { written == 1 && brokers.table(connector.parked).isEmpty }
    }

    @Test func ofTwoWhoFindTheSameContactOneWaits() throws {
        let keys = ["6b0f1a51-2c4c-5d6e-9a3b-000000000001", "6b0f1a51-2c4c-5d6e-9a3b-000000000002"]
        var written: [String] = []
        let writer = WriterOf(held: { _ in ["id": "C-2", "name": "Aina", "email": "aino@example.com"] }) { write in
            written.append(write.key)
            return Written(.written, own: "C-2")
        }
        let brokers = MemoryBrokers()
        let connector = try SteppedConnector(Self.files, brokers, writer: writer)
        brokers.append(connector.names.position(connector: "test"), key: "contacts", ["position": ["at": 1]])
        for key in keys {
            brokers.golden(
                connector.names.golden(entity: "customer"), "customer", key, revision: 1,
                ["givenName": "Aino", "email": "aino@example.com"])
        }
        let sinks = try connector.loop("sinks")
        try connector.step(sinks) { brokers.committed.values.contains(2) }
        #expect(written == [keys[0]])
        // Nobody but this process knows yet whose it is.
        connector.pass(.seconds(3_600))
        for _ in 0..<20 { try connector.step(sinks) }
        #expect(!written.contains(keys[1]))
    }
}
