import Document

/// EDIFACT: interchanges of messages (ISO 9735, syntax versions 1 to 4).
///
/// A record is a message. Its document holds what stands around it and its segments, each an object of its components
/// by name; segments of one tag are always an array, and the segment that opens a group holds the group's others. So a
/// stock report (INVRPT D.96A)
///
/// ```
/// UNA:+.? '
/// UNB+UNOC:3+7300010000001:14+7350000000006:14+260131:0600+4711'
/// UNH+1+INVRPT:D:96A:UN:EAN004'
/// BGM+35+IR-17+9'
/// DTM+366:20260131:102'
/// NAD+WH+7300010000018::9'
/// LIN+1++6438012345675:EN'
/// QTY+17:12:PCE'
/// LOC+18+A7'
/// QTY+83:1.5:PCE'
/// LIN+2++6438012345682:EN'
/// QTY+17:0'
/// UNT+11+1'
/// UNZ+1+4711'
/// ```
/// is
/// ```json
/// {"interchange": {"syntax": "UNOC", "version": "3", "sender": "7300010000001", "senderQualifier": "14",
///    "recipient": "7350000000006", "recipientQualifier": "14", "date": "260131", "time": "0600", "reference": "4711"},
///  "message": {"reference": "1", "type": "INVRPT", "version": "D", "release": "96A", "agency": "UN",
///    "association": "EAN004"},
///  "BGM": [{"document": "35", "number": "IR-17", "function": "9"}],
///  "DTM": [{"qualifier": "366", "value": "20260131", "format": "102"}],
///  "NAD": [{"qualifier": "WH", "party": "7300010000018", "partyAgency": "9"}],
///  "LIN": [
///    {"line": "1", "item": "6438012345675", "itemType": "EN", "QTY": [
///      {"qualifier": "17", "quantity": 12, "unit": "PCE", "LOC": [{"qualifier": "18", "place": "A7"}]},
///      {"qualifier": "83", "quantity": 1.5, "unit": "PCE"}]},
///    {"line": "2", "item": "6438012345682", "itemType": "EN", "QTY": [{"qualifier": "17", "quantity": 0}]}]}
/// ```
/// and a mapping says what it means: `LIN.{"stock": {"gtin": item, "onHand": QTY[qualifier="17"].quantity}}`.
///
/// - Names and groups are those of directory D.96A (`EDIFACTSegment.standard`, `EDIFACTGroups.standard`); options add
///   or change them. A component without name is called by its place, `e3_2`. A message of an unknown type has all its
///   segments at the top. What follows `UNS` lies below it: `UNS.MOA` are the totals.
/// - Quantities, amounts, prices and percentages are exact numbers, with either decimal mark. All else is text.
/// - An empty component is absent: EDIFACT does not tell the two apart. In syntax version 4 a component of a repeated
///   element is an array.
/// - A segment that is not where the diagram has it finds the group that fits best, and a notice counts such segments.
/// - Errors of a record: a number that is none, bytes that the character set lacks, a wrong count or reference at the
///   end (a notice with `counts: warn`), a message without end, segments outside of messages.
/// - Errors of the file: a cut inside a segment or message, an interchange without end, an unknown character set.
///
/// The writer takes the same documents. Consecutive ones with the same `interchange` share one; it needs `sender`,
/// `recipient`, `date`, `time` and `reference`. Counts, and references of messages that have none, it makes itself.
/// Acknowledgements (CONTRL) are not written.
struct EDIFACT: Format {
    static let name = "edifact"
    static let summary = "EDI messages: stock and sales reports, orders, despatch advices, invoices."
    static let options = EDIFACTOptions.reference

    private let decoded: EDIFACTOptions

    init(options: JSON) throws(OptionError) { decoded = try EDIFACTOptions(options) }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        try EDIFACTReader(bytes, decoded)
    }

    func writer() throws(FormatError) -> any RecordWriter { EDIFACTWriter(decoded) }

    func refusal(of value: JSON, at path: [String]) -> String? {
        guard let name = path.last, EDIFACTTag(name) == nil else { return nil }
        let services = ["interchange": "UNB", "message": "UNH"]
        if path.count == 1 {
            return services[name] == nil ? "expected 'interchange', 'message' or a segment's tag" : nil
        }
        let segment = path[path.count - 2]
        guard let tag = EDIFACTTag(path.count == 2 ? services[segment] ?? segment : segment) else { return nil }
        let names = decoded.segments[tag] ?? .unnamed
        guard let place = names.place(of: name) else {
            return "no component of \(tag.text) has this name\(hint(name, names.names))"
        }
        let isNumber = names.field(element: place.element, component: place.component)?.isNumber == true
        switch value {
        case .bool, .object: return "a component holds a text or a number"
        case .string(let text) where isNumber && !text.isEmpty && !EDIFACTNumber.isOne(Array(text.utf8)):
            return "the component holds a number"
        default: return nil
        }
    }
}
