import Canonical
import Document
import Testing
import Transports

@Suite struct TableSinkTests {
    private let connector = """
        system: till
        connections:
          db: { sqlite: "{folder}/till.db" }
        sources:
          articles:
            from: { db: { outbox: article, key: [id] } }
            start: now
            map: article-out.jsonata
        sinks:
          articles:
            of: product
            where: "'till' in assortment"
            map: article.jsonata
            to: { db: { upsert: article, key: [ean], own: id } }
            delete: { set: { active: 0 } }
            seen-by: articles
            batch: { records: 10, wait: 5ms }
        on-error: { retry: 50ms, longest: 200ms }
        """
    private let files = [
        "article.jsonata": #"{"ean": $key, "name": name, "price": price}"#,
        "article-out.jsonata": """
        new ? {"product": {"gtin": new.ean, "name": new.name, "price": new.price}, "self": new.id, "at": at}
        """,
    ]

    private func workplace(
        batch: Int = 10, partitions: Int = 2, mostParked: Int = 1000
    ) throws -> (Workplace, SQLiteDatabase) {
        let connector = connector.replacing("records: 10", with: "records: \(batch)")
            .replacing("longest: 200ms", with: "longest: 200ms, most-parked: \(mostParked)")
        let place = try Workplace(files.merging(["connector.yaml": connector]) { $1 }, partitions: partitions)
        let database = try SQLiteDatabase("\(place.folder)/till.db", mode: .create)
        try database.execute(
            """
            CREATE TABLE article (
                id INTEGER PRIMARY KEY AUTOINCREMENT, ean TEXT NOT NULL UNIQUE, name TEXT NOT NULL CHECK (name <> 'bad'),
                price NUMERIC, active INTEGER NOT NULL DEFAULT 1);
            CREATE TRIGGER cut AFTER INSERT ON article BEGIN
                UPDATE article SET name = substr(name, 1, 8) WHERE id = new.id; END;
            CREATE TRIGGER cut_again AFTER UPDATE OF name ON article WHEN length(new.name) > 8 BEGIN
                UPDATE article SET name = substr(name, 1, 8) WHERE id = new.id; END;
            INSERT INTO sqlite_sequence VALUES ('article', 500);
            """)
        return (place, database)
    }

    private let sofa = "06438012345675"

    private func document(_ name: String, _ assortment: [JSON] = ["till"]) -> JSON {
        [
            "gtin": .string(sofa), "name": .string(name), "price": .number(Number("19.90")!),
            "assortment": .array(assortment),
        ]
    }

    private func name(_ database: SQLiteDatabase) throws -> String? {
        try database.first("SELECT name FROM article WHERE ean = ?", [.text(sofa)]) { $0.text(at: 0) } ?? nil
    }

    @Test func aGoldenRecordIsWrittenAndReportedAsTheSystemHoldsIt() throws {
        let (place, database) = try workplace()
        try place.connected { _ in
            try place.golden("product", sofa, revision: 7, document("Green sofa, three seats"))
            let reports = try place.records(place.names.input(domain: "product"), count: 1)
            let report = try #require(reports.first)
            #expect(report.type == "omni.product.written")
            #expect(report.key == sofa)
            #expect(report.value?["revision"] == 7)
            #expect(report.value?["status"] == "written")
            #expect(report.value?["self"] == "501")
            #expect(
                report.value?["held"] == ["gtin": .string(sofa), "name": "Green so", "price": .number(Number("19.9")!)])
            #expect(report.headers["ce_revision"] == "7")
            #expect(report.headers["ce_self"] == "501")
            #expect(report.headers["ce_position"] != nil)
            #expect(try name(database) == "Green so")
            // No echo: what the connector wrote doesn't come back as a change (I6).
            try place.golden("product", sofa, revision: 8, document("Blue sofa"))
            #expect(
                try place.records(place.names.input(domain: "product"), count: 2).allSatisfy {
                    $0.type.hasSuffix("written")
                })
            try database.run("UPDATE article SET price = 25 WHERE ean = ?", [.text(sofa)])
            let seen = try place.records(place.names.input(domain: "product"), count: 3)
            #expect(seen.map(\.type) == ["omni.product.written", "omni.product.written", "omni.product.stated"])
            #expect(seen.last?.value?["price"] == 25)
        }
    }

    @Test func leavingTheAssortmentDeletes() throws {
        let (place, database) = try workplace()
        try place.connected { running in
            try place.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try place.records(place.names.input(domain: "product"), count: 1)
            // As the hub does, once it has the report.
            try place.identify("product", "till", "501", as: sofa)
            place.eventually { running.knows("product", "till", "501") }
            try place.golden("product", sofa, revision: 2, document("Sofa", ["shop"]))
            let reports = try place.records(place.names.input(domain: "product"), count: 2)
            #expect(reports.last?.value?["status"] == "absent")
            #expect(reports.last?.value?["revision"] == 2)
        }
        #expect(try database.first("SELECT active FROM article", [], { $0.integer(at: 0) }) == 0)
    }

    /// A table without numbers of its own: only what was written tells which row it was.
    @Test func aMappingThatGivesNothingDeletesTheRowThatWasWritten() throws {
        let files = [
            "connector.yaml": """
            system: till
            connections:
              db: { sqlite: "{folder}/till.db" }
            sinks:
              articles:
                of: product
                map: article.jsonata
                to: { db: { upsert: article, key: [ean] } }
                delete: remove
                batch: { records: 10, wait: 5ms }
            """,
            "article.jsonata": #"name = "gone" or $deleted ? [] : {"ean": "E" & $key, "name": name}"#,
        ]
        let place = try Workplace(files)
        let database = try SQLiteDatabase("\(place.folder)/till.db", mode: .create)
        try database.execute(
            "CREATE TABLE article (ean TEXT PRIMARY KEY, name TEXT NOT NULL); INSERT INTO article VALUES ('E1', 'Theirs')"
        )
        let (topic, other) = (place.names.input(domain: "product"), "06438012345682")
        let rows = { try database.first("SELECT group_concat(name) FROM article", []) { $0.text(at: 0) } ?? nil }
        try place.connected { _ in
            try place.golden("product", sofa, revision: 5, ["name": "Sofa"])
            try place.golden("product", other, revision: 5, ["name": "Chair"])
            _ = try place.records(topic, count: 2)
            #expect(try rows()?.contains("Sofa") == true)
            try place.golden("product", sofa, revision: 6, ["name": "gone"])
            try place.golden("product", other, revision: 6, .object([]), verb: .erased)
            try place.golden("product", "06438012345699", revision: 1, ["name": "gone"])
            let reports = try place.records(topic, count: 5)
            #expect(reports.count { $0.value?["status"] == "absent" } == 3)
        }
        #expect(try rows() == "Theirs", "ours are gone")
    }

    @Test func aRefusedRecordParksAloneAndANewerOneReleasesIt() throws {
        let (place, database) = try workplace()
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("bad"))
            try place.golden("product", "06438012345682", revision: 1, ["name": "Chair", "assortment": ["till"]])
            let topic = place.names.input(domain: "product")
            let reports = try place.records(topic, count: 2)
            let refused = try #require(reports.first { $0.key == sofa })
            #expect(refused.value?["status"] == "parked")
            #expect(refused.value?["reason"]?.string?.contains("CHECK") == true)
            #expect(reports.first { $0.key != sofa }?.value?["status"] == "written")
            let parked = try place.records(place.names.parked(connector: "test"), count: 1)
            #expect(parked.first?.key == "sink:articles/product/\(sofa)")
            try place.golden("product", sofa, revision: 2, document("Good"))
            place.eventually { try name(database) == "Good" }
            place.eventually {
                try place.records(place.names.parked(connector: "test")).last {
                    $0.key == "sink:articles/product/\(sofa)"
                }?
                .bytes.isEmpty == true
            }
        }
    }

    @Test func withTooManyParkedSourcesReadAndWhatMendsThemIsTakenUp() throws {
        let (place, database) = try workplace(mostParked: 1)
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("bad"))
            _ = try place.records(topic, count: 1)
        }
        try place.connected { _ in
            try database.execute("INSERT INTO article (ean, name) VALUES ('06438012345668', 'Bench')")
            place.eventually { try place.records(topic).contains { $0.type == "omni.product.stated" } }
            for key in 0..<30 {
                try place.golden("product", "0643801234\(5000 + key)", revision: 1, ["name": "x", "assortment": []])
            }
            try place.golden("product", sofa, revision: 2, document("Good"))
            place.eventually {
                try database.first(
                    "SELECT name FROM article WHERE ean = ?", [.text(sofa)], { $0.text(at: 0) ?? "" }) == "Good"
            }
            // And then all others.
            place.eventually { Set(try place.records(topic).map(\.key)).count == 32 }
        }
    }

    @Test func aLockedSystemPausesTheSinkAndLosesNothing() throws {
        let (place, database) = try workplace()
        let other = connector.replacing("till.db\" }", with: "till.db\", busy: 20ms }")
        #expect(other != connector)
        let patient = try Workplace(
            files.merging(["connector.yaml": other.replacing("{folder}", with: place.folder)]) { $1 })
        try patient.connected { _ in
            // Connected and idle first: the lock must hit a write.
            try patient.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try patient.records(patient.names.input(domain: "product"), count: 1)
            try database.execute("BEGIN IMMEDIATE")
            try patient.golden("product", sofa, revision: 2, document("Later"))
            try patient.golden("location", "kamppi", revision: 1, ["code": "kamppi"])
            #expect(try name(database) == "Sofa")
            try database.execute("COMMIT")
            patient.eventually { try name(database) == "Later" }
            #expect(try patient.records(patient.names.parked(connector: "test")).isEmpty)
        }
    }

    @Test func anOlderRevisionNeverComesOverANewerOne() throws {
        let (place, database) = try workplace()
        try place.connected { _ in
            try place.golden("product", sofa, revision: 5, document("New"))
            _ = try place.records(place.names.input(domain: "product"), count: 1)
            try place.golden("product", sofa, revision: 4, document("Old"))
            try place.golden("product", "06438012345682", revision: 1, ["name": "Chair", "assortment": ["till"]])
            place.eventually { try database.first("SELECT count(*) FROM article", [], { $0.integer(at: 0) }) == 2 }
            #expect(try name(database) == "New")
        }
    }

    /// After starting over revisions begin at 1 again: the epoch tells that they are newer.
    @Test func aLaterEpochIsNewerWhateverTheRevisions() throws {
        let (place, database) = try workplace()
        try place.connected { _ in
            try place.golden("product", sofa, revision: 5, epoch: 1_000, document("Before"))
            place.eventually { try name(database) == "Before" }
            try place.golden("product", sofa, revision: 1, epoch: 2_000, document("After"))
            place.eventually { try name(database) == "After" }
            try place.golden("product", sofa, revision: 6, epoch: 1_000, document("Zombie"))
            try place.golden("product", "06438012345682", revision: 1, ["name": "Chair", "assortment": ["till"]])
            place.eventually { try database.first("SELECT count(*) FROM article", [], { $0.integer(at: 0) }) == 2 }
            #expect(try name(database) == "After")
        }
    }

    @Test func aRestartRepeatsTheLastWritesAndReportsThemBeforeItReads() throws {
        let (place, database) = try workplace()
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try place.records(topic, count: 1)
        }
        // It died between the write and its commit; meanwhile the cashier has renamed the article.
        try place.rewind(place.names.golden(entity: "product"))
        try database.run("UPDATE article SET name = 'Edited' WHERE ean = ?", [.text(sofa)])
        try place.connected { _ in
            let seen = try place.records(topic, count: 4)
            let written = "omni.product.written"
            #expect(seen.map(\.type) == [written, written, written, "omni.product.stated"])
            // The report of the repetition stands behind the edit in the till's own order, though it came first; the report of
            // what was written before, before it.
            let positions = seen.map { $0.headers["ce_position"].flatMap { Int($0) } ?? -1 }
            #expect(positions[1] < positions[3] && positions[3] <= positions[2])
            #expect(seen[2].value?["held"]?["name"] == "Sofa")
            #expect(seen[3].value?["name"] == "Edited")
            #expect(try name(database) == "Sofa")
        }
    }

    /// I6: a process wrote and ended before it could say so, and a newer revision has come. What the outbox notes of people's edits
    /// in between shows the older one's values.
    @Test func aNewerRevisionDoesNotHideWhatTheProcessBeforeWrote() throws {
        let (place, database) = try workplace()
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, ["name": "Sofa", "assortment": ["till"]])
            _ = try place.records(topic, count: 1)
        }
        try place.rewind(place.names.golden(entity: "product"))
        try database.run("UPDATE article SET price = 5 WHERE ean = ?", [.text(sofa)])
        try place.golden("product", sofa, revision: 2, ["name": "Bench", "assortment": ["till"]])
        try place.connected { _ in
            let seen = try place.records(topic, count: 4).dropFirst()
            let earlier = try #require(seen.first { $0.value?["revision"] == 1 })
            let later = try #require(seen.first { $0.value?["revision"] == 2 })
            let edit = try #require(seen.first { $0.type == "omni.product.stated" })
            #expect(earlier.value?["held"]?["name"] == "Sofa" && later.value?["held"]?["name"] == "Bench")
            #expect(edit.value?["name"] == "Sofa" && edit.value?["price"] == 5)
            let positions = [earlier, edit, later].map { $0.headers["ce_position"].flatMap { Int($0) } ?? -1 }
            #expect(positions[0] < positions[1] && positions[1] <= positions[2])
            // The price was nobody's to report: it is the cashier's.
            #expect(later.value?["held"]?["price"] == nil)
        }
    }

    /// What somebody has deleted isn't entered again under a new number: the hub decides, when it has heard of it.
    @Test func aRowThatSomebodyHasDeletedIsNotEnteredAgain() throws {
        let (place, database) = try workplace()
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try place.records(topic, count: 1)
            try place.identify("product", "till", "501", as: sofa)
            try database.run("DELETE FROM article WHERE ean = ?", [.text(sofa)])
            try place.golden("product", sofa, revision: 2, document("Bench"))
            let seen = try place.records(topic, count: 2)
            #expect(seen[1].value?["status"] == "parked" && seen[1].value?["revision"] == 2)
            #expect(try name(database) == nil)
            try place.produce(place.names.identity(entity: "product"), key: "till:501", nil)
            place.eventually { try name(database) == "Bench" }
            #expect(try name(database) == "Bench", "the hub has forgotten the number, and still wants it there")
        }
    }

    /// The hub writes in transactions, whose ends take offsets: what a batch counts is not what the offsets count.
    @Test func aRestartRepeatsMoreOffsetsThanABatchHasRecordsBeforeItReads() throws {
        let (place, database) = try workplace(batch: 1, partitions: 1)
        let topic = place.names.input(domain: "product")
        let gtins = ["06438012345682", "06438012345699", "06438012345705", sofa]
        for (index, gtin) in gtins.enumerated() {
            try place.golden(
                "product", gtin, revision: 1, ["name": .string("Sofa \(index)"), "assortment": ["till"]],
                inTransaction: true)
        }
        try place.connected { _ in
            _ = try place.records(topic, count: 4)
            place.eventually { try !place.records(place.names.position(connector: "test")).isEmpty }
        }
        try place.rewind(place.names.golden(entity: "product"))
        try database.run("UPDATE article SET name = 'Edited' WHERE ean = ?", [.text(sofa)])
        try place.connected { _ in
            // The last batch's own report is said again, too.
            let seen = try place.records(topic, count: 10)
            #expect(seen.dropLast().allSatisfy { $0.type == "omni.product.written" })
            #expect(seen.last?.value?["name"] == "Edited")
        }
    }

    @Test func whatIsParkedIsRepeatedBeforeAnythingIsRead() throws {
        let (place, database) = try workplace()
        let topic = place.names.input(domain: "product")
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try place.records(topic, count: 1)
            try database.execute(
                """
                CREATE TRIGGER refuse BEFORE UPDATE OF name ON article WHEN new.name = 'Refused' BEGIN
                    SELECT RAISE(ABORT, 'no'); END
                """)
            try place.golden("product", sofa, revision: 2, document("Refused"))
            _ = try place.records(place.names.parked(connector: "test"), count: 1)
            place.eventually { try !place.records(place.names.position(connector: "test")).isEmpty }
        }
        // What was wrong with it is mended, and the cashier has renamed the article.
        try database.execute("DROP TRIGGER refuse")
        try database.run("UPDATE article SET name = 'Edited' WHERE ean = ?", [.text(sofa)])
        try place.connected { _ in
            let seen = try place.records(topic, count: 4)
            #expect(
                seen.map(\.type) == [
                    "omni.product.written", "omni.product.written", "omni.product.written", "omni.product.stated",
                ])
        }
    }

    @Test func itEndsAlsoWhileTheSystemIsLocked() throws {
        let (place, database) = try workplace()
        try place.connected { _ in
            try place.golden("product", sofa, revision: 1, document("Sofa"))
            _ = try place.records(place.names.input(domain: "product"), count: 1)
            try database.execute("BEGIN IMMEDIATE")
            try place.golden("product", sofa, revision: 2, document("Later"))
        }
        try database.execute("COMMIT")
        try place.connected { _ in
            place.eventually { try name(database) == "Later" }
        }
    }
}
