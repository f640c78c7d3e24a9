import Canonical
import Document
import Installation
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

    /// Only the sink has seen the edit, before its write; the write is saved, its answer lost, and the process ends. What was
    /// seen is noted before anything is written: the next process tells of it (I6, I9).
    @Test func anEditThatOnlyTheSinkHasSeenSurvivesALostAnswerAndTheEndOfItsProcess() throws {
        let sofa = sofa
        struct State {
            var name = "Theirs"
            var brand: JSON = .null
            var answers = false
            var puts = 0
        }
        let state = Monitor(State())
        let item: @Sendable (String, JSON) -> JSON = { name, brand in
            ["id": 7, "gtin": .string(sofa), "name": .string(name), "brand": brand]
        }
        let system = try ScriptedSystem { _, path, _ in
            state.withLock { state in
                // The clerk's entry stands in the record, and the list hasn't shown it yet.
                guard path == "/items" else { return (200, item(state.name, state.brand)) }
                return (200, ["items": state.puts == 0 ? [item("Theirs", .null)] : [item(state.name, state.brand)]])
            }
        } written: { _, body in
            state.withLock { state in
                state.puts += 1
                (state.name, state.brand) = (body["name"]?.string ?? "", .null)
                return state.answers ? (200, item(state.name, state.brand)) : (500, .null)
            }
        }
        let place = try Workplace(Self.connector(system.url))
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            place.eventually { try !place.records(topic).isEmpty }
            state.withLock { $0.brand = "Clerk" }
            try place.identify("product", "shop", "7", as: sofa)
            try place.golden("product", sofa, revision: 2, ["gtin": .string(sofa), "name": "Ours"])
            place.eventually { state.withLock { $0.puts } > 0 }
        }
        #expect(try !place.records(topic).contains { $0.value?["brand"] == "Clerk" }, "there is nothing to be lost")
        state.withLock { $0.answers = true }
        try place.connected { _ in
            place.eventually { try place.records(topic).contains { $0.type == "omni.product.written" } }
            // What systems held isn't kept for longer than it is needed.
            place.eventually {
                let notes = try place.records(place.names.position(connector: "test")).filter {
                    $0.key == "sinks/writing"
                }
                return notes.last?.value?["writing"] == [] && notes.last?.value?["held"] == []
            }
        }
        let records = try place.records(topic)
        let report = try #require(records.firstIndex { $0.type == "omni.product.written" })
        #expect(records[..<report].contains { $0.value?["brand"] == "Clerk" }, "what the clerk entered")
        #expect(
            !records[..<report].contains { $0.value?["name"] == "Ours" }, "our own value, as if the shop had said it")
    }

    /// A system without ETags can't be told to keep still. What it holds already isn't sent, so that nobody's edit of that is
    /// overwritten, whenever it is made.
    @Test func whatASystemHoldsAlreadyIsLeftOutOfAPatch() throws {
        let (sofa, sent) = (sofa, Monitor<[JSON]>([]))
        let system = try ScriptedSystem { _, _, _ in
            (200, ["id": 7, "name": "Sofa", "address": ["street": "Old", "city": "TURKU"], "note": .null])
        } written: { _, body in
            sent.withLock { $0.append(body) }
            return (200, ["id": 7])
        }
        var writer = try self.writer(system, "patch")
        let write = { (document: JSON) in
            Write(key: sofa, revision: 1, own: "7", document: document, action: .put, idempotency: "")
        }
        let document: JSON = [
            "name": "Sofa", "address": ["street": "New", "city": "TURKU"], "note": .null, "size": .null,
        ]
        #expect(try writer.write([write(document)]).map(\.status) == [.written])
        #expect(sent.withLock { $0 } == [["address": ["street": "New"]]])
        #expect(try writer.write([write(["name": "Sofa"])]).map(\.status) == [.unchanged])
        #expect(sent.withLock { $0.count } == 1)
    }

    @Test func whatHasChangedSinceItWasLookedAtIsNotWrittenUnseen() throws {
        let (sofa, state) = (sofa, Monitor((name: "Theirs", puts: 0)))
        let system = try ScriptedSystem { method, _, _ in
            state.withLock { state in
                if method == "PUT" { state.puts += 1 }
                return (200, ["id": 7, "name": .string(state.name)])
            }
        }
        var writer = try self.writer(system, "put")
        let write = Write(
            key: sofa, revision: 1, own: "7", document: ["name": "Ours"], action: .put, idempotency: "")
        #expect(try writer.look(at: [write]) == [["id": 7, "name": "Theirs"]])
        state.withLock { $0.name = "A clerk's" }
        #expect(throws: SystemFailure.self) { _ = try writer.write([write]) }
        #expect(state.withLock { $0.puts } == 0)
        #expect(try writer.look(at: [write]) == [["id": 7, "name": "A clerk's"]])
        #expect(try writer.write([write]).map(\.status) == [.written])
    }

    /// Trap 3: the note on what is about to be created takes as long as it takes.
    @Test func whatSomebodyEnteredSinceItWasLookedForIsNotCreatedAgain() throws {
        let (sofa, state) = (sofa, Monitor((items: [JSON](), posts: 0)))
        let system = try ScriptedSystem { _, path, _ in
            state.withLock { path == "/items" ? (200, ["items": .array($0.items)]) : (200, $0.items[0]) }
        } written: { path, body in
            state.withLock { state in
                if path == "/items" { state.posts += 1 }
                var item = body
                item["id"] = 7
                state.items = [item]
                return (200, state.items[0])
            }
        }
        var writer = try self.writer(system, "put", #", create: "/items", find: "/items?gtin={gtin}", found: items"#)
        let write = Write(
            key: sofa, revision: 1, own: nil, document: ["gtin": .string(sofa), "name": "Ours"], action: .put,
            idempotency: "")
        #expect(try writer.look(at: [write]) == [nil])
        state.withLock { $0.items = [["id": 7, "gtin": .string(sofa), "name": "A clerk's"]] }
        #expect(throws: SystemFailure.self) { _ = try writer.write([write]) }
        #expect(state.withLock { $0.posts } == 0)
        #expect(try writer.look(at: [write]).first??["name"] == "A clerk's", "it is seen before it is written")
        #expect(try writer.write([write]).map(\.own) == ["7"])
        #expect(state.withLock { $0.posts } == 0)
    }

    private func writer(
        _ system: ScriptedSystem, _ update: String, _ more: String = ""
    ) throws -> ResourceWriter {
        let place = try DryInstallation(
            Self.connector(system.url).mapValues { $0.replacing("update: put", with: "update: \(update)\(more)") })
        let settings = try place.installation.connector("test")
        guard case .resource(let resource) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { throw SystemFailure("the connector is another one") }
        return ResourceWriter(settings: resource, deletion: .keep, system: HTTPSystem(http))
    }
}
