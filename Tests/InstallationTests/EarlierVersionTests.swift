import Canonical
import Document
import Testing

@testable import Installation

/// What is kept of earlier versions lies beside the present one, and a mistake in a name is told.
@Suite struct EarlierVersionTests {
    private static func files(_ more: [String: String]) -> [String: String] {
        var files = [
            "omni.yaml": plain, "Schemas/campaign.rules.yaml": "key: code\n",
            "Schemas/campaign.schema.json": schema(2),
        ]
        for (name, text) in more { files["Schemas/\(name)"] = text }
        return files
    }

    private static func schema(_ major: Int, _ id: String = "campaign") -> String {
        #"{"$id": "urn:omni:\#(id):\#(major)", "type": "object", "required": ["code"], "properties": {"code": {}}}"#
    }

    @Test func theSchemaAndTheMappingAreRead() throws {
        let folder = try Folder(
            Self.files(["campaign.v1.schema.json": Self.schema(1), "campaign.v1.jsonata": "$"]))
        let model = try folder.load().model()
        #expect(model.entities.map(\.name) == ["campaign"])
        let earlier = try #require(model.entity("campaign")?.earlier(of: "campaign").first)
        #expect(earlier.kind.major == 1 && earlier.kind.dataSchema == "urn:omni:campaign:1")
        #expect(earlier.lift?.file == "Schemas/campaign.v1.jsonata" && earlier.lift?.source == [UInt8(ascii: "$")])
    }

    @Test(arguments: [
        (["campain.v1.schema.json": schema(1, "campain")], "there is no Schemas/campain.schema.json"),
        (["campaign.v1.jsonata": "$"], "put its schema beside it, Schemas/campaign.v1.schema.json"),
        (
            ["campaign.v1.schema.json": schema(1), "campain.v1.jsonata": "$"],
            "version 1 of 'campain', which isn't kept"
        ),
        (["lift.jsonata": "$"], "is called <kind>.v<major>.jsonata"),
        (["campaign.v2.schema.json": schema(2)], "version 2 is no earlier one"),
        (["campaign.v1.schema.json": schema(2)], "\"$id\" says version 2"),
        (["campaign.v01.schema.json": schema(1)], "lower-case letters"),
    ]) func aMistakeIsNamedWithItsFile(files: [String: String], expected: String) throws {
        let folder = try Folder(Self.files(files))
        let error = try #require(throws: ConfigurationError.self) { _ = try folder.load().model() }
        #expect(error.description.contains("Schemas/") && error.description.contains(expected), "\(error)")
    }
}
