import Document
import Formats
import Glibc
import Testing

@testable import Installation

@Suite struct ConnectorYAMLTests {
    private func folder(_ connector: String) throws -> Folder {
        try Folder(["omni.yaml": plain, "Connectors/retailer/connector.yaml": connector])
    }

    private let till = """
        system: till
        connections:
          db: { sqlite: "${env:TILL_DB:-till.db}" }
          web: { http: "http://127.0.0.1:1/", token: abc, webhooks: { listen: 127.0.0.1:0, secret: xyz } }
          in: { folder: drop }
        sources:
          sales:
            from: { db: { outbox: sale, key: [id], with: { shop: "SELECT * FROM shop WHERE id = :shop_id" } } }
            start: now
            map: sales.jsonata
          people:
            from: { web: { poll: /people, items: data.people, since: { parameter: since, member: changed },
                    pages: { cursor: after, member: next }, webhook: { path: /hook, fetch: "/people/{id}" } } }
            delivers: everything
            of: customer
            compare: daily
            map: people.jsonata
          prices:
            from: { in: { files: "PRICE*.csv" } }
            format: { csv: { delimiter: ";" } }
            map: price.jsonata
        sinks:
          articles:
            of: product
            where: "'till' in assortment"
            map: article.jsonata
            to: { db: { upsert: article, key: ean } }
            delete: { set: { active: 0 } }
            seen-by: sales
            batch: { records: 10, wait: 5ms }
        """

    @Test func aWholeConnectorIsDecoded() throws {
        let folder = try folder(till)
        let connector = try folder.load().connector("retailer")
        withExtendedLifetime(folder) {}
        #expect(connector.system == "till")
        #expect(connector.sources.map(\.name) == ["sales", "people", "prices"])
        guard case .outbox(let outbox) = connector.sources[0].from.transport else {
            Issue.record("not an outbox")
            return
        }
        #expect(outbox.table == "sale" && outbox.key == ["id"] && outbox.with.map(\.name) == ["shop"])
        #expect(connector.sources[0].start == .now)
        guard case .poll(let poll) = connector.sources[1].from.transport else {
            Issue.record("not a poll")
            return
        }
        #expect(poll.items == "data.people" && poll.since?.member == "changed")
        #expect(poll.pages == .cursor(parameter: "after", member: "next"))
        #expect(poll.webhook?.fetch == "/people/{id}")
        #expect(connector.sources[1].compare == .seconds(86400))
        #expect(connector.sources[2].format == ["csv": ["delimiter": ";"]])
        let sink = connector.sinks[0]
        #expect(sink.filter == "'till' in assortment")
        #expect(sink.delete == .set(["active": 0]))
        #expect(sink.batch == BatchSettings(records: 10, wait: .milliseconds(5)))
        guard case .table(let table) = sink.to.transport else {
            Issue.record("not a table")
            return
        }
        #expect(table == TableWriting(table: "article", key: ["ean"], own: nil))
        guard case .http(let web)? = connector.connection("web")?.kind else {
            Issue.record("not HTTP")
            return
        }
        #expect(web.base == "http://127.0.0.1:1" && web.webhooks?.header == "X-Signature")
    }

    @Test(arguments: [
        ("map: sales.jsonata", "mapp: sales.jsonata", #":10: source "sales": unknown key "mapp"; did you mean "map"?"#),
        ("map: sales.jsonata", "", #"source "sales": lacks "map""#),
        (
            "  prices:\n    from: { in: { files: \"PRICE*.csv\" } }",
            "  prices:\n    from: { db: { outbox: sale, key: [id] } }",
            #":19: source "prices": the source "sales" reads the table "sale" already"#
        ),
        ("start: now", "start: today", #"source "sales": start must be one of snapshot, now"#),
        ("from: { db: { outbox", "from: { bd: { outbox", #"no connection is called "bd"; did you mean "db"?"#),
        ("from: { db: { outbox", "from: { web: { outbox", #"the connection "web" is http, and this needs sqlite"#),
        ("of: customer", "", "delivers everything: add \"of: <entity>\""),
        (
            "sinks:\n", "sinks:\n  list: { of: product, map: a.jsonata, to: { in: { file: a.csv } } }\n",
            #"sink "articles": the sink "list" writes product into this system already"#
        ),
        ("secret: xyz", "secret: ''", "secret is empty: is the variable or file set that it comes from?"),
        ("token: abc", "token: \"\"", "token is empty"),
        ("seen-by: sales", "seen-by: sale", #"seen-by names no source: "sale"; did you mean "sales"?"#),
        ("{ upsert: article, key: ean }", "{ upsert: article, key: ean, file: x }", "takes only one of"),
        ("{ upsert: article, key: ean }", "{}", #"needs one of "upsert", "resource", "file""#),
        ("delete: { set: { active: 0 } }", "delete: never", "delete takes remove, keep, or"),
        ("upsert: article, key: ean", "resource: '/a/{id}', create: /a", "would make a twin"),
        (
            "{ csv: { delimiter: \";\" } }", "{ csv: { delimitr: \";\" } }",
            #":20: source "prices": format: csv.delimitr: no such option; did you mean 'delimiter'?"#
        ),
        (
            "{ csv: { delimiter: \";\" } }", "\n      csv:\n        trim: true\n        header: { contain: [EAN] }",
            #":23: source "prices": format: csv.header: expected a row's number"#
        ),
        (
            "{ csv: { delimiter: \";\" } }", "cvs",
            #":20: source "prices": format: no format is called 'cvs'; did you mean 'csv'?"#
        ),
        (
            "to: { db: { upsert: article, key: ean } }", "to: { in: { file: a.csv, format: { csv: { quote: xx } } } }",
            #":27: sink "articles", to: format: csv.quote: expected one ASCII character"#
        ),
        ("fetch: \"/people/{id}\"", "id: id", #"needs one of "fetch", "facts: true""#),
    ])
    func aMistakeIsNamed(text: String, by mistake: String, expected: String) throws {
        let changed = till.replacing(text, with: mistake)
        #expect(changed != till)
        let problems = try folder(changed).problems("retailer")
        #expect(problems.contains(expected), "\(problems)")
    }

    @Test func anUnknownConnectorIsNamedWithTheNearest() throws {
        #expect(try folder(till).problems("retailler").contains(#"did you mean "retailer"?"#))
    }

    @Test func theEnvironmentIsOnlyNeededByWhoConnects() throws {
        let folder = try folder(till.replacing(":-till.db", with: ""))
        #expect(try folder.problems("retailer").contains("TILL_DB"))
        #expect(try folder.load().connector("retailer", surroundings: .unneeded).system == "till")
        withExtendedLifetime(folder) {}
    }

    @Test func theReferenceNamesEveryKeyThatIsRead() {
        let reference = Installation.reference
        for key in [
            "broker", "topics.partitions", "sources.<name>.from.<connection>.outbox", "sinks.<name>.batch.records",
            "sources.<name>.from.<connection>.pages.cursor", "connections.<name>.webhooks.secret", "on-error.retry",
        ] {
            #expect(reference.contains("`\(key)`"), "\(key)")
        }
    }

    @Test func theReferenceNamesEveryOptionOfEveryFormat() {
        let reference = Installation.reference
        for format in FormatCatalog.all {
            let section = reference.split(separator: "\n### ").first { $0.hasPrefix("\(format.name)\n") }
            #expect(section?.contains(format.summary) == true, "\(format.name)")
            for option in format.options {
                #expect(section?.contains("| `\(option.name)` |") == true, "\(format.name).\(option.name)")
                #expect(section?.contains(option.meaning) == true, "\(format.name).\(option.name)")
            }
        }
    }

    @Test func theReferencePageIsTheOneInTheDocumentation() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let page = "\(root)/docs/configuration.md"
        if getenv("OMNI_UPDATE_DOCS") != nil {
            let file = try #require(fopen(page, "w"))
            fputs(Installation.reference, file)
            fclose(file)
        }
        #expect(try readText(at: page) == Installation.reference, "OMNI_UPDATE_DOCS=1 swift test --filter theReference")
    }
}
