import Document
import Mapping

/// Whether what a mapping makes can fit a JSON Schema at all: found without a record.
struct SchemaFit {
    /// The schema's document, which `$ref`s point into.
    let document: JSON
    /// What the schema is of: `product`.
    let name: String
    let source: [UInt8]
    /// Whether what the mapping only passes on may be unknown to the schema, where that is open: documents of an earlier version
    /// keep what they held (I10).
    var keepsOthers = false
    /// Where it belongs when nothing in the mapping is nearer.
    private var offset = 0
    private(set) var findings: [MappingFinding] = []

    init(document: JSON, name: String, source: [UInt8], offset: Int) {
        (self.document, self.name, self.source, self.offset) = (document, name, source, offset)
    }

    /// The schema that a `$ref` inside of its document names.
    static func resolve(_ target: String, in document: JSON) -> JSON? {
        guard target.hasPrefix("#"), let pointer = JSONPointer(String(target.dropFirst())) else { return nil }
        return document[pointer]
    }

    /// The kinds that a schema's `type` allows; nil when it says nothing.
    static func kinds(of schema: JSON) -> Outline.Kinds? {
        let names = schema["type"]?.string.map { [$0] } ?? schema["type"]?.array?.compactMap(\.string)
        guard let names else { return schema["properties"] == nil ? nil : .object }
        return names.reduce(into: []) { kinds, name in
            switch name {
            case "null": kinds.insert(.null)
            case "boolean": kinds.insert(.boolean)
            case "number", "integer": kinds.insert(.number)
            case "string": kinds.insert(.string)
            case "array": kinds.insert(.array)
            case "object": kinds.insert(.object)
            default: break
            }
        }
    }

    /// Compares what is made at a place with the schema for it.
    mutating func check(_ made: Outline, _ schema: JSON, at path: String = "", near offset: Int? = nil, depth: Int = 0)
    {
        let before = findings.count
        checkShape(made, schema, at: path, near: offset, depth: depth)
        // Where the whole is wrong, its parts needn't be named.
        if findings.count == before { checkConstants(made, schema, path) }
    }

    /// What the mapping itself writes there: each value is known, whatever else may come.
    private mutating func checkConstants(_ made: Outline, _ schema: JSON, _ path: String) {
        guard !made.constants.isEmpty, let judge = ValueJudge(schema, in: document) else { return }
        let resolved = schema["$ref"]?.string.flatMap { Self.resolve($0, in: document) } ?? schema
        let isList = Self.kinds(of: resolved)?.contains(.array) == true
        for (value, place) in made.constants.sorted(by: { $0.value < $1.value }) {
            // One element where the schema says array is wrapped.
            if isList, value != .null { continue }
            guard let reason = judge.refusal(of: value) else { continue }
            report(.error, .value, "\(field(path)) can be \(value.text), which \(reason)", place)
        }
    }

    private mutating func checkShape(_ made: Outline, _ schema: JSON, at path: String, near offset: Int?, depth: Int) {
        guard depth < 12, schema.object != nil, !made.kinds.subtracting(.nothing).isEmpty else { return }
        if let target = schema["$ref"]?.string {
            if let found = Self.resolve(target, in: document) {
                checkShape(made, found, at: path, near: offset, depth: depth + 1)
            }
            return
        }
        let place = offset ?? made.offset ?? self.offset
        // A reference may be given as {"system", "id"}; it becomes a key.
        if schema["x-reference"] != nil, made.kinds.contains(.object) { return }
        if let values = schema["enum"]?.array ?? schema["const"].map({ [$0] }) {
            checkValues(made, values, path, place)
            return
        }
        let wanted = Self.kinds(of: schema)
        if let wanted, !fits(made, wanted) {
            report(
                made.isSampled ? .warning : .error, .value,
                "\(field(path)) is \(made.always); the schema takes \(Outline(wanted).always)", place)
            return
        }
        if made.kinds.contains(.object) { checkMembers(made, schema, path, place, depth) }
        // One element where the schema says array is wrapped: see Translator.
        if let items = schema["items"], wanted?.contains(.array) == true {
            check(made.items.something, items, at: path + "[]", near: offset, depth: depth + 1)
        }
    }

    private func fits(_ made: Outline, _ wanted: Outline.Kinds) -> Bool {
        let kinds = made.kinds.subtracting(.nothing)
        if wanted.contains(.array), !wanted.contains(.object), !kinds.isSubset(of: .null) { return true }
        return !kinds.isDisjoint(with: wanted)
    }

    private mutating func checkValues(_ made: Outline, _ values: [JSON], _ path: String, _ place: Int) {
        guard let own = made.values, made.kinds.isSubset(of: [.nothing, .boolean, .number, .string]) else { return }
        let strange = own.subtracting(values).subtracting(made.constants.keys)
        guard !strange.isEmpty else { return }
        let known = values.compactMap(\.string)
        for value in strange.sorted(by: { $0.text < $1.text }) {
            let meant = value.string?.meant(among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            let list = values.map(\.text).joined(separator: ", ")
            report(
                .error, .value, "\(field(path)) can be \(value.text), which is none of \(list)\(meant)", place)
        }
    }

    private mutating func checkMembers(
        _ made: Outline, _ schema: JSON, _ path: String, _ place: Int, _ depth: Int
    ) {
        let properties = schema["properties"]?.object ?? []
        let others = schema["additionalProperties"]
        let takesOthers =
            properties.isEmpty || others == .bool(true) || others?.object != nil || schema["patternProperties"] != nil
        for (name, member) in made.members.sorted(by: { ($0.value.offset ?? 0) < ($1.value.offset ?? 0) }) {
            if let property = properties.first(where: { $0.key == name }) {
                check(
                    member.shape, property.value, at: path.isEmpty ? name : "\(path).\(name)", near: member.offset,
                    depth: depth + 1)
            } else if !takesOthers, !keepsOthers || member.offset != nil || others == .bool(false) {
                let meant = name.meant(among: properties.map(\.key)).map { "; did you mean \"\($0)\"?" } ?? ""
                report(
                    .error, .unknownField, "the schema of \(self.name) has no \(quoted(path, name))\(meant)",
                    member.offset ?? place)
            }
        }
        guard !made.isOpen, made.kinds.subtracting(.nothing) == .object else { return }
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] {
            let kinds = made.members[name]?.shape.kinds ?? .nothing
            guard kinds.isSubset(of: .nothing) else { continue }
            report(
                .error, .missingField,
                "\(quoted(path, name)) is required by the schema of \(self.name), and is never given",
                made.offset ?? place)
        }
    }

    private func field(_ path: String) -> String { path.isEmpty ? name : "\(name)'s \"\(path)\"" }

    private func quoted(_ path: String, _ name: String) -> String { "\"\(path.isEmpty ? name : "\(path).\(name)")\"" }

    private mutating func report(
        _ severity: MappingFinding.Severity, _ rule: MappingFinding.Rule, _ message: String, _ offset: Int
    ) {
        findings.append(MappingFinding(severity, rule, message, at: offset, in: source))
    }
}
