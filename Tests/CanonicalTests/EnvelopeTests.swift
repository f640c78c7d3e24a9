import Canonical
import Testing

@Suite struct EnvelopeTests {
    static let headers: [(String, String)] = [
        ("ce_specversion", "1.0"), ("ce_id", "abc"), ("ce_source", "/till/prices"), ("ce_type", "omni.product.stated"),
        ("ce_subject", "06438012345675"), ("ce_dataschema", "urn:omni:product:1"), ("content-type", "application/json"),
    ]

    static func with(_ name: String, _ value: String?) -> [(String, String)] {
        headers.filter { $0.0 != name } + (value.map { [(name, $0)] } ?? [])
    }

    @Test func readsWhatItWrites() throws {
        var envelope = try Envelope(headers: Self.headers)
        #expect(envelope.type == EventType("product", .stated))
        #expect(envelope.source == EventSource(system: "till", name: "prices"))
        #expect(envelope.time == .never && envelope.position == nil)
        envelope.time = Tick(1_772_359_200_250)
        envelope.position = -3
        envelope.selfID = "501"
        envelope.isDormant = true
        envelope.revision = 7
        envelope.epoch = 1_700_000_000_000
        envelope.rules = "0a0b0c0d"
        envelope.notAfter = Tick(1_772_359_300_000)
        envelope.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        #expect(try Envelope(headers: envelope.headers.map { ($0.name, $0.text) }) == envelope)
        let table = Dictionary(uniqueKeysWithValues: envelope.headers.map { ($0.name, $0.text) })
        #expect(try Envelope(lookup: { table[$0] }) == envelope)
        #expect(envelope.headers.map(\.name) == Envelope.names)
        #expect(envelope.schemaMajor == 1)
    }

    @Test(arguments: [
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_dataschema", "content-type",
    ])
    func namesWhatIsMissing(header: String) throws {
        let error = try #require(throws: EnvelopeError.self) { try Envelope(headers: Self.with(header, nil)) }
        #expect(error.header == header && error.reason == "is missing")
    }

    @Test(arguments: [
        ("ce_specversion", "0.3"), ("ce_id", ""), ("ce_source", "till"), ("ce_source", "/"),
        ("ce_type", "omni.product"),
        ("ce_type", "omni.product.sold"), ("ce_type", "omni..stated"), ("ce_type", "omni.pro duct.stated"),
        ("ce_time", "yesterday"), ("ce_position", "1.5"),
        ("ce_revision", ""), ("ce_dormant", "1"), ("ce_notafter", "2026-03-01"), ("content-type", "text/plain"),
        ("ce_dataschema", "urn:omni:order:1"), ("ce_dataschema", "product"),
    ])
    func namesWhatIsWrong(header: String, value: String) throws {
        let error = try #require(throws: EnvelopeError.self) { try Envelope(headers: Self.with(header, value)) }
        #expect(error.header == header)
        #expect(value.count < 3 || !error.description.contains(value + "'"))
    }

    @Test func refusesAHeaderThatStandsTwice() {
        #expect(throws: EnvelopeError.self) { try Envelope(headers: Self.headers + [("ce_id", "other")]) }
    }

    /// A client frees each header when the next one is read.
    @Test func aBriefReaderKeepsNothingThatIsOnlyLent() throws {
        var reader = Envelope.Reader(isBrief: true)
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        func read(_ headers: [(String, String)]) throws -> Envelope {
            reader.reset()
            for (name, value) in headers {
                var (name, bytes) = (name, Array(value.utf8))
                bytes.withUnsafeMutableBufferPointer { bytes in
                    name.withUTF8 { reader.add($0, UnsafeBufferPointer(bytes)) }
                    bytes.update(repeating: UInt8(ascii: "?"))
                }
            }
            return try reader.envelope()
        }
        var envelope = try read(Self.headers + [("traceparent", trace)])
        #expect(envelope.id.isEmpty && envelope.traceparent == nil && envelope.subject == "06438012345675")
        #expect(reader.identity == stableHash("abc") && reader.trace == Array(trace.utf8))
        envelope = try read(Self.headers + [("traceparent", String(repeating: "0", count: 300))])
        #expect(reader.trace.isEmpty, "none is so long")
        #expect(throws: EnvelopeError.self) { _ = try read(Self.with("ce_id", nil)) }
    }

    @Test func skipsForeignHeaders() throws {
        #expect(try Envelope(headers: Self.headers + [("x-other", "1"), ("ce_foo", "2")]).id == "abc")
    }

    @Test func deletionsNeedNoSchema() throws {
        let headers = Self.with("ce_dataschema", nil).map { $0.0 == "ce_type" ? ($0.0, "omni.product.deleted") : $0 }
        #expect(try Envelope(headers: headers).type.verb == .deleted)
    }

    @Test func releasesFollowTheirOwnSchema() throws {
        let headers = Self.with("ce_dataschema", "urn:omni:release:1")
            .map { $0.0 == "ce_type" ? ($0.0, "omni.hold.released") : $0 }
        #expect(try Envelope(headers: headers).type == .item("release"))
        #expect(EventType.item("hold") == EventType("hold", .requested))
        #expect(EventType.item("order", deleted: true) == EventType("order", .deleted))
    }

    @Test func hubIsASource() {
        #expect(EventSource("/hub") == .hub)
        #expect(EventSource.hub.description == "/hub")
        #expect(EventSource("/till/a/b") == EventSource(system: "till", name: "a/b"))
    }
}
