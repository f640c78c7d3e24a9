import Document

@testable import Schema

extension SeededNumbers {
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Schemas and documents over a small vocabulary, so that they meet.
enum SchemaMaker {
    static let names = ["a", "b", "ab", "c"]
    static let scalars: [JSON] = [
        .null, true, false, 0, 1, 2, 3, "", "a", "b", "ab", "abc", .number(Number("1.5")!), "2024-05-31", "192.0.2.1",
        "06438012345675",
    ]
    /// Each fits one of the texts.
    static let formats: [JSON] = ["date", "ipv4", "gtin"]

    /// A schema with what references lead to.
    static func root(_ dice: inout SeededNumbers) -> JSON {
        var root = schema(&dice, depth: 3)
        guard root.object != nil else { return root }
        root["$defs"] = ["x": schema(&dice, depth: 2)]
        root["$dynamicAnchor"] = "node"
        return root
    }

    static func schema(_ dice: inout SeededNumbers, depth: Int) -> JSON {
        if dice.below(12) == 0 { return .bool(dice.below(3) > 0) }
        var members: JSON = [:]
        for _ in 0..<dice.below(3) + 1 {
            let (keyword, value) = keyword(&dice, depth: depth)
            members[keyword] = value
        }
        if dice.below(2) == 0 { members["type"] = type(&dice) }
        return members
    }

    private static func type(_ dice: inout SeededNumbers) -> JSON {
        let names = ["object", "array", "string", "integer", "number", "boolean", "null"]
        let first = dice.pick(names)
        guard dice.below(3) == 0 else { return .string(first) }
        let second = dice.pick(names.filter { $0 != first })
        return [.string(first), .string(second)]
    }

    private static func keyword(_ dice: inout SeededNumbers, depth: Int) -> (String, JSON) {
        let scalarKeywords = 16
        switch dice.below(depth > 0 ? scalarKeywords + 20 : scalarKeywords) {
        case 0: return ("const", dice.pick(scalars))
        case 1: return ("enum", .array((0..<dice.below(4) + 1).map { _ in dice.pick(scalars) }))
        case 2:
            return (
                dice.pick(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
                .number(Number(dice.below(4)))
            )
        case 3: return ("multipleOf", .number(dice.pick([Number(1), Number(2), Number("0.5")!])))
        case 4: return (dice.pick(["minLength", "maxLength"]), .number(Number(dice.below(4))))
        case 5: return ("pattern", .string(dice.pick(["^a", "b$", "^[ab]+$", "c"])))
        case 6: return (dice.pick(["minItems", "maxItems"]), .number(Number(dice.below(3))))
        case 7: return ("uniqueItems", .bool(dice.below(4) > 0))
        case 8: return (dice.pick(["minProperties", "maxProperties"]), .number(Number(dice.below(3))))
        case 9, 10:
            return ("required", .array(Array(names.shuffled(&dice).prefix(dice.below(2) + 1)).map { .string($0) }))
        case 11: return ("dependentRequired", .object([.init(dice.pick(names), [.string(dice.pick(names))])]))
        case 12, 13: return ("type", type(&dice))
        case 14: return ("format", dice.pick(formats))
        case 15: return (dice.pick(["minContains", "maxContains"]), .number(Number(dice.below(3))))
        case 16...20: return ("properties", named(&dice, depth, names))
        case 21: return ("patternProperties", named(&dice, depth, ["^a", "b$"]))
        case 22, 23: return ("additionalProperties", dice.below(2) == 0 ? false : schema(&dice, depth: depth - 1))
        case 24: return ("propertyNames", schema(&dice, depth: 0))
        case 25: return ("items", schema(&dice, depth: depth - 1))
        case 26: return ("prefixItems", list(&dice, depth))
        case 27: return ("contains", schema(&dice, depth: depth - 1))
        case 28: return (dice.pick(["allOf", "anyOf", "oneOf"]), list(&dice, depth))
        case 29: return ("not", schema(&dice, depth: depth - 1))
        case 30: return ("if", schema(&dice, depth: depth - 1))
        case 31: return (dice.pick(["then", "else"]), schema(&dice, depth: depth - 1))
        case 32: return ("dependentSchemas", named(&dice, depth, names))
        case 33: return dice.below(2) == 0 ? ("$dynamicRef", "#node") : ("$ref", dice.pick(["#", "#/$defs/x"]))
        case 34: return ("$ref", "#/$defs/x")
        default:
            return (
                dice.pick(["unevaluatedProperties", "unevaluatedItems"]),
                dice.below(2) == 0 ? false : schema(&dice, depth: 0)
            )
        }
    }

    private static func named(_ dice: inout SeededNumbers, _ depth: Int, _ names: [String]) -> JSON {
        .object(names.shuffled(&dice).prefix(dice.below(3) + 1).map { .init($0, schema(&dice, depth: depth - 1)) })
    }

    private static func list(_ dice: inout SeededNumbers, _ depth: Int) -> JSON {
        .array((0..<dice.below(2) + 1).map { _ in schema(&dice, depth: depth - 1) })
    }

    /// The schema with one thing changed, somewhere.
    static func changed(_ schema: JSON, _ dice: inout SeededNumbers) -> JSON {
        guard var members = schema.object, !members.isEmpty, dice.below(4) > 0 else {
            var changed = schema.object == nil ? [:] : schema
            let (name, value) = keyword(&dice, depth: 2)
            changed[name] = value
            return changed
        }
        let place = dice.below(members.count)
        let isSchema = ["not", "items", "contains", "if", "additionalProperties"].contains(members[place].key)
        if isSchema {
            members[place].value = changed(members[place].value, &dice)
        } else if ["properties", "dependentSchemas", "patternProperties", "$defs"].contains(members[place].key),
            var inner = members[place].value.object, !inner.isEmpty
        {
            let which = dice.below(inner.count)
            inner[which].value = changed(inner[which].value, &dice)
            members[place].value = .object(inner)
        } else {
            members.remove(at: place)
        }
        return .object(members)
    }

    /// ``closed(_:depth:)`` of a root, with what its references lead to.
    static func closedRoot(_ root: JSON) -> JSON {
        guard let defs = root["$defs"]?.object else { return closed(root) }
        var inner = root
        inner["$defs"] = nil
        inner["$dynamicAnchor"] = nil
        var closed = closed(inner)
        closed["$defs"] = .object(defs.map { .init($0.key, self.closed($0.value)) })
        closed["$dynamicAnchor"] = root["$dynamicAnchor"]
        return closed
    }

    /// A schema for documents that hold no fields but those that the schema evaluates: what a verdict is about. Documents
    /// are judged by the schema itself too, so it doesn't matter that this one lets fewer pass.
    static func closed(_ schema: JSON, depth: Int = 4) -> JSON {
        guard depth > 0 else { return false }
        if schema == .bool(false) { return schema }
        let rest: JSON = ["unevaluatedProperties": false, "unevaluatedItems": closed(true, depth: depth - 1)]
        guard case .object(let members) = rest else { return rest }
        return .object([.init("allOf", [inside(schema, depth)])] + members)
    }

    /// The schemas below, closed; those for the same value as they are.
    private static func inside(_ schema: JSON, _ depth: Int) -> JSON {
        guard let members = schema.object else { return schema }
        func below(_ value: JSON) -> JSON { closed(value, depth: depth - 1) }
        func named(_ value: JSON, _ change: (JSON) -> JSON) -> JSON {
            .object((value.object ?? []).map { .init($0.key, change($0.value)) })
        }
        return .object(
            members.map { member in
                let value = member.value
                switch member.key {
                case "properties", "patternProperties": return .init(member.key, named(value, below))
                case "additionalProperties":
                    // Open on purpose, unless it says nothing.
                    return .init(member.key, value == .bool(true) || value == [:] ? false : below(value))
                case "items", "contains": return .init(member.key, below(value))
                case "prefixItems": return .init(member.key, .array((value.array ?? []).map(below)))
                case "allOf", "anyOf", "oneOf":
                    return .init(member.key, .array((value.array ?? []).map { inside($0, depth) }))
                case "then", "else": return .init(member.key, inside(value, depth))
                case "dependentSchemas": return .init(member.key, named(value) { inside($0, depth) })
                default: return member
                }
            })
    }

    /// A document that a schema has something to say of.
    static func document(after schema: JSON, in root: JSON, _ dice: inout SeededNumbers, depth: Int) -> JSON {
        guard depth > 0, schema.object != nil, dice.below(8) > 0 else { return document(&dice, depth: min(depth, 1)) }
        func after(_ inner: JSON?) -> JSON { document(after: inner ?? true, in: root, &dice, depth: depth - 1) }
        if let constant = schema["const"] { return constant }
        if let values = schema["enum"]?.array { return dice.pick(values) }
        let targets = [schema["$ref"], schema["$dynamicRef"]].compactMap(\.self).map { target in
            target == "#/$defs/x" ? root["$defs"]?["x"] : root
        }
        let alternatives = ["allOf", "anyOf", "oneOf"].flatMap { schema[$0]?.array ?? [] }
        let others = targets.compactMap(\.self) + alternatives + ["if", "then", "else"].compactMap { schema[$0] }
        if !others.isEmpty, dice.below(3) > 0 { return after(dice.pick(others)) }
        let forObjects = ["properties", "required", "patternProperties", "additionalProperties", "dependentSchemas"]
        if schema["type"] == "object" || forObjects.contains(where: { schema[$0] != nil }), dice.below(8) > 0 {
            var object: JSON = [:]
            for property in schema["properties"]?.object ?? [] where dice.below(3) > 0 {
                object[property.key] = after(property.value)
            }
            for name in schema["required"]?.array?.compactMap(\.string) ?? [] where object[name] == nil {
                object[name] = after(nil)
            }
            if dice.below(3) == 0 { object[dice.pick(names)] = after(schema["additionalProperties"]) }
            return object
        }
        if ["items", "prefixItems", "contains"].contains(where: { schema[$0] != nil }) {
            let listed = schema["prefixItems"]?.array ?? []
            return .array(
                (0..<dice.below(4)).map { place in
                    place < listed.count
                        ? after(listed[place]) : after(dice.below(3) == 0 ? schema["contains"] : schema["items"])
                })
        }
        return document(&dice, depth: 1)
    }

    static func document(_ dice: inout SeededNumbers, depth: Int) -> JSON {
        switch dice.below(depth > 0 ? 8 : 2) {
        case 0...2: return dice.pick(scalars)
        case 3, 4: return .array((0..<dice.below(4)).map { _ in document(&dice, depth: depth - 1) })
        default:
            let held = names.shuffled(&dice).prefix(dice.below(4))
            return .object(held.map { .init($0, document(&dice, depth: depth - 1)) })
        }
    }
}

extension [String] {
    fileprivate func shuffled(_ dice: inout SeededNumbers) -> [String] {
        var rest = self
        var result: [String] = []
        while !rest.isEmpty { result.append(rest.remove(at: dice.below(rest.count))) }
        return result
    }
}

/// A tree whose nodes another schema extends, all the way down.
struct TreeMaker {
    private var data: JSON
    private var more: JSON
    private var required: [JSON]
    private var isDynamic = true

    init(_ dice: inout SeededNumbers) {
        data = SchemaMaker.schema(&dice, depth: 0)
        more = SchemaMaker.schema(&dice, depth: 0)
        required = dice.below(3) == 0 ? [dice.pick(["data", "more"])] : []
        isDynamic = dice.below(4) > 0
    }

    /// One thing of it becomes another one.
    mutating func change(_ dice: inout SeededNumbers) {
        switch dice.below(5) {
        case 0: data = SchemaMaker.changed(data, &dice)
        case 1, 2: more = SchemaMaker.changed(more, &dice)
        case 3: required = required.isEmpty ? [dice.pick(["data", "more"])] : []
        default: isDynamic.toggle()
        }
    }

    /// Its documents hold what it names and nothing else, where the extension reaches.
    var schema: JSON {
        [
            "$id": "https://example.org/wide", "$dynamicAnchor": "node", "$ref": "tree",
            "properties": ["more": more], "required": .array(required), "unevaluatedProperties": false,
            "$defs": [
                "tree": [
                    "$id": "tree", "$dynamicAnchor": "node", "type": "object",
                    "properties": [
                        "data": data,
                        "children": ["type": "array", "items": [(isDynamic ? "$dynamicRef" : "$ref"): "#node"]],
                    ],
                ]
            ],
        ]
    }

    /// The same where the extension doesn't reach.
    static func closed(_ schema: JSON) -> JSON {
        var closed = schema
        closed["$defs"]?["tree"]?["properties"]?["children"]?["items"]?["unevaluatedProperties"] = false
        return closed
    }

    static func document(_ dice: inout SeededNumbers, depth: Int) -> JSON {
        var node: JSON = [:]
        for name in ["data", "more"] where dice.below(3) > 0 { node[name] = dice.pick(SchemaMaker.scalars) }
        if depth > 0, dice.below(3) > 0 {
            node["children"] = .array((0..<dice.below(3)).map { _ in document(&dice, depth: depth - 1) })
        }
        return node
    }
}
