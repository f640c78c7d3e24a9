import Document

/// How an interchange is read and written, decoded from a configuration.
struct EDIFACTOptions: Sendable {
    /// What becomes of a message or interchange whose counts or references at the end are not those of its content.
    enum Counts: String, Sendable, CaseIterable {
        case refuse, warn
    }

    /// Whether messages may come without an interchange around them.
    enum Envelope: String, Sendable, CaseIterable {
        case required, optional
    }

    /// What stands behind each written segment.
    enum LineEnding: String, Sendable, CaseIterable {
        case none, lf, crlf

        var bytes: [UInt8] {
            switch self {
            case .none: []
            case .lf: [0x0A]
            case .crlf: [0x0D, 0x0A]
            }
        }
    }

    var encoding: TextEncoding?
    var counts = Counts.refuse
    var envelope = Envelope.required
    var segments = EDIFACTSegment.standard
    var groups = EDIFACTGroups.standard
    var separators = EDIFACTSeparators()
    var lineEnding = LineEnding.none
    var maximumMessage = 16 << 20

    static let reference: [OptionReference] = [
        .init(
            "encoding", TextEncoding.allCases.filter { !$0.isWide }.map(\.rawValue).joined(separator: ", "),
            standard: "what the interchange declares",
            "the characters' encoding, for partners that declare none or the wrong one"),
        .init(
            "counts", "refuse, warn", standard: "refuse",
            "what becomes of wrong segment and message counts, and of references at the end that differ"),
        .init("envelope", "required, optional", standard: "required", "whether messages may come without UNB and UNZ"),
        .init(
            "segments", "{tag: names}", standard: "the segments of D.96A",
            "components' names: {ZZZ: 'qualifier:value# + text'}; an empty text names none"),
        .init(
            "groups", "{message type: diagram}", standard: "INVRPT, SLSRPT, ORDERS, ORDRSP, DESADV, INVOIC of D.96A",
            "which segments open groups: {RECADV: 'BGM DTM (CPS (LIN QTY))'}"),
        .init("separators", "the six characters of UNA", standard: ":+.? '", "for writing; readers obey UNA"),
        .init("line-ending", "none, lf, crlf", standard: "none", "what stands behind each written segment"),
        .init("maximum-message", "bytes", standard: "16777216", "the longest message"),
    ]

    init(_ json: JSON) throws(OptionError) {
        let form = try OptionForm(json, of: "edifact", Self.reference)
        if form["encoding"] != nil {
            let encoding = try form.choice("encoding", standard: TextEncoding.utf8)
            guard !encoding.isWide else { throw form.wrong("encoding", "an encoding that contains ASCII") }
            self.encoding = encoding
        }
        counts = try form.choice("counts", standard: counts)
        envelope = try form.choice("envelope", standard: envelope)
        lineEnding = try form.choice("line-ending", standard: lineEnding)
        maximumMessage = try form.integer("maximum-message", in: 1...(32 << 20), standard: maximumMessage)
        if let una = try form.string("separators") {
            guard let separators = EDIFACTSeparators(una.utf8), separators.release != nil else {
                throw form.wrong("separators", "six characters as in UNA, the separators all different: :+.? '")
            }
            self.separators = separators
        }
        for member in form["segments"]?.object ?? [] {
            guard let tag = EDIFACTTag(member.key), let text = member.value.string, let names = EDIFACTSegment(text)
            else {
                throw OptionError(
                    "edifact.segments.\(member.key)",
                    "expected a tag of three capitals, and names that differ: 'qualifier:value# + text'")
            }
            segments[tag] = names
        }
        for member in form["groups"]?.object ?? [] {
            guard let text = member.value.string, let diagram = EDIFACTGroups(text) else {
                throw OptionError(
                    "edifact.groups.\(member.key)", "expected tags, with groups in parentheses: 'BGM (LIN QTY)'")
            }
            groups[member.key] = diagram
        }
    }
}
