import Document
import Formats
import Testing

@Suite struct XMLReaderTests {
    private func reading(_ text: String, _ options: JSON = ["record": "/c/p"]) throws -> Reading {
        try Reading(["xml": options], text)
    }

    @Test func elementsAttributesAndTextBecomeObjects() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- spring --><c xmlns:x="urn:x">
              <p ean="64"><name>Sofa &amp; <![CDATA[<pillow>]]> &#228;</name>
                <price currency="EUR"> 1299.90 </price><x:tag>a</x:tag><x:tag>b</x:tag><note/><?pi x?></p>
              <p>plain</p><p/>
            </c>
            """
        let reading = try reading(text)
        #expect(reading.errors.isEmpty && reading.notices.isEmpty)
        #expect(
            reading.texts == [
                #"{"@ean":"64","name":"Sofa & <pillow> ä","price":{"@currency":"EUR","$text":"1299.90"},"#
                    + #""x:tag":["a","b"],"note":""}"#,
                #""plain""#, #""""#,
            ])
        #expect(reading.positions.map(\.line) == [3, 5, 5])
        let raw = reading.positions.map { String(decoding: Array(text.utf8)[$0.bytes], as: UTF8.self) }
        #expect(raw[0].hasPrefix("<p ean") && raw[0].hasSuffix("</p>"))
        #expect(raw[1...] == ["<p>plain</p>", "<p/>"])
    }

    @Test func withoutRecordTheDocumentIsOneRecordUnderItsRoot() throws {
        let reading = try reading("<Order id='1'><Line>a</Line></Order>", ["arrays": ["Line"]])
        #expect(reading.texts == [#"{"Order":{"@id":"1","Line":["a"]}}"#])
        #expect(reading.positions.map(\.bytes) == [0..<36])
    }

    @Test func namespacesGetTheConfiguredPrefix() throws {
        let options: JSON = [
            "record": "/a:c/p", "namespaces": ["a": "urn:a", "": "urn:default", "i": "urn:i"],
        ]
        let text = """
            <z:c xmlns:z="urn:a"><p xmlns="urn:default" xmlns:q="urn:i" xmlns:u="urn:unknown" q:id="1" n="2">\
            <q:t>x</q:t><u:t>y</u:t><t>w</t></p></z:c>
            """
        #expect(try reading(text, options).texts == [#"{"@i:id":"1","@n":"2","i:t":"x","u:t":"y","t":"w"}"#])
    }

    @Test func nilIsNullAndEmptyIsEmpty() throws {
        let text = "<c xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><p><a xsi:nil='true'/><b></b></p></c>"
        #expect(try reading(text).texts == [#"{"a":null,"b":""}"#])
        let options: JSON = ["record": "/c/p", "namespaces": ["n": "urn:n"]]
        #expect(try reading(text.replacing("xsi", with: "i"), options).texts == [#"{"a":null,"b":""}"#])
    }

    @Test func textIsTrimmedByOption() throws {
        let text = "<c><p><a> x\n</a><b> <d/> y </b></p></c>"
        #expect(try reading(text).texts == [#"{"a":"x","b":{"d":"","$text":"y"}}"#])
        let options: JSON = ["record": "/c/p", "trim": false]
        #expect(try reading(text, options).texts == [#"{"a":" x\n","b":{"d":"","$text":"y"}}"#])
    }

    @Test(arguments: [
        "<!DOCTYPE c><c><p>1</p></c>",
        "<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c><p>&x;</p></c>",
        "<!DOCTYPE c [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><c><p>&b;</p></c>",
        "<!DOCTYPE c SYSTEM 'http://127.0.0.1:1/x.dtd'><c><p>1</p></c>",
    ])
    func aDocumentTypeIsRefused(text: String) throws {
        let reading = try reading(text)
        #expect(reading.records.isEmpty)
        #expect(reading.errors.map(\.scope) == [.file])
        #expect(reading.errors.first?.reason.contains("DTD") == true)
    }

    @Test(arguments: [
        ("", 1), ("<c><p>1</p><p>2</c>", 1), ("<c><p>1</p>\n<p>&x;</p></c>", 2), ("<c><p>1</p></c><c/>", 1),
        ("<c><p>1</p><p a='1' a='2'/></c>", 1), ("<c><p>1</p><p>\u{1}</p></c>", 1), ("no xml", 1),
    ])
    func whatIsNotWellFormedEndsTheFileBehindTheGoodRecords(text: String, line: Int) throws {
        let reading = try reading(text)
        #expect(reading.texts == (text.contains("<p>1</p>") ? [#""1""#] : []))
        #expect(reading.errors.map(\.scope) == [.file])
        #expect(reading.errors.first?.line == line)
        #expect(reading.errors.first?.position.bytes.upperBound == text.utf8.count)
    }

    @Test func elementsOutsideOfTheRecordsAreCounted() throws {
        let reading = try reading("<c><head><p>0</p></head><p>1</p><foot/></c>")
        #expect(reading.texts == [#""1""#])
        #expect(reading.notices.map(\.message) == ["3 elements outside of 'record' were left out"])
    }

    @Test func aRecordThatIsTooLongOrDeepIsRefused() throws {
        let long = try reading(
            "<c><p>1</p><p><a>xxxxxxxxxxxxxxxxxxxx</a><a/></p><p>2</p></c>", ["record": "/c/p", "maximum-record": 20])
        #expect(long.texts == [#""1""#, #""2""#])
        #expect(long.errors.map(\.scope) == [.record] && long.errors.map(\.position.bytes) == [11..<49])
        let wide = try reading(
            "<c><p a='xxxxxxxxxxxxxxxxxxxxxxx'/><p>2</p></c>", ["record": "/c/p", "maximum-record": 20])
        #expect(wide.texts == [#""2""#] && wide.errors.map(\.scope) == [.record])
        let deep = String(repeating: "<a>", count: 201) + String(repeating: "</a>", count: 201)
        #expect(try reading(deep, [:]).errors.map(\.scope) == [.file])
    }

    @Test func readsOtherEncodings() throws {
        let text = "<c><p>\u{1}</p></c>"
        let bytes = { (declared: String, value: [UInt8]) in
            Array("<?xml version='1.0' encoding='\(declared)'?>".utf8)
                + Array(text.utf8).flatMap { $0 == 1 ? value : [$0] }
        }
        let read = { (declared: String, value: [UInt8], options: JSON) in
            let reading = try Reading(["xml": options], bytes(declared, value))
            return reading.records.first?.string ?? reading.errors.first?.reason
        }
        #expect(try read("iso-8859-1", [0xE4], ["record": "/c/p"]) == "ä")
        #expect(try read("windows-1252", [0x80, 0xE4], ["record": "/c/p"]) == "€ä")
        #expect(try read("ISO-8859-15", [0xA4], ["record": "/c/p"]) == "€")
        #expect(try read("utf-8", [0x80], ["record": "/c/p", "encoding": "windows-1252"]) == "€")
        #expect(try read("windows-1252", [0x81], ["record": "/c/p"])?.contains("not well-formed") == true)
        #expect(try read("x-unheard-of", [0x61], ["record": "/c/p"])?.contains("unknown encoding") == true)
        let wide = "\u{FEFF}<c><p>€😀</p></c>".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let reading = try Reading(["xml": ["record": "/c/p"]], wide)
        #expect(reading.texts == [#""€😀""#])
        #expect(reading.positions.map(\.bytes) == [8..<28])
    }

    @Test func recordsLongerThanAPieceAndManyOfThem() throws {
        let long = String(repeating: "ä", count: 100_000)
        let text = "<c>" + (0..<2_000).map { "<p n='\($0)'/>" }.joined() + "<p>\(long)</p><p>end</p></c>"
        let reading = try reading(text)
        #expect(reading.errors.isEmpty)
        #expect(reading.records.count == 2_002)
        #expect(reading.records[1_999] == ["@n": "1999"])
        #expect(reading.records[2_000] == .string(long))
        let bytes = Array(text.utf8)
        #expect(
            reading.positions.allSatisfy {
                bytes[$0.bytes.lowerBound] == UInt8(ascii: "<") && bytes[$0.bytes.upperBound - 1] == UInt8(ascii: ">")
            })
    }
}

@Suite struct XMLWriterTests {
    @Test func writesRecordsIntoTheirPath() throws {
        let options: JSON = ["xml": ["record": "/c:cat/p", "namespaces": ["c": "urn:c"]]]
        let bytes = try written(
            options,
            [
                [
                    "@ean": "6<\"4", "n": ["a&b", nil], "price": ["$text": .number(Number("19.50")!), "@cur": "EUR"],
                    "ok": true,
                ]
            ])
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <c:cat xmlns:c="urn:c" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
                <p ean="6&lt;&quot;4"><n>a&amp;b</n><n xsi:nil="true"></n><price cur="EUR">19.50</price><ok>true</ok></p>
                </c:cat>

                """)
    }

    @Test(
        arguments: [
            ["a b": "1"], ["a": [["b"]]], ["@a": ["b": "c"]], ["a": "\u{2}"], ["@": "x"], ["-a": "x"],
        ] as [JSON])
    func whatXMLCannotHoldIsRefused(document: JSON) throws {
        #expect(throws: FormatError.self) { try written(["xml": ["record": "/c/p"]], [document]) }
    }

    @Test func aWholeDocumentIsWrittenOnce() throws {
        let document: JSON = ["Order": ["@id": "1", "Line": ["a", "b"]]]
        #expect(try Reading("xml", written("xml", [document])).records == [document])
        #expect(throws: FormatError.self) { try written("xml", [document, document]) }
        #expect(throws: FormatError.self) { try written("xml", [["a": "1", "b": "2"]]) }
    }

    private static let pieces = ["<", "&", "]]>", "\"", "'", "\r", "\n", "\t", "ä", "€", "😀", "a", "&amp;", " "]

    private static func node(_ random: inout Seeded, _ depth: Int) -> JSON {
        let text = JSON.string(random.text(of: pieces, upTo: 5))
        guard depth < 3, random.below(3) > 0 else { return random.below(8) == 0 ? nil : text }
        var members: [JSON.Member] = []
        for name in ["@x", "@y"] where random.below(3) == 0 {
            members.append(.init(name, .string(random.text(of: pieces, upTo: 5))))
        }
        for name in ["a", "b-1", "ns.c", "ö"] where random.below(3) == 0 {
            let count = random.below(3)
            let nodes = (0..<count).map { _ in node(&random, depth + 1) }
            if count > 0 { members.append(.init(name, count == 1 ? nodes[0] : .array(nodes))) }
        }
        if !members.contains(where: { !$0.key.hasPrefix("@") }), !members.isEmpty, text != "" {
            members.append(.init("$text", text))
        }
        return members.isEmpty ? text : .object(members)
    }

    @Test(arguments: 0..<300) func whatIsWrittenReadsBack(seed: Int) throws {
        var random = Seeded(seed)
        let options: JSON = ["xml": ["record": "/c/p", "trim": false]]
        let documents = (0...random.below(4)).map { _ in Self.node(&random, 0) }
        let reading = try Reading(options, written(options, documents))
        #expect(reading.errors.isEmpty && reading.notices.isEmpty, "\(reading.errors)")
        #expect(reading.records == documents)
    }

    @Test(arguments: 0..<100) func truncatedAndMutatedDocumentsNeverCrash(seed: Int) throws {
        var random = Seeded(seed)
        let options: JSON = ["xml": ["record": "/c/p", "trim": false]]
        let documents = (0...3).map { _ in Self.node(&random, 0) }
        var bytes = try written(options, documents)
        let whole = try Reading(options, bytes)
        for cut in 0..<bytes.count - 1 {
            let reading = try Reading(options, Array(bytes[..<cut]))
            let before = whole.positions.count { $0.bytes.upperBound <= cut }
            #expect(reading.records == Array(documents.prefix(before)), "cut at \(cut)")
            if cut < bytes.count - 5 { #expect(reading.errors.map(\.scope) == [.file], "cut at \(cut)") }
        }
        for _ in 0..<5 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        let mutated = try Reading(options, bytes)
        #expect(mutated.positions.allSatisfy { $0.bytes.upperBound <= bytes.count })
    }
}
