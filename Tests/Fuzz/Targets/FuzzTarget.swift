/// Something that takes bytes from anywhere: what a fuzzer feeds, and what the corpus of past finds is run through.
///
/// A target ends the process when a property doesn't hold. Refusing the input, with an error, is always fine.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Parses JSON; what parses is written and parsed again.
    case json
    /// Parses and compiles a mapping.
    case jsonata
    /// Compiles a mapping, a NUL, and maps the JSON behind it, twice.
    case mapping
    /// Compiles a schema, a NUL, and validates the JSON behind it.
    case schema
    /// Compares two schemas, with a NUL between them.
    case compatibility
    /// Compiles a regular expression, a NUL, and matches the text behind it.
    case pattern
    /// Reads CSV; the first byte chooses the options. So do the others.
    case csv
    case jsonLines = "json-lines"
    case xml
    case edifact

    /// Runs it over an input.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .json: Languages.json(bytes)
        case .jsonata: Languages.jsonata(bytes)
        case .mapping: Languages.mapping(bytes)
        case .schema: Languages.schema(bytes)
        case .compatibility: Languages.compatibility(bytes)
        case .pattern: Languages.pattern(bytes)
        case .csv, .jsonLines, .xml, .edifact: Documents.read(rawValue, bytes)
        }
    }

    /// The two halves of an input, around its first NUL; without one, the second is empty.
    static func halves(_ bytes: [UInt8]) -> ([UInt8], [UInt8]) {
        guard let mark = bytes.firstIndex(of: 0) else { return (bytes, []) }
        return (Array(bytes[..<mark]), Array(bytes[(mark + 1)...]))
    }
}

/// Ends the process: a property doesn't hold.
func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}
