import Canonical
import Testing

@testable import Connector

/// What is in doubt holds back what may be its echo, and nothing else (I6).
@Suite struct DoubtsTests {
    private static func event(_ kind: String) -> OutgoingEvent {
        OutgoingEvent(
            topic: "t", key: "1",
            envelope: Envelope(
                id: "1", source: EventSource(system: "till", name: "s"), type: EventType(kind, .stated), subject: "1"),
            data: [])
    }

    @Test func whoMeetsOneIsToldOfWhichKindItIs() throws {
        let doubts = Doubts()
        for (kind, sink) in [("customer", "crm"), ("product", "list"), ("product", "shelf")] {
            doubts.begin(kind, by: sink)
        }
        try doubts.check([Self.event("order")])
        let met = #expect(throws: InDoubt.self) { try doubts.check([Self.event("order"), Self.event("product")]) }
        #expect(met?.kinds == ["product"])
        doubts.end("product", by: "list")
        #expect(doubts.areOpen(["product"]))
        doubts.end("product", by: "shelf")
        #expect(!doubts.areOpen(["product"]) && doubts.areOpen(["customer"]))
        doubts.waitUntilNone(of: ["product"], StopSignal())
        try doubts.check([Self.event("product")])
    }
}
