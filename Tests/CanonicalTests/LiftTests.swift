import Canonical
import Document
import Mapping
import Testing

/// Documents of earlier major versions, read as what they are now.
@Suite struct LiftTests {
    static func schema(_ major: Int, _ properties: JSON, required: [JSON] = ["code"]) -> JSON {
        [
            "$id": .string("urn:omni:campaign:\(major)"), "type": "object", "required": .array(required),
            "properties": properties,
        ]
    }

    static let first = schema(1, ["code": ["type": "string"], "titel": ["type": "string", "x-personal": true]])
    static let second = schema(2, ["code": ["type": "string"], "title": ["type": "string", "maxLength": 5]])
    static let third = schema(
        3, ["code": ["type": "string"], "titles": ["type": "array", "items": ["type": "string"]]])

    static func ladder(
        _ present: JSON, _ earlier: [(Int, JSON, String?)]
    ) throws -> Ladder {
        let kept = earlier.map { major, schema, lift in
            Model.Source.Earlier(
                major: major, schema: schema, lifts: lift.map { ["campaign": Array($0.utf8)] } ?? [:])
        }
        let model = try Model([.init(entity: "campaign", schema: present, rules: ["key": "code"], earlier: kept)])
        return try #require(try Lifts(model)["campaign"])
    }

    static func lifted(_ text: String, from major: Int, by ladder: Ladder, isWhole: Bool = true) throws -> JSON? {
        var tape = Tape()
        try tape.parse(Array(text.utf8))
        var evaluator = MappingEvaluator()
        let bytes = try ladder.lifted(
            tape.root, from: major, at: 1_000, on: &tape, by: &evaluator, isWhole: isWhole)
        return try bytes.map { try JSON(parsing: $0) }
    }

    static let rename = "$ ~> |$|{\"title\": titel}, [\"titel\"]|"
    static let list = "$ ~> |$|{\"titles\": title}, [\"title\"]|"

    @Test func aDocumentIsLiftedFromVersionToVersion() throws {
        let ladder = try Self.ladder(Self.third, [(2, Self.second, Self.list), (1, Self.first, Self.rename)])
        // What nobody names is kept, numbers keep their digits (I10), and a list of one is a list.
        #expect(
            try Self.lifted(#"{"code": "A", "titel": "Mai", "n": 1.50}"#, from: 1, by: ladder)
                == ["code": "A", "n": .number(Number("1.50")!), "titles": ["Mai"]])
        #expect(try Self.lifted(#"{"code": "A", "title": "Mai"}"#, from: 2, by: ladder)?["titles"] == ["Mai"])
        // What isn't kept is left as it is.
        #expect(try Self.lifted(#"{"code": "A"}"#, from: 4, by: ladder) == nil)
    }

    @Test func aDocumentIsCheckedByTheVersionThatItNames() throws {
        let ladder = try Self.ladder(Self.second, [(1, Self.first, Self.rename)])
        #expect {
            try Self.lifted(#"{"code": "A", "titel": 7}"#, from: 1, by: ladder)
        } throws: {
            "\($0)".hasPrefix("of version 1 of 'campaign': /titel: must be of type string, found a number (masked)")
        }
        #expect {
            try Self.lifted(#"{"code": "A", "titel": "too long"}"#, from: 1, by: ladder)
        } throws: {
            "\($0)".hasPrefix(
                "of version 1 of 'campaign': Schemas/campaign.v1.jsonata makes of it what isn't of version 2: /title")
        }
    }

    /// What a copy holds is what it holds: a report of it is taken however incomplete it is.
    @Test func whatIsHeldIsLiftedWithoutBeingChecked() throws {
        let ladder = try Self.ladder(Self.second, [(1, Self.first, Self.rename)])
        #expect(
            try Self.lifted(#"{"titel": "too long"}"#, from: 1, by: ladder, isWhole: false) == ["title": "too long"])
    }

    @Test func withoutAMappingWhatFitsBothIsTakenAndTheRestSaysWhatToAdd() throws {
        let ladder = try Self.ladder(
            Self.schema(2, ["code": ["type": "string", "maxLength": 3]]), [(1, Self.first, nil)])
        #expect(try Self.lifted(#"{"code": "A"}"#, from: 1, by: ladder) == nil)
        #expect {
            try Self.lifted(#"{"code": "ABCD"}"#, from: 1, by: ladder)
        } throws: {
            "\($0)".hasPrefix(
                "of version 1 of 'campaign': it fits that version, but not version 2, and nothing lifts it: put a mapping into "
                    + "Schemas/campaign.v1.jsonata and send it again")
        }
    }

    /// I12: the author's words may quote the document.
    @Test(arguments: ["$reject(titel)", "$error(titel)", "{\"code\": $number(titel)}"])
    func whyItCannotBeLiftedQuotesNothing(lift: String) throws {
        let ladder = try Self.ladder(Self.second, [(1, Self.first, lift)])
        #expect {
            try Self.lifted(#"{"code": "A", "titel": "SECRET"}"#, from: 1, by: ladder)
        } throws: {
            "\($0)".contains("Schemas/campaign.v1.jsonata:1") && !"\($0)".contains("SECRET")
        }
    }

    @Test(arguments: [
        ("[]", "gives no document"), ("titel", "gives no document"), ("nothing.there", "gives no document"),
    ]) func whatGivesNoDocumentIsAFault(lift: String, part: String) throws {
        let ladder = try Self.ladder(Self.second, [(1, Self.first, lift)])
        #expect {
            try Self.lifted(#"{"code": "A", "titel": "x"}"#, from: 1, by: ladder)
        } throws: {
            "\($0)".contains(part)
        }
    }

    @Test(arguments: [
        ("{", "Schemas/campaign.v1.jsonata:1:"), ("$omni_ref(\"product\", \"till\", code)", "$omni_ref"),
        ("$omni_table(\"units\", code)", "units"), ("$random()", "random"), ("$system", "system"),
    ]) func whatTheDocumentAloneCannotSayIsRefusedAtTheStart(lift: String, part: String) throws {
        #expect {
            _ = try Self.ladder(Self.second, [(1, Self.first, lift)])
        } throws: {
            "\($0)".contains(part)
        }
    }

    @Test func whatIsKeptMustBeAnEarlierVersion() throws {
        for (major, schema, part) in [
            (1, Self.second, "its \"$id\" says version 2"), (2, Self.second, "version 2 is no earlier one"),
        ] {
            #expect {
                _ = try Self.ladder(Self.second, [(major, schema, nil)])
            } throws: {
                "\($0)".hasPrefix("Schemas/campaign.v\(major).schema.json: ") && "\($0)".contains(part)
            }
        }
    }
}
