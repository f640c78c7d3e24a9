import Canonical
import Digests
import Testing

@Suite struct TickTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-03-01T12:00:00.250+02:00", 1_772_359_200_250),
        ("2000-02-29T23:59:60Z", 951_868_800_000), ("1969-12-31T23:59:59.999Z", -1),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("2026-03-01t10:00:00.1239z", 1_772_359_200_123), ("2026-02-28T23:30:00-00:30", 1_772_323_200_000),
    ])
    func readsRFC3339(text: String, milliseconds: Int64) {
        #expect(Tick(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "2026-02-29T12:00:00Z", "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z", "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00+2:00",
        "2026-03-01T12:00:00Zx", "2026-03-01T12:00:00+02:00x", "26-03-01T12:00:00Z ",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Tick(rfc3339: text) == nil)
    }

    @Test func writesWhatItReads() {
        var milliseconds: Int64 = -62_167_219_200_000
        while milliseconds < 253_402_300_799_999 {
            let tick = Tick(milliseconds)
            #expect(Tick(rfc3339: tick.rfc3339) == tick)
            milliseconds += 7_654_321_987_653
        }
        #expect(Tick(1_772_359_200_250).rfc3339 == "2026-03-01T10:00:00.250Z")
        #expect(Tick.never.description == "never")
    }

    @Test func neverStaysBeforeEverything() {
        #expect(Tick.never.advanced(by: 5) == .never)
        #expect(Tick(.max).advanced(by: 5) == Tick(.max))
        #expect(Tick(.min + 2).advanced(by: -5) > .never)
    }
}

@Suite struct GTINTests {
    @Test(arguments: [
        ("6438012345675", "06438012345675"), (" 06438012345675 ", "06438012345675"), ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
    ])
    func fillsUpToFourteenDigits(text: String, gtin: String) throws {
        #expect(try GTIN(text).description == gtin)
        var gtin = gtin
        #expect(gtin.withUTF8 { GTIN.isNormal($0) })
    }

    @Test(arguments: [
        ("6438012345674", GTIN.Fault.check), ("0000000000000", .zero), ("64380123", .check), ("643801234567", .check),
        ("643801234", .length), ("64380x2345675", .character), ("", .length),
    ])
    func namesTheFault(text: String, fault: GTIN.Fault) {
        #expect(throws: fault) { try GTIN(text) }
    }

    @Test func stockKeysNameProductAndPlace() {
        #expect(StockKey("06438012345675@kamppi") == StockKey(product: "06438012345675", place: "kamppi"))
        #expect(StockKey("06438012345675@")?.place == nil)
        #expect(StockKey("@kamppi") == nil && StockKey("x") == nil)
        #expect(StockKey(product: "1", place: "a@b") == StockKey(StockKey(product: "1", place: "a@b").description))
    }
}

@Suite struct EventIDTests {
    @Test func sameRecordSameID() {
        let id = EventID.make(source: "/till/prices", reference: "row 8812", index: 0)
        #expect(id == EventID.make(source: "/till/prices", reference: "row 8812", index: 0))
        #expect(id.version == 5)
        #expect(id != EventID.make(source: "/till/prices", reference: "row 8812", index: 1))
        #expect(id != EventID.make(source: "/till/price", reference: "srow 8812", index: 0))
        #expect(id != EventID.make(source: "/till/prices", reference: "row 8813", index: 0))
    }

    /// Ids are stored in topics: they must not change from release to release.
    @Test func idsAreFixedForEver() {
        #expect(
            EventID.make(source: "/till/prices", reference: "8812", index: 0).description
                == UUID.named("/till/prices\n0\n8812", in: UUID.named("omnigration.events", in: .dns)).description)
        #expect(
            CustomerID.mint(first: Reference(system: "crm", id: "7")) == UUID.named("crm:7", in: CustomerID.namespace))
        #expect(
            CustomerID.mint(first: Reference(system: "crm", id: "7"), generation: 1).description
                != CustomerID.mint(first: Reference(system: "crm", id: "7")).description)
    }

    @Test func referencesReadTheirKeys() {
        #expect(Reference(key: "till:4711") == Reference(system: "till", id: "4711"))
        #expect(Reference(key: "shop:a:b")?.id == "a:b")
        #expect(Reference(key: "till") == nil && Reference(key: ":1") == nil && Reference(key: "till:") == nil)
    }
}
