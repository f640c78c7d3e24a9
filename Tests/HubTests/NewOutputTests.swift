import Canonical
import Consistency
import Document
import Kafka
import TestHub
import Testing

@testable import Hub

extension RunningHub {
    /// Waits until the hub has noted by which records it knows topics that something was told into.
    func note(_ topics: [String], _ plant: Plant) throws {
        try eventually("the topics are noted") {
            try hub.partitions.allSatisfy { partition in
                let own = plant.model.entities(of: partition.domain).flatMap { entity in
                    [plant.names.golden(entity: entity.name), plant.names.identity(entity: entity.name)]
                }
                let note = try hub.store.stateBytes(partition, Array(Note.outputs.utf8)) ?? []
                return Set(OutputMarks.marks(of: note).keys).isSuperset(of: topics.filter(own.contains))
            }
        }
    }
}

/// I9: topics of golden records and numbers that were deleted and made anew are told again all that the hub knows.
@Suite struct NewOutputTests {
    private static let sofa = "06438012345675"
    private static let count = Chore.size * 2 + 7

    /// What a reader of a topic knows: of each key the last revision and document, and of numbers whose they are.
    private struct Shown: Equatable {
        var revision: Int?
        var epoch: String?
        var document: JSON?
    }

    private static func shown(_ plant: Plant, _ topics: [String]) throws -> [String: [String: Shown]] {
        var shown: [String: [String: Shown]] = [:]
        for topic in topics {
            shown[topic] = try plant.table(topic).mapValues {
                Shown(revision: $0.revision, epoch: $0["ce_epoch"], document: $0.json)
            }
        }
        return shown
    }

    private static func topics(_ plant: Plant) -> [String] {
        ["product", "stock", "reservation", "customer"].map { plant.names.golden(entity: $0) }
            + ["product", "customer"].map { plant.names.identity(entity: $0) }
    }

    /// Records of every kind; more products than one transaction tells again.
    private static func fill(_ plant: Plant) throws {
        let producer = try plant.producer()
        try plant.send(
            (0..<count).map { number in
                let gtin = digits(number)
                return .product(gtin, "\"name\":\"P\(number)\"").with("ce_self", "\(number)")
            }, to: "product", by: producer)
        try plant.send(
            [.count(sofa, "turku", "2"), .hold("r1", sofa, "turku"), .hold("r2", sofa, "turku", "5")], to: "stock",
            by: producer)
        try plant.send(
            (0..<3).map { number in
                Foreign(
                    "omni.customer.stated", key: "crm:\(number)", "{\"email\":\"\(min(number, 1))@x.fi\"}",
                    from: "/crm/test"
                ).with("ce_self", "\(number)")
            }, to: "customer", by: producer)
        try plant.settle()
    }

    private static func digits(_ number: Int) -> String {
        let body = "0200000" + String(number + 100_000)
        let sum = body.utf8.enumerated().reduce(0) { $0 + Int($1.element - 48) * ($1.offset % 2 == 0 ? 3 : 1) }
        return body + String((10 - sum % 10) % 10)
    }

    @Test func aHubThatStartsTellsThemAgain() throws {
        let plant = try Plant(partitions: 2)
        let topics = Self.topics(plant)
        var before: [String: [String: Shown]] = [:]
        try plant.running { running in
            try Self.fill(plant)
            before = try Self.shown(plant, topics)
            #expect(before[topics[0]]?.count == Self.count && before.values.allSatisfy { !$0.isEmpty })
            try running.note(topics, plant)
        }
        try plant.makeAnew(topics, partitions: 2)
        // Another machine, without the store; then it is no news any more.
        var ends: [Int] = []
        for name in ["elsewhere", "elsewhere", "third"] {
            try plant.running(plant.elsewhere(name)) { running in
                try eventually("all is told again") { try Self.shown(plant, topics) == before }
                try running.note(topics, plant)
                try running.settle(plant)
                ends.append(try topics.reduce(0) { try $0 + plant.records($1).count })
            }
        }
        #expect(Set(ends) == [before.values.reduce(0) { $0 + $1.count }], "once")
    }

    @Test func aHubThatRunsTellsThemAgainWithoutInput() throws {
        let plant = try Plant(partitions: 2)
        let topics = Self.topics(plant)
        let hub = try Supervised(plant)
        defer { hub.running.end() }
        try Self.fill(plant)
        let before = try Self.shown(plant, topics)
        // Twice: what was told again is noted, too.
        for _ in 0..<2 {
            try hub.running.note(topics, plant)
            try plant.makeAnew(topics, partitions: 2)
            try eventually("all is told again", within: .seconds(120)) {
                try hub.supervise()
                return try Self.shown(plant, topics) == before
            }
        }
        // And it goes on.
        try plant.send([.product(Self.digits(0), "\"name\":\"new\"")], to: "product")
        try eventually("it is decided") {
            try hub.supervise()
            return try plant.table(topics[0])[Self.digits(0)]?.revision == 2
        }
    }

    /// The first record that comes meanwhile shows it; the others follow.
    @Test func theOthersFollowWhatComesFirstIntoANewTopic() throws {
        let plant = try Plant(partitions: 1)
        let topic = plant.names.golden(entity: "product")
        let hub = try Supervised(plant)
        defer { hub.running.end() }
        try Self.fill(plant)
        try hub.running.note([topic], plant)
        try plant.makeAnew([topic], partitions: 1)
        try plant.send([.product(Self.sofa, "\"name\":\"first\"")], to: "product")
        try eventually("all is told again", within: .seconds(120)) {
            try hub.supervise()
            return try plant.table(topic).count == Self.count + 1
        }
    }
}

/// A hub that is started again where it has ended: the embedded broker, unlike Apache Kafka, refuses the next record of a
/// producer in a topic that was made anew.
private final class Supervised {
    private let plant: Plant
    private var present: RunningHub?
    var running: RunningHub { present! }

    init(_ plant: Plant) throws {
        self.plant = plant
        present = try RunningHub(plant)
    }

    func supervise() throws {
        guard running.failure != nil else { return }
        running.end()
        // One process opens a store once at a time.
        present = nil
        present = try RunningHub(plant)
    }
}

/// By which records topics are known.
@Suite struct OutputMarksTests {
    private let owner = DomainPartition("product", 3)
    private let topic = "omni.product"

    private func delivered(_ offset: Int64, at time: Int64? = 7) -> Delivered {
        Delivered(
            partition: TopicPartition(topic, 1), count: 1, highestOffset: offset, isExact: true, appended: time)
    }

    @Test func theFirstRecordIsLookedAtThenNotedAndOneIsEnough() throws {
        var marks = OutputMarks()
        marks.take(owner, note: nil)
        let isNew = marks.delivered(delivered(4), of: "product")
        #expect(isNew && !marks.hasWork)
        let candidate = try #require(marks.candidates(of: topic).first)
        marks.accept(candidate)
        #expect(marks.unnoted == [owner] && marks.hasWork)
        let note = marks.note(owner)
        #expect(String(decoding: note, as: UTF8.self) == "omni.product 1 4 7\n")
        let isOdd = [9, 2].map { marks.delivered(delivered($0), of: "product") }
        #expect(!marks.hasWork && isOdd == [false, true], "shorter than it was")
        let isFar = [15, 16].map { marks.delivered(delivered($0), of: "product") }
        #expect(isFar == [false, true] && marks.candidates(of: topic).map(\.mark.offset) == [16], "says much more")
        var next = OutputMarks()
        next.take(owner, note: note)
        #expect(!next.hasWork && next.witnesses(of: topic) == marks.witnesses(of: topic))
    }

    @Test func aLostTopicStaysNotedUntilAllIsToldAgain() throws {
        var marks = OutputMarks()
        marks.take(owner, note: Array("omni.product 1 4 7\nomni.id.product 0 2 6\n".utf8))
        marks.lose(topic, of: owner)
        #expect(marks.unnoted.isEmpty && marks.next?.topic == topic && marks.next?.after == nil)
        marks.told(owner, into: topic, upTo: [5])
        #expect(marks.next?.after == [5])
        // The transaction is dropped: what it has told must be told again, which the old mark will say.
        marks.take(owner, note: Array("omni.product 1 4 7\nomni.id.product 0 2 6\n".utf8))
        #expect(marks.next == nil && marks.witnesses(of: topic).map(\.mark) == [LogMark(offset: 4, appended: 7)])
        marks.lose(topic, of: owner)
        _ = marks.delivered(delivered(0, at: 70), of: "product")
        marks.accept(try #require(marks.candidates(of: topic).first).dated(.max))
        marks.told(owner, into: topic, upTo: nil)
        #expect(marks.unnoted == [owner])
        let note = marks.note(owner)
        let known = OutputMarks.marks(of: note)
        #expect(known[topic] == .init(partition: 1, log: LogMark(offset: 0, appended: .max)))
        #expect(known.count == 2)
    }
}

/// When which topic is looked at.
@Suite struct LooksTests {
    @Test func eachHasItsTurnAndOddOnesComeFirst() {
        var looks = Looks(["a", "b"])
        let step = Looks.period / 2
        let first = [looks.next(at: 0), looks.next(at: step - 1)]
        #expect(first[0] != nil && first[1] == nil)
        for topic in ["a", "a", "unknown"] { looks.hurry(topic) }
        let odd = [looks.next(at: 1), looks.next(at: 2)]
        #expect(odd == ["a", nil])
        let round = [looks.next(at: step), looks.next(at: 2 * step)]
        #expect(Set(round) == ["a", "b"])
        var none = Looks([])
        let nothing = none.next(at: 0)
        #expect(nothing == nil)
    }
}
