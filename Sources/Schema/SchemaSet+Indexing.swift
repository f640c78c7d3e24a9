import Document

/// Finding the identifiers in a document when it is added.
extension SchemaSet {
    mutating func register(_ root: JSON, file: String, _ problems: inout [SchemaError.Problem]) {
        let document = documents.count
        documents.append(Document(file: file, root: root))
        let draft = draft(declaredBy: root) ?? options.draft
        resources.append(Resource(uri: Self.uri(ofFile: file), document: document, pointer: "", draft: draft))
        let resource = resources.count - 1
        byPlace[Place(document: document, pointer: "")] = resource
        if byURI.updateValue(resource, forKey: resources[resource].uri.withoutFragment) != nil {
            problems.append(.init(file: file, pointer: "", message: "added twice: give each document its own name"))
        }
        index(root, "", resource, &problems)
    }

    /// What a resource says about its dialect: itself, or the document it is in.
    func declaration(of resource: Int) -> JSON? {
        let place = Place(document: resources[resource].document, pointer: resources[resource].pointer)
        return location(at: place)?.schema["$schema"] ?? documents[place.document].root["$schema"]
    }

    /// The draft that `$schema` names, or whose keywords the metaschema named is made of.
    private func draft(declaredBy schema: JSON) -> SchemaDraft? {
        var declared = schema["$schema"]?.string
        // Metaschemas of metaschemas: a few at most, and a circle must end.
        for _ in 0..<8 {
            guard let text = declared else { return nil }
            if let draft = SchemaDraft(declared: text) { return draft }
            let uri = Reference(text).withoutFragment
            declared = find(uri, from: Reference(uri))?.location.schema["$schema"]?.string
        }
        return nil
    }

    /// Indexes a schema and those below it.
    private mutating func index(
        _ schema: JSON, _ pointer: String, _ parent: Int, _ problems: inout [SchemaError.Problem]
    ) {
        guard case .object(let members) = schema else { return }
        let resource = identify(
            schema, Place(document: resources[parent].document, pointer: pointer), parent, &problems)
        let draft = resources[resource].draft
        if schema["$dynamicRef"] != nil || schema["$recursiveRef"] != nil { usesDynamicReferences = true }
        if let target = schema["$ref"]?.string { noteMetaschema(target) }
        let known = Keywords.all(of: draft)
        for member in members where known.contains(member.key) {
            let below = "\(pointer)/\(JSONPointer.escape(member.key))"
            switch (Keywords.holdingSchemas[member.key], member.value) {
            case (.schemas?, .array(let inners)), (.schemaOrSchemas?, .array(let inners)):
                for (number, inner) in inners.enumerated() { index(inner, "\(below)/\(number)", resource, &problems) }
            case (.namedSchemas?, .object(let inners)), (.namedSchemasOrNames?, .object(let inners)):
                for inner in inners {
                    index(inner.value, "\(below)/\(JSONPointer.escape(inner.key))", resource, &problems)
                }
            case (.schema?, let inner), (.schemaOrSchemas?, let inner): index(inner, below, resource, &problems)
            default: break
            }
        }
    }

    /// The resource that a schema belongs to: its parent's, or a new one.
    private mutating func identify(
        _ schema: JSON, _ place: Place, _ parent: Int, _ problems: inout [SchemaError.Problem]
    ) -> Int {
        let declared = schema["$id"] == nil ? nil : draft(declaredBy: schema)
        let draft = declared ?? resources[parent].draft
        if draft.hidesSiblingsOfReferences, schema["$ref"]?.string != nil {
            alias(schema, place, parent)
            return parent
        }
        var resource = parent
        if let id = schema["$id"] {
            resource = identify(id, draft, place, parent, &problems)
        }
        anchors(schema, draft, place, resource, &problems)
        return resource
    }

    /// Until draft 7 a `$ref` hides the `$id` beside it. A document is still known by it, though its references are not
    /// relative to it.
    private mutating func alias(_ schema: JSON, _ place: Place, _ parent: Int) {
        guard place.pointer.isEmpty, let id = schema["$id"]?.string else { return }
        let uri = Reference(id).resolved(against: resources[parent].uri)
        if byURI[uri.withoutFragment] == nil { byURI[uri.withoutFragment] = parent }
    }

    private mutating func identify(
        _ id: JSON, _ draft: SchemaDraft, _ place: Place, _ parent: Int, _ problems: inout [SchemaError.Problem]
    ) -> Int {
        let file = documents[place.document].file
        func problem(_ message: String) {
            problems.append(.init(file: file, pointer: "\(place.pointer)/$id", message: message))
        }
        guard let text = id.string else {
            problem("must be a URI reference, a string")
            return parent
        }
        let uri = Reference(text).resolved(against: resources[parent].uri)
        let fragment = uri.fragment ?? ""
        guard fragment.isEmpty || (draft.anchorsByID && Self.isAnchor(fragment, draft)) else {
            problem(
                draft.anchorsByID
                    ? "its fragment must be a name of letters, digits, '-', '_', ':' and '.', begun by a letter or '_'"
                    : "must be a URI reference without a fragment")
            return parent
        }
        var resource = parent
        if !text.hasPrefix("#") {
            resources.append(Resource(uri: uri, document: place.document, pointer: place.pointer, draft: draft))
            resource = resources.count - 1
            byPlace[place] = resource
            let other = byURI.updateValue(resource, forKey: uri.withoutFragment)
            if let other, resources[other].document != place.document || resources[other].pointer != place.pointer {
                problem("'\(uri.withoutFragment)' names another schema too: choose another $id")
            }
        }
        if !fragment.isEmpty, resources[resource].anchors.updateValue(place, forKey: fragment) != nil {
            problem("two anchors of this schema are named '\(fragment)'")
        }
        return resource
    }

    private mutating func anchors(
        _ schema: JSON, _ draft: SchemaDraft, _ place: Place, _ resource: Int, _ problems: inout [SchemaError.Problem]
    ) {
        if draft == .draft2019, schema["$recursiveAnchor"] == .bool(true) {
            resources[resource].dynamicAnchors[Self.recursiveAnchor] = place
        }
        for keyword in ["$anchor", "$dynamicAnchor"] where Keywords.all(of: draft).contains(keyword) {
            guard let anchor = schema[keyword] else { continue }
            func problem(_ message: String) {
                let file = documents[place.document].file
                problems.append(.init(file: file, pointer: "\(place.pointer)/\(keyword)", message: message))
            }
            guard let name = anchor.string, Self.isAnchor(name, draft) else {
                problem("must be a name of letters, digits, '-', '_' and '.', begun by a letter or '_'")
                continue
            }
            if resources[resource].anchors.updateValue(place, forKey: name) != nil {
                problem("two anchors of this schema are named '\(name)'")
            }
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = place }
        }
    }

    private mutating func noteMetaschema(_ target: String) {
        if let draft = SchemaDraft(declared: target) {
            metaschemas.insert(draft)
        } else if target.hasPrefix(Metaschema.prefix) {
            metaschemas.insert(.draft2020)
        }
    }

    /// The older drafts' names may hold a colon.
    private static func isAnchor(_ name: String, _ draft: SchemaDraft) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & ~32) || byte == UInt8(ascii: "_") }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        let colon = UInt8(ascii: ":")
        return name.utf8.allSatisfy {
            isLetter($0) || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
                || ($0 == colon && draft < .draft2020)
        }
    }
}
