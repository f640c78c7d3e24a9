/// An inventory report, EDIFACT message INVRPT of directory D.96A in the subset EANCOM 1997: one LIN group an article.
struct InventoryReport {
    let number: Int
    /// Milliseconds since 1970; the message says seconds, UTC.
    let issuedAt: Int64
    let items: [TradeDesk.Item]

    /// The wholesaler's own choice.
    static let separators = EDIFACTText.Separators(
        component: ">", element: "*", decimal: ",", release: "!", terminator: "~")

    /// Location numbers (GLN) of the wholesaler and of the retailer.
    static let sender = "9520001900013"
    static let receiver = "9520001900020"

    var bytes: [UInt8] {
        var text = EDIFACTText(Self.separators)
        let reference = String(number)
        text.segment(
            "UNB", ["UNOC", "3"], [Self.sender, "14"], [Self.receiver, "14"],
            [Clock.format(issuedAt, "%y%m%d"), Clock.format(issuedAt, "%H%M")], [reference])
        text.segment("UNH", [reference], ["INVRPT", "D", "96A", "UN", "EAN004"])
        // 35: inventory report; 9: original.
        text.segment("BGM", ["35"], ["INV-\(number)"], ["9"])
        // 137: when the document was issued; 204: date and time with seconds.
        text.segment("DTM", ["137", Clock.format(issuedAt, "%Y%m%d%H%M%S"), "204"])
        text.segment("NAD", ["SU"], [Self.sender, "", "9"])
        text.segment("NAD", ["BY"], [Self.receiver, "", "9"])
        for (place, item) in items.enumerated() { line(place + 1, item, in: &text) }
        text.endMessage(reference)
        text.segment("UNZ", ["1"], [reference])
        return text.bytes
    }

    private func line(_ line: Int, _ item: TradeDesk.Item, in text: inout EDIFACTText) {
        text.segment("LIN", [String(line)], [""], [item.ean, "EN"])
        // The supplier's own number.
        text.segment("PIA", ["1"], [item.number, "SA"])
        text.segment("IMD", ["F"], [""], ["", "", ""] + Self.description(item.name))
        text.segment("IMD", ["F"], [""], ["", "", ""] + Self.description(item.text))
        // 145: actual stock. LOC 18: warehouse.
        text.segment("QTY", ["145", String(item.pieces), "PCE"])
        text.segment("LOC", ["18"], [Place.wholesaler])
    }

    /// A description has two components of at most 35 characters; what is longer is lost.
    static func description(_ text: String) -> [String] {
        let first = text.prefix(35)
        let second = text.dropFirst(35).prefix(35)
        return second.isEmpty ? [String(first)] : [String(first), String(second)]
    }
}
