public import Document

/// JSON Schema documents (2020-12, and the drafts before it from 6) that may refer to each other. Nothing is ever
/// fetched.
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
        /// Whether `contentEncoding` and `contentMediaType` are checked where the draft lets them (until draft 7): base64
        /// and JSON.
        public var assertsContent = true
        /// What documents without `$schema` are written in.
        public var draft = SchemaDraft.draft2020

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
    var metaschemas: Set<SchemaDraft> = []
    /// The dynamic anchor that `$recursiveAnchor` sets: no `$dynamicAnchor` can bear this name.
    static let recursiveAnchor = ""

    struct Document: Sendable {
        let file: String
        let root: JSON
    }

    /// A schema with a URI of its own: a document's root, or what has an `$id`.
    struct Resource: Sendable {
        let uri: Reference
        let document: Int
        let pointer: String
        var draft: SchemaDraft
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
        var set = self
        for draft in metaschemas where byURI[draft.uri] == nil {
            for (number, document) in Metaschema.documents(of: draft).enumerated() {
                try set.add(Array(document.utf8), file: "metaschema/\(draft.name)/\(number)")
            }
        }
        return set
    }

    /// The URI that a file's name stands for.
    static func uri(ofFile file: String) -> Reference {
        let reference = Reference(file)
        return reference.scheme == nil ? reference.resolved(against: Reference("file:///")) : reference
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
