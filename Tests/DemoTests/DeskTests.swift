import Demo
import Glibc
import Testing
import Transports

@Suite struct DeskTests {
    /// As long as the test lives.
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lines(_ path: String) throws -> [String] {
        // Latin-1 will do: a test of its own looks at what code page 1252 has beyond it.
        String(String.UnicodeScalarView(try AtomicFile.read(path).map { Unicode.Scalar($0) }))
            .split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func thePriceListHasTitleRowsSemicolonsAndDecimalCommas() throws {
        let importer = try Importer(folder: folder.path)
        let path = try importer.deliver()
        #expect(path == importer.out + "/prices-0001.csv")
        let rows = try lines(path)
        #expect(rows[0].hasPrefix("NORDIMPORT OY"))
        #expect(rows[2] == ";;;;;;;;")
        #expect(rows[3] == "Artikel;EAN;Bezeichnung;Beschreibung;EK-Preis;UVP;Währung;Bestand;Stand")
        let row = try #require(rows.first { $0.hasPrefix("AP-1009;") })
        #expect(row.hasPrefix("AP-1009;9520001000096;\"Table lamp \"\"Tähti\"\", opal glass\";"))
        #expect(row.contains(";22,40;59,00;EUR;80;"))
        // Four rows above, sixteen articles, three faulty ones, and the end of the last line.
        #expect(rows.count == 4 + 16 + 3 + 1)
    }

    @Test func thePriceListHasAZeroADoubledAndAWrongNumber() throws {
        let importer = try Importer(folder: folder.path)
        let numbers = try lines(try importer.deliver()).dropFirst(4).dropLast().map {
            String($0.split(separator: ";", omittingEmptySubsequences: false)[1])
        }
        #expect(numbers.filter { $0 == "0000000000000" }.count == 1)
        #expect(numbers.filter { !EAN.isValid($0) }.count == 2, "the zero and the wrong one")
        let doubled = Dictionary(grouping: numbers, by: \.self).filter { $0.value.count > 1 }
        #expect(doubled.map(\.value.count) == [2])
        #expect(Set(numbers.filter(EAN.isValid)).count == 16)
    }

    @Test func everyDeliveryIsWholeAndNoneIsLikeAnother() throws {
        let importer = try Importer(folder: folder.path)
        try importer.deliver()
        let ean = Assortment.blueSofa.ean
        try importer.changeRecommendedPrice(of: ean, to: "929.00")
        try importer.withdraw(Assortment.all[13].ean)
        try importer.add(ean: "9520001000171", name: "Bench", text: "Oak", cost: "1.00", recommended: "2.50", pieces: 3)
        // After a restart.
        let path = try Importer(folder: folder.path).deliver()
        #expect(path.hasSuffix("/prices-0002.csv"))
        let rows = try lines(path)
        #expect(rows.contains { $0.contains(ean) && $0.contains(";420,00;929,00;") })
        #expect(!rows.contains { $0.contains(Assortment.all[13].ean) })
        #expect(rows.contains { $0.hasPrefix("AP-2001;9520001000171;Bench;Oak;1,00;2,50;EUR;3;") })
        #expect(throws: DemoError.self) { try importer.changeCost(of: "1", to: "1.00") }
    }

    @Test func thePriceListIsWindows1252() throws {
        let importer = try Importer(folder: folder.path)
        let bytes = try AtomicFile.read(try importer.deliver())
        #expect(bytes.contains(0x80), "the euro sign")
        #expect(bytes.contains(0x96), "the dash, which Latin-1 lacks")
        #expect(bytes.contains(0xE4), "ä")
        #expect(String(validating: bytes, as: UTF8.self) == nil)
    }

    @Test func theInventoryReportChoosesItsSeparatorsAndCountsItsSegments() throws {
        let wholesaler = try Wholesaler(folder: folder.path)
        try wholesaler.changeStock(of: Assortment.all[3].ean, to: 13)
        let path = try wholesaler.deliverStock()
        #expect(path == wholesaler.out + "/stock-0001.edi")
        let segments = try lines(path).dropLast()
        #expect(segments[0] == "UNA>*,! ~")
        #expect(segments[1].hasPrefix("UNB*UNOC>3*9520001900013>14*9520001900020>14*"))
        #expect(segments[2] == "UNH*1*INVRPT>D>96A>UN>EAN004~")
        let article = try #require(segments.firstIndex { $0.contains(Assortment.all[3].ean) })
        #expect(segments[article] == "LIN*2**9520001000041>EN~")
        #expect(segments[article + 2] == "IMD*F**>>>Coffee table \"Saari\", oak~")
        #expect(segments[article + 4] == "QTY*145>13>PCE~")
        #expect(segments[article + 5] == "LOC*18*turku-warehouse~")
        // The separators within a text are released, and the release character too.
        #expect(segments.contains("IMD*F**>>>Cast iron; 31 cm !* height without c>andles!!~"))
        let message = segments.dropFirst(2).dropLast()
        #expect(message.last == "UNT*\(message.count)*1~")
        #expect(segments.last == "UNZ*1*1~")
    }

    @Test func theArticlesAreCommaSeparatedInUTF8() throws {
        let wholesaler = try Wholesaler(folder: folder.path)
        try wholesaler.changePrice(of: Assortment.all[8].ean, to: "61.00")
        let text = String(decoding: try AtomicFile.read(try wholesaler.deliverArticles()), as: UTF8.self)
        let rows = text.split(separator: "\r\n")
        #expect(rows[0] == "number,gtin,name,text,price,currency,changed")
        #expect(
            rows.contains {
                $0.contains("9520001000096,\"Table lamp \"\"Tähti\"\", opal glass\",") && $0.contains(",61.00,EUR,")
            })
        #expect(rows.count == 1 + 10)
    }
}
