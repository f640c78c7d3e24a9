import Document
import Testing

@testable import Formats

@Suite struct EDIFACTWriterTests {
    static let interchange: JSON = [
        "syntax": "UNOC", "version": "3", "sender": "S", "recipient": "R", "date": "260131", "time": "0600",
        "reference": "9",
    ]

    static func message(_ members: [(String, JSON)], type: String = "INVRPT") -> JSON {
        let start: [(String, JSON)] = [
            ("interchange", interchange), ("message", ["reference": "1", "type": .string(type), "version": "D"]),
        ]
        return .object((start + members).map { JSON.Member($0.0, $0.1) })
    }

    @Test func writesTheReportThatItReads() throws {
        let document = try JSON(parsing: EDIFACTSamples.stockDocument)
        let bytes = try written(["edifact": ["line-ending": "lf"]], [document])
        #expect(String(decoding: bytes, as: UTF8.self) == EDIFACTSamples.stockReport)
    }

    @Test func escapesAndCountsAndNumbers() throws {
        var document = Self.message([("FTX", ["subject": "AAI", "text": "a+b:c'd?", "text3": "e"])], type: "PROTAP")
        document["message"] = ["type": "PROTAP"]
        var second = document
        second["FTX"] = [["e9_2": "z", "subject": "X"], ["subject": "Y"]]
        let bytes = try written(["edifact": ["separators": ":+,? '"]], [document, second])
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "UNA:+,? 'UNB+UNOC:3+S+R+260131:0600+9'UNH+1+PROTAP'FTX+AAI+++a?+b?:c?'d??::e'UNT+3+1'"
                + "UNH+2+PROTAP'FTX+X++++++++:z'FTX+Y'UNT+4+2'UNZ+2+9'")
    }

    /// Whoever reads the message would refuse it: so does the writer, before anybody is sent it.
    @Test func aTextWhereANumberBelongsIsRefused() throws {
        func error(_ value: JSON) -> FormatError? {
            let document = Self.message([("LIN", [["line": "1", "QTY": [["qualifier": "17", "quantity": value]]]])])
            return #expect(throws: FormatError.self) { try written("edifact", [document]) }
        }
        let text = error("many")
        #expect(text?.field == "QTY.quantity" && text?.reason == "expected a number, found a text that is none")
        #expect(error(true)?.reason == "expected a number, found a truth value")
        #expect(error("1.000,5")?.field == "QTY.quantity")
        for value in ["12", "19.90", "0,5", ".5", "-3", ""] as [JSON] {
            let document = Self.message([("LIN", [["line": "1", "QTY": [["qualifier": "17", "quantity": value]]]])])
            #expect(try Reading("edifact", try written("edifact", [document])).errors.isEmpty, "\(value)")
        }
    }

    @Test(
        arguments: [
            (["LIN", "QTY", "quantity"], "many", "holds a number"), (["QTY", "quantity"], "12", nil),
            (["QTY", "quantity"], 12, nil), (["QTY", "quantity"], true, "a text or a number"),
            (["QTY", "quantty"], .null, "did you mean 'quantity'"), (["interchange", "sender"], "S", nil),
            (["interchange", "sendr"], .null, "did you mean 'sender'"), (["BGM"], [:], nil),
            (["lines"], .null, "a segment's tag"), (["LIN", "e9_1"], "x", nil),
        ] as [([String], JSON, String?)])
    func whatNoMessageCanHoldIsKnownBefore(path: [String], value: JSON, expected: String?) throws {
        let reason = try FormatCatalog.format("edifact").refusal(of: value, at: path)
        #expect(expected.map { reason?.contains($0) == true } ?? (reason == nil), "\(reason ?? "")")
    }

    /// Where no names are known, none are listed.
    @Test func aSegmentWithoutNamesListsNone() throws {
        let reason = try FormatCatalog.format("edifact").refusal(of: .null, at: ["ZZZ", "x"])
        #expect(reason == "no component of ZZZ has this name")
    }

    @Test func documentsOfAnotherInterchangeBeginTheirOwn() throws {
        let first = Self.message([("BGM", ["document": "35"])])
        var second = first
        second["interchange"]?["reference"] = "10"
        let bytes = try written("edifact", [first, first, second])
        let reading = try Reading("edifact", bytes)
        #expect(reading.errors.isEmpty)
        #expect(reading.records.map { $0["interchange"]?["reference"] } == ["9", "9", "10"])
    }

    @Test(
        arguments: [
            ("interchange", ["sender": "S"], "interchange.recipient"), ("interchange", nil, "interchange"),
            ("message", [:], "message.type"), ("LIN", [["itm": "64"]], "LIN.itm"), ("LIN", ["x"], "LIN"),
            ("BGM", [["LIN": []]], "BGM.LIN"), ("BGM", [["number": ["a", "b"]]], "BGM.number"),
            ("BGM", [["number": "漢"]], "BGM.number"), ("BGM", [["number": "1", "e2_1": "2"]], "BGM.number"),
            ("lines", [], "lines"), ("BGM", [["number": true]], "BGM.number"),
        ] as [(String, JSON?, String)])
    func aDocumentThatCannotBeWrittenIsRefusedByItsField(member: String, value: JSON?, field: String) throws {
        var document = Self.message([("BGM", ["document": "35"])])
        document[member] = value
        let error = try #require(throws: FormatError.self) { try written("edifact", [document]) }
        #expect(error.field == field || error.field == "BGM.e2_1")
        #expect(error.scope == .record)
    }

    @Test func aRefusedDocumentLeavesNothingBehind() throws {
        var writer = try FormatCatalog.format(named: "edifact").writer()
        var tape = Tape()
        var other = Self.message([("BGM", ["number": "漢"])])
        other["interchange"]?["reference"] = "10"
        for document in [Self.message([("BGM", ["number": "ä"])]), other, Self.message([("BGM", ["number": "ö"])])] {
            tape.reset()
            let node = tape.append(document)
            try? writer.write(node)
        }
        try writer.finish()
        let reading = try Reading("edifact", writer.take())
        #expect(reading.errors.isEmpty)
        #expect(reading.records.map { $0["BGM"]?[0]?["number"] } == ["ä", "ö"])
        #expect(reading.records.map { $0["interchange"]?["reference"] } == ["9", "9"])
    }

    @Test func anEmptyRunWritesNothing() throws {
        #expect(try written("edifact", []).isEmpty)
    }
}

@Suite struct EDIFACTPropertyTests {
    static let pieces = ["+", ":", "'", "?", "??", "*", "\n", "\r\n", " ", "a", "Ä", "12", "UNT", ".", ",", "~"]
    /// Makes random documents of a diagram.
    struct Maker {
        var random: Seeded
        let repeats: Bool

        mutating func text() -> JSON {
            // A text must not be empty, which is absent, nor begin a line, where blanks are passed.
            .string("x" + random.text(of: EDIFACTPropertyTests.pieces, upTo: 6))
        }

        mutating func segment(_ tag: String) -> [JSON.Member] {
            var members: [JSON.Member] = []
            for element in 1...4 where random.below(2) == 0 {
                // Components of one element repeat together.
                let isRepeated = repeats && random.below(3) == 0
                for component in 1...2 where random.below(2) == 0 {
                    let value: JSON = isRepeated ? .array([random.below(2) == 0 ? nil : text(), text()]) : text()
                    members.append(.init("e\(element + 20)_\(component)", value))
                }
            }
            if tag == "QTY", random.below(2) == 0 {
                let number = Number(
                    isNegative: random.below(2) == 0, coefficient: UInt128(random.below(9999) + 1),
                    exponent: -random.below(4))
                members.insert(.init("quantity", .number(number)), at: 0)
            }
            return members
        }

        mutating func group(_ place: Int, of diagram: EDIFACTGroups) -> [JSON.Member] {
            var members: [JSON.Member] = []
            for entry in diagram.groups[place] where random.below(3) == 0 {
                let nodes = (0..<1 + random.below(2)).map { _ in
                    let inner = entry.group.map { group($0, of: diagram) } ?? []
                    return JSON.object(segment(entry.tag.text) + inner)
                }
                members.append(.init(entry.tag.text, .array(nodes)))
            }
            return members
        }
    }

    @Test(arguments: 0..<200) func whatIsWrittenReadsBack(seed: Int) throws {
        var maker = Maker(random: Seeded(seed), repeats: seed % 3 == 0)
        let una = seed % 3 == 0 ? ["*;,!~#", ":+.?*'"] : [":+.? '", "*;,! #", "|^.\\ ~"]
        let options: JSON = [
            "edifact": [
                "separators": .string(una[seed % una.count]), "line-ending": seed % 2 == 0 ? "none" : "crlf",
            ]
        ]
        let diagrams = EDIFACTGroups.standard.sorted { $0.key < $1.key }
        let (type, diagram) = diagrams[maker.random.below(diagrams.count)]
        var documents: [JSON] = []
        for number in 0...maker.random.below(3) {
            let body = maker.group(0, of: diagram)
            var document = EDIFACTWriterTests.message(body.map { ($0.key, $0.value) }, type: type)
            document["interchange"]?["version"] = .string(seed % 3 == 0 ? "4" : "3")
            document["message"]?["reference"] = .string("\(number)")
            documents.append(document)
        }
        let bytes = try written(options, documents)
        let reading = try Reading("edifact", bytes)
        #expect(reading.errors.isEmpty, "\(reading.errors)")
        #expect(reading.notices.isEmpty, "\(reading.notices)")
        let isSame = reading.records == documents
        #expect(isSame, "\(reading.texts)\n\(documents.map(\.text))")
    }

    @Test(arguments: 0..<300) func mutatedAndRandomBytesNeverCrash(seed: Int) throws {
        var random = Seeded(seed)
        var bytes = Array((seed % 2 == 0 ? EDIFACTSamples.stockReport : EDIFACTSamples.invoice).utf8)
        let alphabet = Array("UNABHTZ+:'?*0123 \n".utf8) + [0xE4, 0xFF, 0x00]
        for _ in 0...random.below(12) {
            let place = random.below(bytes.count)
            switch random.below(3) {
            case 0: bytes[place] = alphabet[random.below(alphabet.count)]
            case 1: bytes.remove(at: place)
            default: bytes.insert(alphabet[random.below(alphabet.count)], at: place)
            }
        }
        if seed % 5 == 0 { bytes = (0..<200).map { _ in alphabet[random.below(alphabet.count)] } }
        for options: JSON in [[:], ["counts": "warn", "envelope": "optional"]] {
            let reading = try Reading(["edifact": options], bytes)
            var last = 0
            let places = (reading.positions + reading.errors.map(\.position)).map(\.bytes)
            for place in places.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
                #expect(place.lowerBound >= last && place.upperBound <= bytes.count)
                last = place.upperBound
            }
        }
    }
}
