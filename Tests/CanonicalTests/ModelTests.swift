import Canonical
import Document
import Testing

@Suite struct ModelTests {
    static let rules = ["product": "gtin", "location": "code", "order": "id"]

    static func sources() throws -> [Model.Source] {
        try ["product", "location", "customer", "order", "stock", "reservation"].map { entity in
            Model.Source(
                entity: entity, schema: try Files.schema(entity),
                rules: rules[entity].map { ["key": .string($0)] })
        }
    }

    @Test func loadsTheRepositorysSchemas() throws {
        let model = try Model(Self.sources())
        #expect(model.domains == ["customer", "location", "order", "product", "stock"])
        #expect(model.entities(of: "stock").map(\.name) == ["reservation", "stock"])
        let count = try #require(model.kind("count"))
        #expect(count.domain == "stock" && count.dataSchema == "urn:omni:count:1")
        #expect(count.schema["required"] == ["product", "place", "quantity"])
        #expect(count.references.map(\.description) == ["product", "place"])
        #expect(
            model.kind("order")?.references.map(\.description) == ["customer", "delivery.place", "lines[].product"])
        let customer = try #require(model.entity("customer"))
        #expect(customer.engine == .customer && customer.readOnly == ["members"])
        #expect(customer.personal.isSuperset(of: ["email", "phone", "givenName", "address"]))
    }

    @Test func whatRulesNameAndNothingElseKnowsIsToldWithWhatWasMeant() throws {
        let rules: JSON = [
            "key": "gtin", "default": ["latest": ["nordlich", "till"]],
            "fields": ["pirce": ["owner-only": "till"], "currency": ["with": "prise"], "name": ["priority": ["erp"]]],
        ]
        let source = Model.Source(entity: "product", schema: try Files.schema("product"), rules: rules)
        let others = try Self.sources().filter { $0.entity != "product" }
        let model = try Model([source] + others)
        #expect(
            model.doubts(systems: ["nordlicht", "till"]) == [
                "Schemas/product.rules.yaml, fields.pirce: the schema has no field 'pirce'; did you mean 'price'?",
                "Schemas/product.rules.yaml, fields.currency: the schema has no field 'prise'; did you mean 'price'?",
                "Schemas/product.rules.yaml: no connector here is the system 'nordlich'; did you mean 'nordlicht'?",
            ])
        #expect(try Model(Self.sources()).doubts(systems: []).isEmpty)
    }

    /// The examples are documentation: what they show must hold.
    @Test func examplesHaveTheirKeys() throws {
        let model = try Model(Self.sources())
        for entity in model.entities {
            let examples = try #require(entity.schema["examples"]?.array, "\(entity.name) has no examples")
            for example in examples {
                var tape = Tape()
                try tape.parse(example.utf8)
                let key = try entity.key.key(of: tape.root, system: "till", selfID: "7")
                #expect(!key.isEmpty)
            }
        }
    }

    @Test func anEntityIsOneFile() throws {
        let schema: JSON = [
            "$id": "urn:omni:campaign:2", "type": "object", "required": ["code"],
            "properties": [
                "code": ["type": "string"], "items": ["type": "array", "items": ["x-reference": "product"]],
            ],
        ]
        let added = Model.Source(entity: "campaign", schema: schema, rules: ["key": "code"])
        let model = try Model(Self.sources() + [added])
        let campaign = try #require(model.entity("campaign"))
        #expect(campaign.engine == .record && campaign.domain == "campaign")
        #expect(campaign.kind.dataSchema == "urn:omni:campaign:2")
        #expect(campaign.kind.references.map(\.description) == ["items[]"])
    }

    @Test(arguments: [
        (#"{"$id": "urn:omni:x:1", "type": "object"}"#, "{}", "\"properties\""),
        (#"{"$id": "urn:omni:y:1", "type": "object", "properties": {"a": {}}}"#, #"{"key": "a"}"#, "urn:omni:x:"),
        (#"{"$id": "urn:omni:x:1", "type": "object", "properties": {"a": {}}}"#, "{}", "key: is missing"),
        (#"{"$id": "urn:omni:x:1", "type": "object", "properties": {"a": {}}}"#, #"{"key": "b"}"#, "no field 'b'"),
        (#"{"$id": "urn:omni:x:1", "type": "object", "properties": {"a": {}}}"#, #"{"key": "a"}"#, "required"),
        (
            #"{"$id": "urn:omni:x:1", "type": "object", "required": ["a"], "properties": {"a": {"x-reference": "z"}}}"#,
            #"{"key": "a"}"#, "no entity 'z'"
        ),
    ])
    func refusesWithARemedy(schema: String, rules: String, reason: String) throws {
        let error = try #require(throws: ModelError.self) {
            try Model([.init(entity: "x", schema: JSON(parsing: schema), rules: JSON(parsing: rules))])
        }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func keysAreChecked() throws {
        let model = try Model(Self.sources())
        func key(_ entity: String, _ text: String, selfID: String? = nil) throws -> String {
            var tape = Tape()
            try tape.parse(Array(text.utf8))
            return try model.entity(entity)!.key.key(of: tape.root, system: "crm", selfID: selfID)
        }
        #expect(try key("product", #"{"gtin": "06438012345675"}"#) == "06438012345675")
        #expect(throws: KeyError.self) { try key("product", #"{"gtin": "06438012345674"}"#) }
        #expect(throws: KeyError.self) { try key("product", #"{"name": "x"}"#) }
        #expect(try key("stock", #"{"product": "06438012345675", "place": "a"}"#) == "06438012345675@a")
        #expect(throws: KeyError.self) { try key("stock", #"{"product": "6438012345675", "place": "a"}"#) }
        #expect(try key("customer", "{}", selfID: "17") == "crm:17")
        #expect(throws: KeyError.self) { try key("customer", "{}") }
    }
}

@Suite struct TopicTests {
    @Test func declaresEveryTopicOnce() throws {
        let table = TopicTable(
            names: TopicNames(prefix: "omni"), model: try Model(ModelTests.sources()), connectors: ["retailer"],
            replicas: 3, partitions: { $0 == "stock" ? 12 : 6 })
        #expect(Set(table.topics.map(\.name)).count == table.topics.count)
        #expect(table["omni.in.stock"]?.partitions == 12 && table["omni.hub.stock"]?.partitions == 12)
        #expect(table["omni.reservation"]?.partitions == 12)
        #expect(table["omni.in.customer"]?.partitions == 1 && table["omni.hub.customer"]?.partitions == 1)
        #expect(table["omni.customer"]?.partitions == 6)
        #expect(table["omni.in.product"]?.settings["cleanup.policy"] == "delete")
        #expect(table["omni.product"]?.settings["cleanup.policy"] == "compact")
        #expect(table["omni.product"]?.settings["delete.retention.ms"] == "2592000000")
        #expect(table["omni.product"]?.settings["min.insync.replicas"] == "2")
        for name in [
            "omni.position.retailer", "omni.parked.retailer", "omni.dead.retailer", "omni.dead.hub", "omni.id.product",
        ] { #expect(table[name] != nil, "\(name)") }
        #expect(table["omni.id.stock"] == nil && table["omni.in.reservation"] == nil)
    }
}
