import Canonical
import Document
import Testing
import Transports

@testable import Connector

/// Systems list what changed at the cursor or later: what stands at the cursor is listed by every poll.
@Suite struct IdlePollTests {
    private let sofa = "06438012345675"

    private func connector(_ url: String, sinks: String = "") -> [String: String] {
        [
            "connector.yaml": """
            system: shop
            connections:
              api: { http: "\(url)" }
            sources:
              items:
                from:
                  api:
                    poll: "/items"
                    items: items
                    since: { parameter: since, member: updated_at }
                of: product
                every: 20ms
                map: items.jsonata
            \(sinks)
            """,
            "items.jsonata": #"{"product": {"gtin": gtin, "name": name}, "self": id}"#,
            "names.jsonata": #"{"gtin": gtin, "name": name}"#,
        ]
    }

    private struct State {
        var name = "Sofa"
        var asked = 0
        var puts = 0
    }

    private func system(_ state: Monitor<State>) throws -> ScriptedSystem {
        let sofa = sofa
        return try ScriptedSystem { _, _, _ in
            state.withLock { state in
                state.asked += 1
                let item: JSON = [
                    "id": 7, "gtin": .string(sofa), "name": .string(state.name), "updated_at": "2026-03-01T10:00:00Z",
                ]
                return (200, ["items": [item]])
            }
        } written: { _, body in
            state.withLock { state in
                state.puts += 1
                state.name = body["name"]?.string ?? ""
                return (200, body)
            }
        }
    }

    @Test func whatStandsAtTheCursorIsToldOnceAndTheIdlePositionIsntNotedAgain() throws {
        let state = Monitor(State())
        let system = try system(state)
        let place = try Workplace(connector(system.url))
        let (topic, positions) = (place.names.input(domain: "product"), place.names.position(connector: "test"))
        try place.connected { _ in
            place.eventually { state.withLock { $0.asked } >= 12 }
            let (first, noted) = (try place.records(topic).count, try place.records(positions).count)
            #expect(first == 1 && noted <= 2)
            // Another change within the same moment is news.
            state.withLock { $0.name = "Sofa, green" }
            place.eventually { try place.records(topic).last?.value?["name"] == "Sofa, green" }
            let asked = state.withLock { $0.asked }
            place.eventually { state.withLock { $0.asked } >= asked + 10 }
            let told = try place.records(topic).count
            #expect(told == 2)
        }
    }

    /// Somebody undoes our write within the moment of the record's date: it looks as it did before, and is news all the same.
    @Test func whatLooksAsBeforeAWriteOfOursIsNews() throws {
        let state = Monitor(State())
        let system = try system(state)
        let place = try Workplace(
            connector(
                system.url,
                sinks: """
                    sinks:
                      names:
                        of: product
                        map: names.jsonata
                        to: { api: { resource: "/items/{id}", update: put } }
                        seen-by: items
                    """))
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            place.eventually { try place.records(topic).count == 1 }
            try place.identify("product", "shop", "7", as: sofa)
            try place.golden("product", sofa, revision: 2, ["gtin": .string(sofa), "name": "Ours"])
            place.eventually {
                state.withLock { state in
                    guard state.puts > 0 else { return false }
                    state.name = "Sofa"
                    return true
                }
            }
            place.eventually {
                let records = try place.records(topic)
                guard let report = records.firstIndex(where: { $0.type == "omni.product.written" }) else {
                    return false
                }
                return records[report...].contains { $0.type == "omni.product.stated" && $0.value?["name"] == "Sofa" }
            }
        }
    }

    /// A source that is added to a connector that has run doesn't make it new: what may have been under way is repeated
    /// before the others read (I6).
    @Test func aSourceThatIsAddedOpensNoGateForTheOthers() throws {
        struct Requests {
            var puts = 0
            var reads: [String] = []
            var isWell = false
        }
        let (sofa, requests) = (sofa, Monitor(Requests()))
        let system = try ScriptedSystem { _, path, _ in
            requests.withLock { requests in
                requests.reads.append(path)
                return (200, ["items": []])
            }
        } written: { _, body in
            requests.withLock { requests in
                requests.puts += 1
                return (requests.isWell ? 200 : 500, body)
            }
        }
        var files = connector(
            system.url,
            sinks: """
                sinks:
                  names:
                    of: product
                    map: names.jsonata
                    to: { api: { resource: "/items/{id}", update: put } }
                    seen-by: items
                on-error: { retry: 20ms, longest: 20ms }
                """)
        files["connector.yaml"] = files["connector.yaml"]?.replacing(
            "sources:",
            with:
                "sources:\n  others: { from: { api: { poll: \"/others\", items: items } }, every: 20ms, map: items.jsonata }"
        )
        let place = try Workplace(files)
        try place.produce(place.names.position(connector: "test"), key: "items", ["position": ["cycle": 1]])
        try place.identify("product", "shop", "7", as: sofa)
        try place.golden("product", sofa, revision: 2, ["gtin": .string(sofa), "name": "Ours"])
        try place.connected { _ in
            place.eventually { requests.withLock { $0.puts } >= 5 }
            #expect(requests.withLock { $0.reads.contains("/others") }, "its snapshot comes first")
            #expect(requests.withLock { !$0.reads.contains("/items") }, "it would see our own write")
            requests.withLock { $0.isWell = true }
            place.eventually { requests.withLock { $0.reads.contains("/items") } }
        }
    }
}
