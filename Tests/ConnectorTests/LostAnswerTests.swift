import Canonical
import Document
import Synchronization
import Testing
import Transports

@testable import Connector

/// A write whose answer is lost may have gone through: what is read after it isn't taken for somebody's edit (I6), and what
/// somebody did meanwhile isn't lost.
@Suite struct LostAnswerTests {
    private let sofa = "06438012345675"

    private static func connector(_ url: String) -> [String: String] {
        [
            "connector.yaml": """
            system: shop
            connections:
              api: { http: "\(url)" }
            sources:
              items:
                from: { api: { poll: "/items", items: items } }
                of: product
                every: 20ms
                map: items.jsonata
            sinks:
              names:
                of: product
                map: names.jsonata
                to: { api: { resource: "/items/{id}", update: put, if-match: true } }
                seen-by: items
            on-error: { retry: 200ms, longest: 200ms }
            """,
            "items.jsonata": #"{"product": {"gtin": gtin, "name": name, "brand": brand}, "self": id}"#,
            "names.jsonata": #"{"gtin": gtin, "name": name}"#,
        ]
    }

    @Test func whatALostAnswerLeftBehindIsNoEditAndAnEditMeanwhileIsKept() throws {
        let sofa = sofa
        let item: @Sendable (String, String?) -> JSON = { name, brand in
            ["id": 7, "gtin": .string(sofa), "name": .string(name), "brand": brand.map { .string($0) } ?? .null]
        }
        let state = Monitor<(item: JSON, puts: Int)>((item("Theirs", nil), 0))
        let system = try ScriptedSystem { method, path, _ in
            state.withLock { state in
                switch (method, path) {
                case ("GET", "/items"): return (200, ["items": [state.item]])
                case ("GET", _): return (200, state.item)
                default:
                    state.puts += 1
                    // It is saved, the answer is lost, and a clerk is at work.
                    state.item = item("Ours", state.puts == 1 ? "Clerk" : nil)
                    return state.puts == 1 ? (500, .null) : (200, state.item)
                }
            }
        }
        let place = try Workplace(Self.connector(system.url))
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            place.eventually { try !place.records(topic).isEmpty }
            try place.identify("product", "shop", "7", as: sofa)
            try place.golden("product", sofa, revision: 2, ["gtin": .string(sofa), "name": "Ours"])
            place.eventually { try place.records(topic).contains { $0.type == "omni.product.written" } }
            let records = try place.records(topic)
            let report = try #require(records.firstIndex { $0.type == "omni.product.written" })
            let before = records[..<report]
            #expect(!before.contains { $0.value?["name"] == "Ours" }, "our own value, as if the shop had said it")
            #expect(before.contains { $0.value?["brand"] == "Clerk" }, "what the clerk entered")
            #expect(records[report].value?["held"]?["name"] == "Ours")
        }
    }

    /// The process ends after a write and before its report, and the entity has changed since: what the write left behind
    /// is still our own.
    @Test func whatAnEndedProcessWroteIsNoEditThoughANewerRevisionWaits() throws {
        let sofa = sofa
        let state = Monitor<(name: String, answers: Bool)>(("Theirs", false))
        let system = try ScriptedSystem { method, path, _ in
            state.withLock { state in
                let item: JSON = ["id": 7, "gtin": .string(sofa), "name": .string(state.name)]
                switch (method, path) {
                case ("GET", "/items"): return (200, ["items": [item]])
                case ("GET", _): return (200, item)
                default: return (500, .null)
                }
            }
        } written: { _, body in
            state.withLock { state in
                // This system writes names in capitals: what it holds isn't what it was sent.
                state.name = (body["name"]?.string ?? "").uppercased()
                return state.answers
                    ? (200, ["id": 7, "gtin": .string(sofa), "name": .string(state.name)]) : (500, .null)
            }
        }
        let place = try Workplace(Self.connector(system.url))
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            place.eventually { try !place.records(topic).isEmpty }
            try place.identify("product", "shop", "7", as: sofa)
            try place.golden("product", sofa, revision: 2, ["gtin": .string(sofa), "name": "Ours"])
            place.eventually { state.withLock { $0.name } == "OURS" }
        }
        try place.golden("product", sofa, revision: 3, ["gtin": .string(sofa), "name": "Ours again"])
        state.withLock { $0.answers = true }
        try place.connected { _ in
            place.eventually {
                try place.records(topic).contains {
                    $0.type == "omni.product.written" && $0.value?["held"]?["name"] == "OURS AGAIN"
                }
            }
        }
        let records = try place.records(topic)
        let report = try #require(records.firstIndex { $0.value?["held"]?["name"] == "OURS" }, "it is reported")
        #expect(
            !records[..<report].contains { $0.value?["name"] == "OURS" }, "our own value, as if the shop had said it")
    }
}
