public import Document

/// JSON Schema documents (draft 2020-12) that may refer to each other. Nothing is ever fetched.
///
/// ```swift
/// var schemas = SchemaSet()
/// try schemas.add(bytes, file: "Schemas/product.json")
/// let product = try schemas.compile("Schemas/product.json")
/// product.isValid(tape.root)
/// ```
///
/// A document is known by its `$id` and by its file's name, so `$ref` works both as a URI and as a path between
/// neighbouring files.
public struct SchemaSet: Sendable {
    /// How to read what the standard leaves open.
    public struct Options: Sendable, Hashable {
        /// Whether unknown keywords (but `x-…`) are refused, so that a misspelt one is found. The standard has them
        /// ignored.
        public var refusesUnknownKeywords = true
        /// Whether `format` is checked. The standard has it as an annotation only.
        public var assertsFormats = true

        /// The defaults: strict.
        public init() {}
    }

    /// How to read what the standard leaves open.
    public let options: Options
    var documents: [Document] = []
    var resources: [Resource] = []
    /// Resources by their URI.
    var byURI: [String: Int] = [:]
    /// Resources by their document and place in it.
    var byPlace: [Place: Int] = [:]
    var usesDynamicReferences = false
    private var usesMetaschema = false

    struct Document: Sendable {
        let file: String
        let root: JSON
    }

    /// A schema with a URI of its own: a document's root, or what has an `$id`.
    struct Resource: Sendable {
        let uri: Reference
        let document: Int
        let pointer: String
        var anchors: [String: Place] = [:]
        var dynamicAnchors: [String: Place] = [:]
    }

    /// A place in a document.
    struct Place: Hashable, Sendable {
        let document: Int
        let pointer: String

        // Not String's own equality: it takes differently composed names for the same.
        static func == (left: Place, right: Place) -> Bool {
            left.document == right.document && left.pointer.utf8.elementsEqual(right.pointer.utf8)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(document)
            hasher.combine(pointer)
        }
    }

    /// A set without schemas.
    public init(options: Options = Options()) { self.options = options }

    /// Adds a document.
    /// - Parameters:
    ///   - bytes: JSON text.
    ///   - file: What messages call it; its neighbours may refer to it by this name too. With a scheme (`https:…`) it
    ///     is taken as the URI the document came from.
    /// - Throws: ``SchemaError`` when it isn't JSON, or its identifiers are invalid or taken.
    public mutating func add(_ bytes: [UInt8], file: String) throws(SchemaError) {
        let root: JSON
        do throws(JSONError) { root = try JSON(parsing: bytes) } catch {
            throw SchemaError([.init(file: file, pointer: "", message: "not JSON: \(error)")])
        }
        try add(root, file: file)
    }

    /// Adds a document.
    public mutating func add(_ root: JSON, file: String) throws(SchemaError) {
        var changed = self
        var problems: [SchemaError.Problem] = []
        changed.register(root, file: file, &problems)
        guard problems.isEmpty else { throw SchemaError(problems) }
        self = changed
    }

    /// The set, with the standard's own schemas when one of these refers to them.
    func withMetaschema() throws(SchemaError) -> SchemaSet {
        guard usesMetaschema, byURI[Keywords.dialect] == nil else { return self }
        var set = self
        for (number, document) in Metaschema.documents.enumerated() {
            try set.add(Array(document.utf8), file: "metaschema/\(number)")
        }
        return set
    }

    /// The URI that a file's name stands for.
    static func uri(ofFile file: String) -> Reference {
        let reference = Reference(file)
        return reference.scheme == nil ? reference.resolved(against: Reference("file:///")) : reference
    }

    private mutating func register(_ root: JSON, file: String, _ problems: inout [SchemaError.Problem]) {
        let document = documents.count
        documents.append(Document(file: file, root: root))
        resources.append(Resource(uri: Self.uri(ofFile: file), document: document, pointer: ""))
        let resource = resources.count - 1
        byPlace[Place(document: document, pointer: "")] = resource
        if byURI.updateValue(resource, forKey: resources[resource].uri.withoutFragment) != nil {
            problems.append(.init(file: file, pointer: "", message: "added twice: give each document its own name"))
        }
        index(root, "", resource, &problems)
    }

    /// Finds the identifiers in a schema and in those below it.
    private mutating func index(
        _ schema: JSON, _ pointer: String, _ parent: Int, _ problems: inout [SchemaError.Problem]
    ) {
        guard case .object(let members) = schema else { return }
        var resource = parent
        let document = resources[parent].document
        let file = documents[document].file
        let place = Place(document: document, pointer: pointer)
        func problem(_ keyword: String, _ message: String) {
            problems.append(.init(file: file, pointer: "\(pointer)/\(keyword)", message: message))
        }
        if let id = schema["$id"] {
            let reference = id.string.map { Reference($0).resolved(against: resources[parent].uri) }
            if let reference, reference.fragment ?? "" == "" {
                resources.append(Resource(uri: reference, document: document, pointer: pointer))
                resource = resources.count - 1
                byPlace[place] = resource
                let other = byURI.updateValue(resource, forKey: reference.withoutFragment)
                if let other, resources[other].document != document || resources[other].pointer != pointer {
                    problem("$id", "'\(reference.withoutFragment)' names another schema too: choose another $id")
                }
            } else {
                problem("$id", "must be a URI reference without a fragment")
            }
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let anchor = schema[keyword] else { continue }
            guard let name = anchor.string, Self.isAnchor(name) else {
                problem(keyword, "must be a name of letters, digits, '-', '_' and '.', begun by a letter or '_'")
                continue
            }
            if resources[resource].anchors.updateValue(place, forKey: name) != nil {
                problem(keyword, "two anchors of this schema are named '\(name)'")
            }
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = place }
        }
        if schema["$dynamicRef"] != nil { usesDynamicReferences = true }
        if schema["$ref"]?.string?.hasPrefix(Metaschema.prefix) ?? false { usesMetaschema = true }
        for member in members {
            let below = "\(pointer)/\(JSONPointer.escape(member.key))"
            switch (Keywords.holdingSchemas[member.key], member.value) {
            case (.schema?, let inner): index(inner, below, resource, &problems)
            case (.schemas?, .array(let inners)):
                for (number, inner) in inners.enumerated() { index(inner, "\(below)/\(number)", resource, &problems) }
            case (.namedSchemas?, .object(let inners)):
                for inner in inners {
                    index(inner.value, "\(below)/\(JSONPointer.escape(inner.key))", resource, &problems)
                }
            default: break
            }
        }
    }

    private static func isAnchor(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & ~32) || byte == UInt8(ascii: "_") }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 }
    }
}

// MARK: Finding

extension SchemaSet {
    /// A schema: its value, where it lies, and the resource whose URI its references are relative to.
    struct Location: Sendable {
        let schema: JSON
        let place: Place
        let resource: Int
    }

    /// What a reference found.
    struct Target: Sendable {
        let location: Location
        /// The `$dynamicAnchor` that the reference named, if it named one.
        let dynamicAnchor: String?
    }

    /// The schema a reference names, seen from a base; nil when there is none.
    func find(_ text: String, from base: Reference) -> Target? {
        let reference = Reference(text).resolved(against: base)
        guard let named = byURI[reference.withoutFragment], let fragment = reference.decodedFragment else {
            return nil
        }
        // A document found by its file's name goes on under its own $id.
        let resource = byPlace[Place(document: resources[named].document, pointer: resources[named].pointer)] ?? named
        let root = resources[resource]
        if fragment.isEmpty || fragment.hasPrefix("/") {
            guard let pointer = JSONPointer(fragment) else { return nil }
            return walk(pointer, from: resource).map { Target(location: $0, dynamicAnchor: nil) }
        }
        guard let place = root.anchors[fragment], let location = location(at: place) else { return nil }
        return Target(location: location, dynamicAnchor: root.dynamicAnchors[fragment] == nil ? nil : fragment)
    }

    /// A place that is known to exist.
    func location(at place: Place) -> Location? {
        guard let pointer = JSONPointer(place.pointer),
            let resource = byPlace[Place(document: place.document, pointer: "")]
        else { return nil }
        return walk(pointer, from: resource)
    }

    private func walk(_ pointer: JSONPointer, from start: Int) -> Location? {
        var resource = start
        let document = resources[start].document
        var path = resources[start].pointer
        guard let rootPointer = JSONPointer(path), var schema = documents[document].root[rootPointer] else {
            return nil
        }
        for token in pointer.tokens {
            guard let next = schema[JSONPointer(tokens: [token])] else { return nil }
            schema = next
            path += "/" + JSONPointer.escape(token)
            if let inner = byPlace[Place(document: document, pointer: path)] { resource = inner }
        }
        return Location(schema: schema, place: Place(document: document, pointer: path), resource: resource)
    }
}
