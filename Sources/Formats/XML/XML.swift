import Document

/// XML 1.0, read with Expat.
///
/// An element is an object: attributes as `@name`, child elements by name, text as `$text`. One that holds nothing but
/// text is that text; children of one name are an array when there are several (or always: `arrays`); `xsi:nil="true"`
/// is null. So with `{xml: {record: /catalog/product, arrays: [tag]}}`
///
/// ```xml
/// <catalog>
///   <product ean="6438012345675">
///     <name>Sofa &amp; pillow</name> <price currency="EUR">1299.90</price> <tag>green</tag> <note/>
///   </product>
/// </catalog>
/// ```
/// is
/// ```json
/// {"@ean": "6438012345675", "name": "Sofa & pillow", "price": {"@currency": "EUR", "$text": "1299.90"},
///  "tag": ["green"], "note": ""}
/// ```
/// In mappings such names stand in backticks: ``price.`$text` ``.
///
/// - Without `record` the whole document is one record, `{"catalog": {…}}`.
/// - Names are as written, with their prefix. Since senders choose prefixes as they like, `namespaces` fixes them by
///   their URI: `{namespaces: {inv: "urn:example:invoice"}}` makes `inv:total` of any prefix that means it.
/// - All values are text, trimmed; in mixed content the pieces of text are joined. Comments, processing instructions and
///   namespace declarations are left out.
/// - A document type declaration is refused: it could fetch files (XXE) and blow up memory.
/// - What is not well-formed, or cut, is an error of the file; the records before it are good. Elements outside of the
///   records are left out, which a notice says.
///
/// The writer takes the same documents and makes the same elements.
struct XML: Format {
    static let name = "xml"
    static let summary = "XML documents: one record, or one for each element of a path."
    static let options = XMLOptions.reference

    private let decoded: XMLOptions

    init(options: JSON) throws(OptionError) { decoded = try XMLOptions(options) }

    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader {
        XMLReader(bytes, decoded)
    }

    func writer() throws(FormatError) -> any RecordWriter { XMLWriter(decoded) }
}

/// How XML is read and written, decoded from a configuration.
struct XMLOptions: Sendable {
    /// The names from the root to the records; empty when the document is one record.
    var record: [String] = []
    var arrays: Set<String> = []
    /// Prefixes by namespace.
    var namespaces: [(prefix: String, uri: String)] = []
    var trims = true
    var encoding: String?
    var maximumRecord = 16 << 20
    /// Deeper documents are refused: what handles documents downstream recurses.
    static let maximumDepth = 200

    static let reference: [OptionReference] = [
        .init("record", "a path: /catalog/product", standard: "the whole document", "the elements that are records"),
        .init("arrays", "names", standard: "[]", "elements that are an array even when there is one only"),
        .init("namespaces", "{prefix: uri}", standard: "{}", "prefixes that stand for namespaces, whatever is written"),
        .init("trim", "true, false", standard: "true", "whether spaces around text are removed"),
        .init("encoding", "a name as in XML declarations", standard: "what the document declares", "the encoding"),
        .init("maximum-record", "bytes", standard: "16777216", "the longest record"),
    ]

    init(_ json: JSON) throws(OptionError) {
        let form = try OptionForm(json, of: "xml", Self.reference)
        if let path = try form.string("record") {
            record = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
            guard path.hasPrefix("/"), record.allSatisfy(XMLName.isValid) else {
                throw form.wrong("record", "a path of names from the root: /catalog/product")
            }
        }
        arrays = Set(try form.strings("arrays"))
        trims = try form.bool("trim", standard: trims)
        maximumRecord = try form.integer("maximum-record", in: 1...(32 << 20), standard: maximumRecord)
        encoding = try form.string("encoding")
        if let encoding, !XMLEncodings.isKnown(encoding) {
            throw form.wrong("encoding", "utf-8, utf-16, us-ascii, iso-8859-n or windows-125n")
        }
        guard let declared = form["namespaces"] else { return }
        guard let members = declared.object else { throw form.wrong("namespaces", "{prefix: uri}") }
        for member in members {
            guard let uri = member.value.string, !uri.isEmpty, member.key.isEmpty || XMLName.isValid(member.key),
                !member.key.contains(":")
            else { throw OptionError("xml.namespaces.\(member.key)", "expected a prefix and a namespace's URI") }
            namespaces.append((member.key, uri))
        }
        guard Set(namespaces.map(\.uri)).count == namespaces.count else {
            throw form.wrong("namespaces", "URIs that differ")
        }
    }
}

/// Names of elements and attributes.
enum XMLName {
    /// Whether a name can be written (XML 1.0, production 5, taking all beyond ASCII for letters).
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        let isLetter = { (byte: UInt8) in
            (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80 || byte == UInt8(ascii: "_")
        }
        guard isLetter(first), name.utf8.last != UInt8(ascii: ":") else { return false }
        return name.utf8.allSatisfy {
            isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
        }
    }
}
