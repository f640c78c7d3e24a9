import Demo
import Testing

@Suite struct AssortmentTests {
    @Test func everyArticleHasAValidNumberOfItsOwnFromTheRangeForExamples() {
        #expect(Assortment.all.allSatisfy { EAN.isValid($0.ean) && $0.ean.hasPrefix("952") })
        #expect(Set(Assortment.all.map(\.ean)).count == Assortment.all.count)
    }

    @Test func thereIsOneGreenSofaInTheStore() {
        #expect(Assortment.greenSofa.inStore == 1)
        #expect(Assortment.greenSofa.shopName == nil)
        #expect(Assortment.blueSofa.shopName != nil)
    }

    // Numbers of the GS1 General Specifications and of a well-known brand.
    @Test(arguments: ["6291041500213", "5901234123457", "96385074", "036000291452", "10614141000415"])
    func knowsCheckDigits(number: String) throws {
        #expect(EAN.isValid(number))
        let last = try #require(number.last?.wholeNumberValue)
        #expect(!EAN.isValid(number.dropLast() + String((last + 1) % 10)))
    }

    @Test func refusesWhatIsNoNumber() {
        #expect(!EAN.isValid("0000000000000"))
        #expect(!EAN.isValid("59012341234"))
        #expect(!EAN.isValid("590123412345x"))
        #expect(EAN.gtin14("5901234123457") == "05901234123457")
    }
}
