import Document
import Schema
import Testing

/// Random pairs of schemas and random documents: no document contradicts a verdict.
@Suite struct CompatibilityPropertyTests {
    @Test(arguments: 0..<16) func noDocumentContradictsAVerdict(round: Int) throws {
        var dice = Dice(seed: UInt64(round) &* 7_919 + 1)
        for _ in 0..<6 {
            let old = SchemaMaker.schema(&dice, depth: 3)
            let new = dice.below(3) == 0 ? SchemaMaker.schema(&dice, depth: 3) : SchemaMaker.changed(old, &dice)
            try judge(old, new, &dice)
        }
    }

    private func judge(_ old: JSON, _ new: JSON, _ dice: inout Dice) throws {
        // What applies itself to the same value without end is no schema.
        guard let before = try? compile(old.text), let after = try? compile(new.text) else { return }
        let verdict = try compare(old.text, new.text, seed: dice.next())
        for finding in verdict.backward + verdict.forward {
            guard let witness = finding.witness else { continue }
            let isBackward = verdict.backward.contains(finding)
            #expect(fits(witness, isBackward ? before : after), "\(old.text) → \(new.text): \(witness.text)")
            #expect(!fits(witness, isBackward ? after : before), "\(old.text) → \(new.text): \(witness.text)")
        }
        let directions = [(verdict.backward, old, before, after), (verdict.forward, new, after, before)]
        for (findings, schema, writer, reader) in directions where findings.isEmpty {
            guard let closed = try? compile(SchemaMaker.closed(schema).text) else { continue }
            for _ in 0..<150 {
                let document = SchemaMaker.document(&dice, depth: 3)
                guard fits(document, writer), fits(document, closed) else { continue }
                #expect(fits(document, reader), "\(old.text) → \(new.text): \(document.text)")
            }
        }
    }

    @Test func aVerdictIsTheSameForTheSameSeed() throws {
        var dice = Dice(seed: 5)
        for _ in 0..<20 {
            let (old, new) = (SchemaMaker.schema(&dice, depth: 2), SchemaMaker.schema(&dice, depth: 2))
            guard let once = try? compare(old.text, new.text, seed: 3) else { continue }
            let again = try compare(old.text, new.text, seed: 3)
            #expect(once.backward == again.backward && once.forward == again.forward)
        }
    }

    private func fits(_ document: JSON, _ schema: CompiledSchema) -> Bool {
        var tape = Tape()
        tape.setRoot(tape.append(document))
        return schema.isValid(tape.root)
    }
}

/// SplitMix64.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Schemas and documents over a small vocabulary, so that they meet.
enum SchemaMaker {
    static let names = ["a", "b", "ab", "c"]
    static let scalars: [JSON] = [.null, true, false, 0, 1, 2, 3, "", "a", "b", "ab", "abc", .number(Number("1.5")!)]

    static func schema(_ dice: inout Dice, depth: Int) -> JSON {
        if dice.below(12) == 0 { return .bool(dice.below(3) > 0) }
        var members: JSON = [:]
        for _ in 0..<dice.below(3) + 1 {
            let (keyword, value) = keyword(&dice, depth: depth)
            members[keyword] = value
        }
        if dice.below(2) == 0 { members["type"] = type(&dice) }
        return members
    }

    private static func type(_ dice: inout Dice) -> JSON {
        let names = ["object", "array", "string", "integer", "number", "boolean", "null"]
        let first = dice.pick(names)
        guard dice.below(3) == 0 else { return .string(first) }
        let second = dice.pick(names.filter { $0 != first })
        return [.string(first), .string(second)]
    }

    private static func keyword(_ dice: inout Dice, depth: Int) -> (String, JSON) {
        let scalarKeywords = 14
        switch dice.below(depth > 0 ? scalarKeywords + 18 : scalarKeywords) {
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
        case 14...18: return ("properties", named(&dice, depth, names))
        case 19: return ("patternProperties", named(&dice, depth, ["^a", "b$"]))
        case 20, 21: return ("additionalProperties", dice.below(2) == 0 ? false : schema(&dice, depth: depth - 1))
        case 22: return ("propertyNames", schema(&dice, depth: 0))
        case 23: return ("items", schema(&dice, depth: depth - 1))
        case 24: return ("prefixItems", list(&dice, depth))
        case 25: return ("contains", schema(&dice, depth: depth - 1))
        case 26: return (dice.pick(["allOf", "anyOf", "oneOf"]), list(&dice, depth))
        case 27: return ("not", schema(&dice, depth: depth - 1))
        case 28: return ("if", schema(&dice, depth: depth - 1))
        case 29: return (dice.pick(["then", "else"]), schema(&dice, depth: depth - 1))
        case 30: return ("dependentSchemas", named(&dice, depth, names))
        default:
            return (
                dice.pick(["unevaluatedProperties", "unevaluatedItems"]),
                dice.below(2) == 0 ? false : schema(&dice, depth: 0)
            )
        }
    }

    private static func named(_ dice: inout Dice, _ depth: Int, _ names: [String]) -> JSON {
        .object(names.shuffled(&dice).prefix(dice.below(3) + 1).map { .init($0, schema(&dice, depth: depth - 1)) })
    }

    private static func list(_ dice: inout Dice, _ depth: Int) -> JSON {
        .array((0..<dice.below(2) + 1).map { _ in schema(&dice, depth: depth - 1) })
    }

    /// The schema with one thing changed, somewhere.
    static func changed(_ schema: JSON, _ dice: inout Dice) -> JSON {
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
        } else if ["properties", "dependentSchemas", "patternProperties"].contains(members[place].key),
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

    static func document(_ dice: inout Dice, depth: Int) -> JSON {
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
    fileprivate func shuffled(_ dice: inout Dice) -> [String] {
        var rest = self
        var result: [String] = []
        while !rest.isEmpty { result.append(rest.remove(at: dice.below(rest.count))) }
        return result
    }
}
