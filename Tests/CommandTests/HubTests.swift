import Document
import TestBroker
import TestHub
import Testing
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// `omni hub` while its broker is away.
@Suite(.serialized) struct HubWithoutBrokerTests {
    private func ask(_ port: Int, _ path: String) throws -> (status: Int, json: JSON) {
        let answer = try HTTPClient().send(.init(.get, "http://127.0.0.1:\(port)\(path)"))
        return (answer.status, try JSON(parsing: answer.body))
    }

    private func port(of hub: RunningProgram) throws -> Int {
        try eventually("the API listens") { !hub.lines("the API listens").isEmpty }
        return try #require(hub.lines("the API listens")[0]["port"]?.string.flatMap { Int($0) })
    }

    @Test func itListensSaysThatItWaitsAndItsLogSaysSoOnce() throws {
        let plant = try Plant(partitions: 1)
        try Plant.write(
            "\(plant.folder)/omni.yaml",
            """
            prefix: away
            data: "${env:DATA}"
            broker: { bootstrap.servers: "127.0.0.1:1" }
            api: { listen: "127.0.0.1:0" }
            """)
        try Program(plant: plant).running("hub", "--log-level", "info") { hub in
            let port = try port(of: hub)
            try eventually("it knows that there is no broker") {
                try ask(port, "/health").json["status"] == "waiting for the broker"
            }
            #expect(try ask(port, "/health").status == 503)
            let answer = try ask(port, "/v1/records/product/06438012345675")
            #expect(
                answer.status == 503 && answer.json["detail"]?.string?.contains("the broker can't be reached") == true)
            // librdkafka tries every second at least; two tries of ours are some of its.
            try eventually("it has tried again") { hub.lines("the broker is waited for").count >= 2 }
            #expect(hub.lines("a broker can't be reached", "\"warning\"").count == 1, "\(hub.log)")
            #expect(hub.lines("\"error\",").isEmpty, "nobody has to act: \(hub.log)")
        }
    }

    @Test func whatEndsAProcessIsALineOfItsLog() throws {
        let plant = try Plant(partitions: 1)
        try Plant.write("\(plant.folder)/omni.yaml", "prefix: a b\nnonsense: 1\n")
        for command in ["hub", "up"] {
            let answer = try Program(plant: plant).run(command)
            #expect(answer.status != .exited(0))
            for line in answer.errors.split(separator: "\n") {
                let json = try? JSON(parsing: Array(line.utf8))
                #expect(json?["level"] == "critical" && json?["error"]?.string?.contains("nonsense") == true, "\(line)")
            }
            #expect(!answer.errors.isEmpty)
        }
        // What people ask answers in words.
        #expect(try Program(plant: plant).run("lag").errors.hasPrefix("Error: "))
    }

    @Test func aHubWhoseBrokerFallsSilentSaysSoUntilItAnswers() throws {
        let broker = try TestBroker()
        defer { broker.stop() }
        let plant = try Plant(partitions: 1, createsTopics: false)
        try Plant.write(
            "\(plant.folder)/omni.yaml",
            """
            prefix: silent
            data: "${env:DATA}"
            broker: { bootstrap.servers: "\(broker.bootstrapServers)" }
            api: { listen: "127.0.0.1:0" }
            topics: { standard: 1 }
            """)
        try Program(plant: plant).running("hub", "--log-level", "info") { hub in
            let port = try port(of: hub)
            try eventually("it has its partitions") { try ask(port, "/health").status == 200 }
            let claim: JSON = [
                "reservation": "r-1", "product": "06438012345675", "place": "helsinki-1", "quantity": 1,
            ]
            try eventually("it decides") {
                try HTTPClient().send(
                    .init(.post, "http://127.0.0.1:\(port)/v1/reservations", body: claim.utf8)
                ).status == 409
            }
            broker.suspend(true)
            defer { broker.suspend(false) }
            // It has nothing to commit: it is its own looks at the topics that aren't answered.
            try eventually("it says that it waits") {
                let health = try ask(port, "/health")
                return health.status == 503 && health.json["status"] == "waiting for the broker"
            }
            broker.suspend(false)
            try eventually("it goes on by itself") { try ask(port, "/health").status == 200 }
        }
    }

    @Test func aHubWhoseBrokerGoesSaysSoAndMarksWhatItAnswers() throws {
        let broker = try TestBroker()
        let plant = try Plant(partitions: 1, createsTopics: false)
        try Plant.write(
            "\(plant.folder)/omni.yaml",
            """
            prefix: going
            data: "${env:DATA}"
            broker: { bootstrap.servers: "\(broker.bootstrapServers)" }
            api: { listen: "127.0.0.1:0" }
            topics: { standard: 1 }
            """)
        try Program(plant: plant).running("hub", "--log-level", "info") { hub in
            let port = try port(of: hub)
            try eventually("it has its partitions") { try ask(port, "/health").status == 200 }
            #expect(try ask(port, "/v1/records/product").json["stale"] == nil)
            // Refused: there is none of it. What was decided is known, and told.
            let claim: JSON = [
                "reservation": "r-1", "product": "06438012345675", "place": "helsinki-1", "quantity": 1,
            ]
            try eventually("it decides") {
                try HTTPClient().send(
                    .init(.post, "http://127.0.0.1:\(port)/v1/reservations", body: claim.utf8)
                ).status == 409
            }
            #expect(try ask(port, "/v1/reservations/r-1").json["stale"] == nil)
            broker.stop()
            try eventually("it sees that the broker is away") {
                try ask(port, "/health").json["status"] == "waiting for the broker"
            }
            let answer = try ask(port, "/v1/records/product")
            if answer.status == 200 {
                #expect(answer.json["stale"] == true)
            } else {
                // It has lost its partitions meanwhile.
                #expect(answer.json["detail"]?.string?.contains("the broker can't be reached") == true)
            }
            let reservation = try ask(port, "/v1/reservations/r-1")
            #expect(reservation.status != 200 || reservation.json["stale"] == true, "\(reservation)")
            let one = try ask(port, "/v1/records/product/06438012345675")
            #expect(one.json["detail"]?.string?.contains("another hub") != true)
        }
    }
}
