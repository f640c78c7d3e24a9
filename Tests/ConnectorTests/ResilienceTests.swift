import Canonical
import Digests
import Document
import Glibc
import Installation
import Logging
import Mapping
import Testing
import Transports

@testable import Connector

/// One record, one answer or one webhook that can't be used must not hold up the others, nor vanish (I2, I7).
@Suite struct ResilienceTests {
    private static let files = """
        system: importer
        connections: { drop: { folder: "{folder}/drop" } }
        sources:
          prices: { from: { drop: { files: "*.jsonl", settled: 10ms } }, map: price.jsonata }
        """
    private let sofa = "06438012345675"
    private let chair = "06438012345682"

    @Test func anEventThatIsTooLargeIsADeadLetterAndTheNextOneFollows() throws {
        let place = try Workplace([
            "connector.yaml": Self.files, "price.jsonata": #"{"product": {"gtin": gtin, "description": text}}"#,
        ])
        try place.connected { running in
            let big = String(repeating: "x", count: 1_200_000)
            try place.drop(
                "a.jsonl", #"{"gtin":"\#(sofa)","text":"\#(big)"}"# + "\n" + #"{"gtin":"\#(chair)","text":"y"}"#)
            #expect(try place.records(place.names.input(domain: "product"), count: 1).map(\.key) == [chair])
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead.first?.headers["omni_reason"]?.contains("too large") == true)
            #expect(running.reason == nil)
        }
    }

    @Test func aRecordThatIsTooLargeToWaitIsADeadLetter() throws {
        let place = try Workplace([
            "connector.yaml": Self.files,
            "price.jsonata":
                #"{"count": {"product": {"system": "importer", "id": id}, "place": "a", "quantity": 1, "note": text}}"#,
        ])
        try place.identify("product", "importer", "2", as: chair)
        try place.connected { running in
            place.eventually { running.knows("product", "importer", "2") }
            let big = String(repeating: "x", count: 1_100_000)
            try place.drop("a.jsonl", #"{"id":"1","text":"\#(big)"}"# + "\n" + #"{"id":"2","text":"y"}"#)
            #expect(try place.records(place.names.input(domain: "stock"), count: 1).map(\.key) == ["\(chair)@a"])
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead.first?.headers["omni_reason"]?.contains("product/importer:1") == true)
        }
    }

    @Test func longReasonsAndNamesFitIntoADeadLetter() throws {
        let place = try Workplace([
            "connector.yaml": Self.files, "price.jsonata": #"$reject($join($map([1..4000], function() {"🛋"})))"#,
        ])
        try place.connected { running in
            // As large as a value may be: there is little room left for headers.
            let big = String(repeating: "x", count: 995_000)
            try place.drop("a.jsonl", #"{"text":"\#(big)"}"#)
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            #expect(dead.first?.headers["omni_reason"]?.hasPrefix("🛋🛋") == true)
            #expect(running.reason == nil)
        }
    }

    @Test func quarantineIsForItsOwnerOnly() throws {
        let place = try Workplace(["connector.yaml": Self.files, "price.jsonata": #"$reject("no")"#])
        try place.connected { _ in
            try place.drop("a.jsonl", #"{"text":"\#(String(repeating: "x", count: 1_100_000))"}"#)
            let dead = try place.records(place.names.dead(of: "test"), count: 1)
            let file = try #require(dead.first?.headers["omni_quarantine"])
            var status = stat()
            #expect(stat("\(place.folder)/var/quarantine/test/\(file)", &status) == 0)
            #expect(status.st_mode & 0o077 == 0)
        }
    }

    // MARK: HTTP

    private static func connector(_ url: String, _ more: String, sinks: String = "") -> [String: String] {
        [
            "connector.yaml": """
            system: shop
            connections:
              api: { http: "\(url)", webhooks: { listen: "127.0.0.1:0", secret: key } }
            sources:
              items:
                from: { api: { poll: "/items", items: items, \(more) } }
                of: product
                unique: gtin
                every: 50ms
                map: items.jsonata
            \(sinks)
            on-error: { retry: 10ms, longest: 50ms }
            """,
            "items.jsonata": #"{"product": {"gtin": gtin, "name": name}, "self": id}"#,
        ]
    }

    private static func item(_ id: Int, _ gtin: String) -> JSON {
        ["id": .number(Number(id)), "gtin": .string(gtin), "name": "N"]
    }

    @Test func aRunThatFailedInTheMiddleBeginsAnew() throws {
        let failures = Monitor(2)
        let (sofa, chair) = (sofa, chair)
        let system = try ScriptedSystem { _, _, page in
            if page == nil { return (200, ["items": [Self.item(1, sofa)]]) }
            let fails = failures.withLock { failures in
                failures -= 1
                return failures >= 0
            }
            if fails { return (503, .null) }
            return (200, ["items": page == "2" ? [Self.item(2, chair)] : []])
        }
        let place = try Workplace(Self.connector(system.url, "pages: { number: page }"))
        try place.connected { _ in
            place.eventually { try !place.records(place.names.position(connector: "test")).isEmpty }
            #expect(try place.records(place.names.dead(of: "test")).count == 0)
            let seen = Set(try place.records(place.names.input(domain: "product")).map(\.key))
            #expect(seen == [sofa, chair])
        }
    }

    private func deletions(_ place: Workplace) throws -> [String] {
        try place.records(place.names.input(domain: "product")).filter { $0.type == "omni.product.deleted" }.map(\.key)
    }

    @Test func aRecordThatMovesBetweenPagesIsNotDeleted() throws {
        let ids = Monitor([1, 2, 3])
        let gtins = [sofa, chair, "06438012345699"]
        let system = try ScriptedSystem { _, _, page in
            let start = ((page.flatMap { Int($0) } ?? 1) - 1) * 2
            return ids.withLock { ids in
                // The first one is deleted behind the first page: the third one moves into that page.
                defer { if page == nil { ids.removeAll { $0 == 1 } } }
                return (200, ["items": .array(ids.dropFirst(start).prefix(2).map { Self.item($0, gtins[$0 - 1]) })])
            }
        }
        let place = try Workplace(Self.connector(system.url, "pages: { number: page }"))
        for (index, gtin) in gtins.enumerated() { try place.identify("product", "shop", "\(index + 1)", as: gtin) }
        try place.connected { _ in
            place.eventually { try deletions(place).contains(sofa) }
            let found = try deletions(place)
            #expect(found == [sofa])
        }
    }

    @Test func whatASinkWroteBehindAPageIsNotMissingFromTheRun() throws {
        /// Pages go on, without records, until what they wait for has happened.
        struct Script {
            var run = 0
            var isWritten = false
            var isReleased = false
            var goesOn: Bool { run == 1 && !isWritten || run == 3 && !isReleased }
        }
        let script = Monitor(Script())
        let (sofa, chair) = (sofa, chair)
        let system = try ScriptedSystem { method, _, page in
            script.withLock { script in
                guard method == "GET" else {
                    script.isWritten = true
                    return (200, Self.item(2, chair))
                }
                if page == nil, script.isWritten || script.run == 0 { script.run += 1 }
                let number = (page.flatMap { Int($0) } ?? 1) + 1
                return (
                    200,
                    [
                        "items": page == nil ? [Self.item(1, sofa)] : [],
                        "next": .string(number == 2 || script.goesOn ? "/items?page=\(number)" : ""),
                    ]
                )
            }
        }
        let place = try Workplace(
            Self.connector(
                system.url, "pages: { next: next }",
                sinks: """
                    sinks:
                      items: { of: product, map: sink.jsonata, to: { api: { resource: "/items/{id}" } } }
                    """
            ).merging(["sink.jsonata": #"{"gtin": $key}"#]) { $1 })
        for (number, gtin) in [sofa, chair].enumerated() {
            try place.identify("product", "shop", "\(number + 1)", as: gtin)
        }
        try place.produce(place.names.position(connector: "test"), key: "items", ["position": ["cycle": 1]])
        try place.connected { _ in
            place.eventually { script.withLock { $0.run == 1 } }
            try place.golden("product", chair, revision: 1, ["gtin": .string(chair)])
            // The first run was under way when it was written; the second one is the first that lacks it.
            place.eventually { script.withLock { $0.run == 3 } }
            let found = try deletions(place)
            #expect(found == [])
            script.withLock { $0.isReleased = true }
            place.eventually { try deletions(place) == [chair] }
        }
    }

    @Test(arguments: ["pages: { number: page }", "pages: { next: next }"])
    func pagesThatNeverEndAreTheSystemsFailure(pages: String) throws {
        let asked = Monitor(0)
        let sofa = sofa
        let system = try ScriptedSystem { _, _, _ in
            asked.withLock { $0 += 1 }
            return (200, ["items": [Self.item(1, sofa)], "next": "/items?page=2"])
        }
        let place = try DryInstallation(Self.connector(system.url, pages))
        let settings = try place.installation.connector("test")
        guard case .poll(let poll) = settings.sources[0].from.transport,
            case .http(let http) = settings.connections[0].kind
        else { return }
        var source = PollSource(settings.sources[0], poll, HTTPSystem(http), hints: nil, registration: nil)
        #expect(throws: SystemFailure.self) {
            for _ in 0..<20 { _ = try source.read(from: nil) { _, _ in } }
        }
        #expect(asked.withLock { $0 } < 5)
    }

    @Test func aWebhookThatCantBeUsedIsADeadLetterAndAnswered() throws {
        let sofa = sofa
        let system = try ScriptedSystem { _, path, _ in
            switch path {
            case "/items": (200, ["items": [Self.item(7, sofa)]])
            case "/items/7": (200, Self.item(7, sofa))
            default: (400, .null)
            }
        }
        let place = try Workplace(
            Self.connector(system.url, #"webhook: { path: /hook, id: data.id, fetch: "/items/{id}" }"#))
        try place.connected { running in
            place.eventually { try !place.records(place.names.position(connector: "test")).isEmpty }
            let bodies = [
                (#"{"data":{"id":7}}"#, nil), (#"{"data":{}}"#, "data.id"), (#"{"data":{"id":"a b"}}"#, "400"),
            ]
            for (body, reason) in bodies as [(String, String?)] {
                let code = Hex.encode(HMACSHA256.code(for: Array(body.utf8), key: Array("key".utf8)))
                let answer = try HTTPClient().send(
                    HTTPClient.Request(
                        .post, "http://127.0.0.1:\(try #require(running.connector.webhookPort))/hook",
                        fields: ["X-Signature": code], body: Array(body.utf8)))
                #expect(answer.status == 200)
                let dead = try place.records(place.names.dead(of: "test")).last
                guard let reason else {
                    // What the last full reading held may come again.
                    #expect(dead == nil)
                    continue
                }
                #expect(dead?.bytes == Array(body.utf8))
                #expect(dead?.headers["omni_reason"]?.contains(reason) == true, "\(dead?.headers ?? [:])")
            }
        }
    }

    @Test func aLookUpThatTheSystemRefusesParksThatRecordOnly() throws {
        let (sofa, chair) = (sofa, chair)
        let system = try ScriptedSystem { method, path, page in
            switch (method, path, page) {
            case ("GET", "/find", sofa?): (422, .null)
            case ("GET", "/find", _): (200, ["items": []])
            case ("POST", _, _): (201, ["id": 7])
            default: (404, .null)
            }
        }
        let place = try DryInstallation(
            Self.connector(
                system.url, "pages: { number: page }",
                sinks: """
                    sinks:
                      items:
                        of: product
                        map: items.jsonata
                        to: { api: { resource: "/items/{id}", create: /items, find: "/find?page={gtin}", found: items } }
                    """))
        let settings = try place.installation.connector("test")
        guard case .resource(let resource) = settings.sinks[0].to.transport,
            case .http(let http) = settings.connections[0].kind
        else { return }
        var writer = ResourceWriter(settings: resource, deletion: .keep, system: HTTPSystem(http))
        let writes = [sofa, chair].map {
            Write(key: $0, revision: 1, own: nil, document: ["gtin": .string($0)], action: .put, idempotency: $0)
        }
        #expect(try writer.write(writes).map(\.status) == [.refused("the system answered 422"), .written])
    }

    @Test func aRevisionRightBehindACreationMakesNoTwin() throws {
        let requests = Monitor<[String]>([])
        let sofa = sofa
        let system = try ScriptedSystem { method, path, _ in
            if method != "GET" { requests.withLock { $0.append("\(method) \(path)") } }
            switch (method, path) {
            case ("POST", _): return (201, ["id": 7])
            case ("PUT", "/items/7"): return (200, Self.item(7, sofa))
            default: return (200, ["items": []])
            }
        }
        let place = try Workplace(
            Self.connector(
                system.url, "pages: { number: page }",
                sinks: """
                    sinks:
                      items:
                        of: product
                        map: sink.jsonata
                        to: { api: { resource: "/items/{id}", create: /items, idempotency: Key } }
                    """
            ).merging(["sink.jsonata": #"{"gtin": $key, "name": name}"#]) { $1 })
        try place.connected { _ in
            // The hub is slow: no number comes from it.
            for revision in 1...3 {
                try place.golden("product", sofa, revision: revision, ["name": .string("N\(revision)")])
                place.eventually { requests.withLock { $0.count == revision } }
            }
            #expect(requests.withLock { $0 } == ["POST /items", "PUT /items/7", "PUT /items/7"])
        }
    }

    /// At the first start golden records are read that were merged since: nobody is created twice for that.
    @Test func nobodyIsCreatedWhoIsPartOfSomebodyElseByNow() throws {
        let requests = Monitor<[String]>([])
        let system = try ScriptedSystem { method, path, _ in
            if method != "GET" { requests.withLock { $0.append("\(method) \(path)") } }
            return method == "POST" ? (201, ["id": 7]) : (200, ["items": []])
        }
        let place = try Workplace(
            Self.connector(
                system.url, "pages: { number: page }",
                sinks: """
                    sinks:
                      people:
                        of: customer
                        map: person.jsonata
                        to: { api: { resource: "/people/{id}", create: /people, idempotency: Key } }
                    """
            ).merging(["person.jsonata": #"{"name": familyName}"#]) { $1 })
        let key = { (number: Int) in "00000000-0000-5000-8000-00000000000\(number)" }
        let person: JSON = ["familyName": "Aino", "members": [["system": "counter", "id": "92"]]]
        try place.identify("customer", "counter", "92", as: key(1))
        try place.connected { _ in
            try place.golden("customer", key(2), revision: 1, person)
            try place.golden("customer", key(3), revision: 1, ["familyName": "Other", "members": []])
            place.eventually { requests.withLock { $0.count } == 1 }
            #expect(requests.withLock { $0 } == ["POST /people"], "the other one's")
            // It was the numbers that were late.
            try place.identify("customer", "counter", "92", as: key(2))
            place.eventually { requests.withLock { $0.count } == 2 }
        }
    }

    // MARK: SQLite

    @Test func aComparisonForgetsNoChangeBeforeIt() throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute("CREATE TABLE sale (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO sale VALUES (1, 1)")
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sources:
              sales: { from: { db: { outbox: sale, key: [id] } }, map: a.jsonata, compare: daily }
            """,
            "a.jsonata": "[]",
        ])
        let settings = try place.installation.connector("test")
        guard case .outbox(let reading) = settings.sources[0].from.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { return }
        func operations(_ source: inout OutboxSource, from position: JSON?) throws -> (seen: [String], end: PageEnd) {
            var seen: [String] = []
            let end = try source.read(from: position) { _, tape in
                seen.append("\(tape.root["op"]?.string ?? "") \(tape.root["key"]?["id"]?.integer ?? 0)")
            }
            try source.acknowledge()
            return (seen, end)
        }
        var first = try OutboxSource(settings.sources[0], reading, connection, by: .one)
        let start = try operations(&first, from: nil)
        #expect(start.seen == ["snapshot 1"])
        try database.execute("INSERT INTO sale VALUES (2, 5); DELETE FROM sale WHERE id = 1")
        // A restart compares at once.
        var second = try OutboxSource(settings.sources[0], reading, connection, by: .one)
        let compared = try operations(&second, from: start.end.position)
        #expect(compared.seen == ["insert 2", "delete 1", "snapshot 2"])
        #expect(try operations(&second, from: compared.end.position).seen == [])
    }

    @Test func aValueThatDoesntFitItsColumnParksThatRecordOnly() throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT)")
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sinks: { articles: { of: product, map: a.jsonata, to: { db: { upsert: article, key: [id] } } } }
            """
        ])
        let settings = try place.installation.connector("test")
        guard case .table(let table) = settings.sinks[0].to.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { return }
        var writer = try TableWriter(table, .keep, connection, seenBy: nil, by: .one)
        let written = try writer.write(
            [JSON.string("x"), .number(Number(1))].map {
                Write(key: $0.text, revision: 1, own: nil, document: ["id": $0], action: .put, idempotency: "")
            })
        #expect(written.map(\.status) == [.refused("datatype mismatch"), .written])
    }

    /// The report that told of a row's number may be lost: what was written without a number is still known by its key.
    @Test func whatWasWrittenAndNeverReportedIsDeletedAllTheSame() throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase("\(folder.path)/till.db", mode: .create)
        try database.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, ean TEXT UNIQUE, active INTEGER DEFAULT 1)")
        let place = try DryInstallation([
            "connector.yaml": """
            system: till
            connections: { db: { sqlite: "\(folder.path)/till.db" } }
            sinks:
              articles:
                of: product
                map: a.jsonata
                to: { db: { upsert: article, key: [ean], own: id } }
                delete: { set: { active: 0 } }
            """
        ])
        let settings = try place.installation.connector("test")
        guard case .table(let table) = settings.sinks[0].to.transport,
            case .sqlite(let connection) = settings.connections[0].kind
        else { return }
        var writer = try TableWriter(table, settings.sinks[0].delete, connection, seenBy: nil, by: .one)
        func write(_ ean: String, _ revision: Int64, own: String? = nil, _ action: Write.Action) throws -> Written {
            try writer.write([
                Write(
                    key: ean, revision: revision, own: own, document: ["ean": .string(ean), "active": 1],
                    action: action, idempotency: "")
            ])[0]
        }
        func isActive(_ ean: String) throws -> Bool {
            try database.first("SELECT active FROM article WHERE ean = ?", [.text(ean)]) { $0.integer(at: 0) == 1 }!
        }
        let created = try write("1", 1, .put)
        #expect(created.own != nil && created.isNew)
        // The next process was never told of the number.
        let deleted = try write("1", 2, .delete)
        #expect(try deleted.status == .absent && deleted.own == created.own && !isActive("1"))
        // From then on it is somebody else's again, as is what somebody entered, and what has been known by its number.
        try database.execute("UPDATE article SET active = 1; INSERT INTO article (ean) VALUES ('2')")
        let third = try write("3", 1, .put)
        _ = try write("3", 2, own: third.own, .put)
        for ean in ["1", "2", "3"] {
            let left = try write(ean, 3, .delete)
            #expect(try left.status == .absent && left.own == nil && isActive(ean))
        }
    }

    // MARK: Logs

    @Test func whatAMappingSaysOfARecordIsNotLogged() throws {
        let place = try DryInstallation([
            "connector.yaml": "system: till\nconnections: {}\n"
        ])
        let knowledge = Knowledge(
            system: "till", names: TopicNames(prefix: "omni"), kinds: try KindCatalog(try place.installation.model()),
            identities: IdentityTable(), tables: .none, decisions: DecisionTable())
        for (text, code) in [
            ("$error(name)", "D3137"), ("$assert(false, name)", "D3141"), ("$reject(name)", "rejected"),
        ] {
            var translator = RecordTranslator(
                try CompiledMapping(source: "\n" + text, file: "a.jsonata"), knowledge, source: "a")
            var tape = Tape()
            try tape.parse(Array(#"{"name": "Aino Virtanen"}"#.utf8))
            let root = tape.root
            guard case .failure(let dead) = translator.translate(root, &tape, "1", .never, nil) else {
                Issue.record("it is taken")
                return
            }
            #expect(dead.reason.contains("Aino Virtanen"))
            #expect(!dead.logged.contains("Aino") && dead.logged.contains(code) && dead.logged.contains("a.jsonata:2"))
        }
    }
}
