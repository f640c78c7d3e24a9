import Document
import Formats
import Testing

@Suite struct EDIFACTReaderTests {
    @Test func aStockReportIsATreeOfItsLines() throws {
        let reading = try Reading("edifact", EDIFACTSamples.stockReport)
        #expect(reading.errors.isEmpty && reading.notices.isEmpty)
        #expect(reading.texts == [EDIFACTSamples.stockDocument])
        let position = try #require(reading.positions.first)
        #expect(position.line == 3 && position.record == 1)
        let raw = String(decoding: Array(EDIFACTSamples.stockReport.utf8)[position.bytes], as: UTF8.self)
        #expect(raw.hasPrefix("UNH+1+INVRPT") && raw.hasSuffix("UNT+13+1'"))
    }

    @Test func totalsLieApartFromLinesAndHeader() throws {
        let reading = try Reading("edifact", EDIFACTSamples.invoice)
        #expect(reading.errors.isEmpty && reading.notices.isEmpty)
        let document = try #require(reading.records.first)
        let line = document["LIN"]?[0]
        #expect(document["NAD"]?[0]?["RFF"]?[0]?["reference"] == "123")
        #expect(document["TAX"]?.array?.count == 1 && document["MOA"] == nil)
        #expect(line?["MOA"]?[0]?["amount"]?.number?.description == "50.00")
        #expect(line?["TAX"]?[0]?["MOA"]?[0]?["amount"] == 12)
        #expect(document["UNS"]?[0]?["section"] == "S")
        #expect(document["UNS"]?[0]?["MOA"]?.array?.map { $0["amount"] } == [62])
        #expect(document["UNS"]?[0]?["TAX"]?[0]?["MOA"]?[0]?["qualifier"] == "124")
    }

    @Test func aServiceSegmentThatIsTooLargeIsRefusedLikeAMessage() throws {
        let options: JSON = ["edifact": ["maximum-message": 200]]
        let long = String(repeating: "x", count: 300)
        let file = try Reading(options, "UNB+UNOC:3+\(long)+R+260131:0600+9'UNH+1+ORDERS:D:96A:UN'UNT+2+1'UNZ+1+9'")
        #expect(file.records.isEmpty && file.errors.map(\.scope) == [.file])
        #expect(file.errors[0].description.contains("maximum-message"))
        let message = try Reading(
            options,
            "UNB+UNOC:3+S+R+260131:0600+9'UNH+1+ORDERS:D:96A:UN:\(long)'UNT+2+1'UNH+2+ORDERS:D:96A:UN'UNT+2+2'UNZ+2+9'")
        #expect(message.records.count == 1 && message.errors.map(\.scope) == [.record])
        #expect(message.errors[0].description.contains("maximum-message"))
    }

    private func repeated(_ element: String) throws -> Reading {
        try Reading(
            "edifact",
            "UNA:+.?*'UNB+UNOC:4+S+R+260131:0600+9'UNH+1+XXX:D:96A:UN'ZZZ+\(element)'UNT+3+1'UNZ+1+9'")
    }

    @Test func repetitionsThatLackAComponentHaveNullInItsPlace() throws {
        let segment = try repeated("a*:b*c:d+e").records.first?["ZZZ"]?[0]
        #expect(segment?["e1_1"] == ["a", .null, "c"] && segment?["e1_2"] == [.null, "b", "d"])
        #expect(segment?["e2_1"] == "e")
    }

    @Test(.timeLimit(.minutes(1))) func anElementMayBeRepeatedAsOftenAsThereIsRoom() throws {
        let many = try repeated(Array(repeating: "a:b", count: 200_000).joined(separator: "*"))
        #expect(many.records.first?["ZZZ"]?[0]?["e1_2"]?.array?.count == 200_000)
        // What each repetition lacks is written too: 4 million times null out of 8 kB.
        let wide = try repeated(
            String(repeating: "a*", count: 2000) + Array(repeating: "b", count: 2000).joined(separator: ":"))
        #expect(wide.records.isEmpty && wide.errors.map(\.scope) == [.record])
    }

    @Test func anySeparatorsThatUNADeclares() throws {
        let text =
            "UNA*|,!~\nUNB|UNOC*3|S|R|260131*0600|9\r\nUNH|1|ORDERS*D*96A*UN\r\nLIN|1||64*EN\n"
            + "QTY|21*1,5\nFTX|AAI|||a!|b!*c!!d'+?:\nUNT|5|1\nUNZ|1|9\n"
        let reading = try Reading("edifact", text)
        #expect(reading.errors.isEmpty, "\(reading.errors)")
        let line = reading.records.first?["LIN"]?[0]
        #expect(line?["QTY"]?[0]?["quantity"]?.number?.description == "1.5")
        #expect(line?["FTX"]?[0]?["text"] == "a|b*c!d'+?:")
        #expect(line?["item"] == "64")
    }

    @Test func theReleaseCharacterReleasesItselfAndSeparators() throws {
        let text = EDIFACTSamples.interchange("FTX+AAI+++a?+b?:c?'d??:e??+FI'")
        let segment = try Reading("edifact", text).records.first?["FTX"]?[0]
        #expect(segment?["text"] == "a+b:c'd?")
        #expect(segment?["text2"] == "e?")
        #expect(segment?["language"] == "FI")
    }

    @Test func emptyComponentsAreAbsentAndUnnamedOnesGoByTheirPlace() throws {
        let text = EDIFACTSamples.interchange("BGM+220:::+X1++'ZZZ+a+:b+'NAD+BY+++++++++++x:y'")
        let document = try #require(try Reading("edifact", text).records.first)
        #expect(document["BGM"] == [["document": "220", "number": "X1"]])
        #expect(document["ZZZ"] == [["e1_1": "a", "e2_2": "b"]])
        #expect(document["NAD"] == [["qualifier": "BY", "e12_1": "x", "e12_2": "y"]])
    }

    @Test func repeatedElementsOfVersionFourAreArrays() throws {
        let una = "UNA:+.?*'"
        let text = EDIFACTSamples.interchange("ZZZ+a:b*:c*d+e'", syntax: "UNOW:4", una: una)
        let document = try Reading("edifact", text).records.first
        #expect(document?["ZZZ"] == [["e1_1": ["a", nil, "d"], "e1_2": ["b", "c", nil], "e2_1": "e"]])
        let before = EDIFACTSamples.interchange("ZZZ+a*b'", syntax: "UNOC:3", una: una)
        #expect(try Reading("edifact", before).records.first?["ZZZ"] == [["e1_1": "a*b"]])
    }

    @Test(
        arguments: [
            ("1,5", "1.5"), ("1.50", "1.50"), ("-3", "-3"), (",5", "0.5"), ("-.25", "-0.25"), ("007", "7"),
            ("1.5,0", nil),
            ("1e3", nil), ("12 ", nil), ("x", nil), ("1.", nil),
        ] as [(String, String?)])
    func quantitiesAreExactNumbersWithEitherMark(text: String, number: String?) throws {
        let reading = try Reading("edifact", EDIFACTSamples.interchange("LIN+1'QTY+21:\(text)'"))
        let quantity = reading.records.first?["LIN"]?[0]?["QTY"]?[0]?["quantity"]?.number
        #expect(quantity?.description == number)
        #expect(reading.errors.map(\.field) == (number == nil ? ["QTY.quantity"] : []))
    }

    @Test func aBadNumberCostsItsMessageOnly() throws {
        var text = EDIFACTSamples.interchange("LIN+1'\nQTY+21:Aino'")
        text = text.replacing("UNZ+1", with: "UNH+2+ORDERS:D:96A:UN'BGM+220'UNT+3+2'UNZ+2")
        let reading = try Reading("edifact", text)
        #expect(reading.records.map { $0["message"]?["reference"] } == ["2"])
        let error = try #require(reading.errors.first)
        #expect(error.scope == .record && error.line == 2 && error.position.record == 1)
        #expect(error.reason.hasPrefix("segment 3, byte") && !error.description.contains("Aino"))
        let raw = String(decoding: Array(text.utf8)[error.position.bytes], as: UTF8.self)
        #expect(raw.hasPrefix("UNH+1") && raw.hasSuffix("UNT+4+1'"))
    }

    @Test func charactersAreThoseOfTheSyntaxIdentifier() throws {
        let text = EDIFACTSamples.interchange("FTX+AAI+++\u{1}'", syntax: "UNOC:3")
        let bytes = { (syntax: String, value: [UInt8]) in
            Array(text.replacing("UNOC", with: syntax).utf8).flatMap { $0 == 1 ? value : [$0] }
        }
        let read = { (configuration: JSON, syntax: String, value: [UInt8]) in
            let reading = try Reading(configuration, bytes(syntax, value))
            return reading.records.first?["FTX"]?[0]?["text"]?.string ?? reading.errors.first?.reason
        }
        #expect(try read("edifact", "UNOC", [0xE4]) == "ä")
        #expect(try read("edifact", "UNOA", [0xE4]) == "ä")
        #expect(try read("edifact", "UNOD", [0xB1]) == "ą")
        #expect(try read("edifact", "UNOW", [0xC3, 0xA4]) == "ä")
        #expect(try read("edifact", "UNOW", [0xE4])?.contains("bytes that the declared") == true)
        #expect(try read("edifact", "ANSI", [0x61])?.contains("no character set that is known") == true)
        #expect(try read(["edifact": ["encoding": "windows-1252"]], "ANSI", [0x80]) == "€")
    }

    @Test func aRecipientsPasswordNeverEntersADocument() throws {
        let text = EDIFACTSamples.interchange("BGM+220'").replacing("+9'UNH", with: "+9+SECRET:AA+APP'UNH")
        let document = try #require(try Reading("edifact", text).records.first)
        #expect(document["interchange"]?["application"] == "APP")
        #expect(!document.text.contains("SECRET"))
    }

    @Test func configuredNamesAndGroupsAreUsed() throws {
        let options: JSON = [
            "edifact": [
                "segments": ["ZZZ": "qualifier:value# + text", "QTY": ""],
                "groups": ["RECADV": "BGM (CPS (LIN QTY ZZZ))"],
            ]
        ]
        let text = EDIFACTSamples.interchange("CPS+1'LIN+1'QTY+21:x'ZZZ+a:1.0+t'", type: "RECADV:D:96A:UN")
        let reading = try Reading(options, text)
        #expect(
            reading.records.first?["CPS"] == [
                [
                    "number": "1",
                    "LIN": [
                        [
                            "line": "1", "QTY": [["e1_1": "21", "e1_2": "x"]],
                            "ZZZ": [["qualifier": "a", "value": 1, "text": "t"]],
                        ]
                    ],
                ]
            ])
    }

    @Test func aSegmentOutOfPlaceFindsTheGroupThatFitsAndIsReported() throws {
        // A sales report without LOC, which ought to stand above LIN; and a PIA behind the quantity.
        let text = EDIFACTSamples.interchange(
            "BGM+73E'LIN+1++64:EN'QTY+153:120'PIA+1+A:SA'XXX+1'LIN+2++65:EN'", type: "SLSRPT:D:96A:UN")
        let reading = try Reading("edifact", text)
        #expect(
            reading.records.first?["LOC"] == [
                [
                    "LIN": [
                        [
                            "line": "1", "item": "64", "itemType": "EN",
                            "QTY": [["qualifier": "153", "quantity": 120]],
                            "PIA": [["function": "1", "item": "A", "itemType": "SA"]], "XXX": [["e1_1": "1"]],
                        ], ["line": "2", "item": "65", "itemType": "EN"],
                    ]
                ]
            ])
        #expect(reading.notices.map(\.kind) == [.warning])
        #expect(
            reading.notices.first?.message
                == "LIN (segment 3) stands where the diagram of the message's type has no such segment, and 2 more")
    }

    @Test func groupsOfAnUnknownTypeLieFlat() throws {
        let text = EDIFACTSamples.interchange("BGM+1'LIN+1'QTY+21:3'LIN+2'", type: "PROTAP:D:96A:UN")
        let reading = try Reading("edifact", text)
        #expect(reading.notices.isEmpty)
        #expect(reading.records.first?["LIN"] == [["line": "1"], ["line": "2"]])
        #expect(reading.records.first?["QTY"] == [["qualifier": "21", "quantity": 3]])
    }
}

@Suite struct EDIFACTEnvelopeTests {
    private let message = "UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+3+1'"

    private func reading(_ text: String, _ options: JSON = [:]) throws -> Reading {
        try Reading(["edifact": options], text)
    }

    @Test func severalMessagesGroupsAndInterchangesInOneFile() throws {
        let text =
            "\n UNB+UNOC:3+A+B+1:1+X'\(message)\(message.replacing("+1", with: "+2"))UNZ+2+X'\r\n"
            + "UNA:+,? |UNB+UNOC:3+C+D+1:1+Y|UNG+ORDERS+C+D+1:1+G+UN+D:96A|\(message.replacing("'", with: "|"))"
            + "UNE+1+G|UNZ+1+Y|"
        let reading = try reading(text.replacing("UNT+3+2+", with: "UNT+3+2"))
        #expect(reading.errors.isEmpty, "\(reading.errors)")
        #expect(reading.records.map { $0["interchange"]?["sender"] } == ["A", "A", "C"])
        #expect(reading.records.map { $0["group"]?["reference"] } == [nil, nil, "G"])
        #expect(reading.positions.map(\.record) == [1, 2, 3])
    }

    @Test(arguments: [
        ("UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+9+1'UNZ+1+X'", "3 segments, its end (UNT) says 9"),
        ("UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+x+1'UNZ+1+X'", "says no number"),
        ("UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+3+2'UNZ+1+X'", "end of the message (UNT) is not"),
        (
            "UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+3+1'UNZ+2+X'",
            "has 1 messages or groups, its end says 2"
        ),
        ("UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNT+3+1'UNZ+1+Y'", "end of the interchange is not"),
    ])
    func wrongCountsAndReferencesAreErrorsOrNotices(text: String, reason: String) throws {
        let strict = try reading(text)
        #expect(strict.errors.count == 1)
        #expect(strict.errors.first?.reason.contains(reason) == true)
        #expect(strict.errors.first?.scope == .record)
        #expect(strict.records.count == (reason.contains("UNT") || reason.contains("no number") ? 0 : 1))
        let lenient = try reading(text, ["counts": "warn"])
        #expect(lenient.errors.isEmpty && lenient.records.count == 1)
        #expect(lenient.notices.map(\.message).first?.contains(reason) == true)
    }

    @Test func aMessageWithoutEndCostsItselfOnly() throws {
        let text = "UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+220'UNH+2+ORDERS:D:96A:UN'UNT+2+2'UNZ+2+X'"
        let reading = try reading(text)
        #expect(reading.records.map { $0["message"]?["reference"] } == ["2"])
        #expect(reading.errors.map(\.reason) == ["the message has no end (UNT) after 2 segments"])
    }

    @Test func segmentsOutsideOfMessagesAreErrorsOfTheirOwn() throws {
        let reading = try reading("BGM+1'UNB+UNOC:3+A+B+1:1+X'BGM+E3'nonsense'\(message)UNZ+1+X'UNZ+1+X'")
        #expect(reading.records.count == 1)
        #expect(reading.errors.map(\.scope) == [.record, .record, .record, .record])
        #expect(reading.errors[1].reason == "the segment BGM outside of a message")
        #expect(Set(reading.errors.map(\.position.record) + reading.positions.map(\.record)).count == 5)
    }

    @Test func messagesWithoutInterchangeAreReadByOption() throws {
        let text = "UNA:+.? '\n\(message)\n"
        #expect(try reading(text, ["envelope": "optional"]).records.map { $0["interchange"] } == [nil])
        #expect(try reading(text).errors.first?.remedy == "set 'envelope: optional' if it has none")
    }

    @Test(arguments: [
        "UNB+UNOC:3+A+B+1:1+X'UNB+UNOC:3+A+B+1:1+X'", "UNA:::::'", "UNA:+", "UNB+UNOC:3+A+B+1:1+X'UNA:+.? '",
        "UNB+UNOC:3+A+B+1:1+X'", "UNB+UNO",
    ])
    func aBrokenInterchangeIsAnErrorOfTheFile(text: String) throws {
        let reading = try reading(text)
        #expect(reading.errors.map(\.scope) == [.file])
    }

    @Test func everyTruncationGivesTheMessagesBeforeTheCutAndAnError() throws {
        let text =
            "UNB+UNOC:3+A+B+1:1+X'\n\(message)\n\(message.replacing("'BGM", with: "'DTM+137:1'BGM").replacing("UNT+3", with: "UNT+4"))\nUNZ+2+X'"
        let bytes = Array(text.utf8)
        let whole = try Reading("edifact", bytes)
        #expect(whole.records.count == 2 && whole.errors.isEmpty)
        for cut in 1..<bytes.count {
            let reading = try Reading("edifact", Array(bytes[..<cut]))
            let before = whole.positions.count { $0.bytes.upperBound <= cut }
            #expect(reading.records == Array(whole.records.prefix(before)), "cut at \(cut)")
            #expect(reading.errors.map(\.scope) == [.file], "cut at \(cut)")
            if cut > 40 { #expect(reading.errors.first?.position.bytes.upperBound == cut) }
        }
    }

    @Test func aCutNamesItsSegmentAndByte() throws {
        let error = try #require(try reading("UNB+UNOC:3+A+B+1:1+X'UNH+1+ORDERS:D:96A:UN'BGM+22").errors.first)
        #expect(error.reason == "the file ends inside segment 2 of the message, at byte 49")
        #expect(error.position.bytes == 21..<49)
    }
}
