public import Document

/// What bytes mean: a pair of reader and writer between a file or message and documents.
///
/// A format is a value with its options decoded; it makes readers and writers. To add one: a folder with a type that
/// conforms, and its name in ``FormatCatalog/all``.
public protocol Format: Sendable {
    /// The name in configurations: `csv`.
    static var name: String { get }
    /// One sentence for lists.
    static var summary: String { get }
    /// Every option, for the reference and for checking configurations.
    static var options: [OptionReference] { get }

    /// Decodes the options.
    ///
    /// - Throws: ``OptionError`` for an unknown option (naming the nearest known one) or a wrong value.
    init(options: JSON) throws(OptionError)

    /// Why no document can hold a value at a place, whatever else it holds: `no component has this name`; nil where it may.
    ///
    /// - Parameter path: the names from the document's top; lists' items have none.
    func refusal(of value: JSON, at path: [String]) -> String?

    /// What of the options decides whether a record that was written under them may stand among others.
    static func form(of options: JSON) -> JSON

    /// A reader over bytes that must stay where they are for as long as the reader is used.
    ///
    /// - Throws: ``FormatError`` of scope `file` when nothing can be read at all.
    func reader(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> any RecordReader

    /// A writer.
    func writer() throws(FormatError) -> any RecordWriter
}

extension Format {
    /// Nil: any place may hold anything.
    public func refusal(of value: JSON, at path: [String]) -> String? { nil }

    /// All of them.
    public static func form(of options: JSON) -> JSON { options }
}

/// A format whose input can be read in pieces, each of them whole records: what a file of any size takes little memory with.
public protocol DivisibleFormat: Format {
    /// How many bytes from the start of a piece are whole records; 0 when not even the first one is.
    func wholeRecords(in bytes: UnsafeRawBufferPointer) -> Int

    /// A reader that goes on behind a record; places count on from there.
    ///
    /// - Parameter last: the last record of the piece before, and the lines up to its end.
    func reader(
        over bytes: UnsafeRawBufferPointer, behind last: (record: Int, line: Int)
    ) throws(FormatError) -> any DivisibleReader
}

/// The reader of a piece.
public protocol DivisibleReader: RecordReader {
    /// The records and the lines that were passed, with those of the pieces before.
    var passed: (record: Int, line: Int) { get }
}

/// Pulls one record at a time out of a buffer of bytes.
///
/// ```swift
/// while true {
///     do throws(FormatError) {
///         guard let position = try reader.next(into: &tape) else { break }
///         use(tape.root, position)
///     } catch where error.scope == .record {
///         deadLetter(bytes[error.position.bytes], error)   // and go on
///     }
/// }
/// ```
///
/// Every record of the input ends as a document, an error or a notice (I2). What stands between records, such as a
/// header, is told by neither.
public protocol RecordReader {
    /// Reads the next record onto the tape, whose content it replaces.
    ///
    /// - Returns: the record's place, or nil at the end.
    /// - Throws: ``FormatError``. Where it says so, the tape holds the rest of the record. After one of scope `record` the next call reads on behind it; after one of scope `file`
    ///   the next call answers nil.
    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition?

    /// The notices since the last call.
    mutating func takeNotices() -> [FormatNotice]
}

/// Writes documents as bytes.
public protocol RecordWriter {
    /// Whether every document's bytes stand by themselves: behind what ``finish()`` writes when there are none, in any order.
    var isSeparable: Bool { get }

    /// The bytes of a document that is written as compact JSON already, where these follow without reading it; else nil.
    func bytes(ofJSON document: [UInt8]) -> [UInt8]?

    /// Writes one document.
    ///
    /// - Throws: ``FormatError`` of scope `record` when the document does not fit the format: nothing of it is written.
    mutating func write(_ document: Node) throws(FormatError)

    /// Writes what belongs behind the last document.
    mutating func finish() throws(FormatError)

    /// Hands over what was written since the last call.
    mutating func take() -> [UInt8]
}

extension RecordWriter {
    /// False: bytes depend on the documents before.
    public var isSeparable: Bool { false }

    /// Nil: the document must be read.
    public func bytes(ofJSON document: [UInt8]) -> [UInt8]? { nil }
}

/// The formats there are.
public enum FormatCatalog {
    /// Every format.
    public static let all: [any Format.Type] = [
        CSV.self, EDIFACT.self, JSONLines.self, JSONText.self, XML.self,
    ]

    /// The format of that name with these options.
    public static func format(named name: String, options: JSON = .null) throws(OptionError) -> any Format {
        guard let type = all.first(where: { $0.name == name }) else {
            throw OptionError("format", "no format is called '\(name)'" + hint(name, all.map { $0.name }))
        }
        return try type.init(options: options)
    }

    /// What decides whether records that were written by one configuration may stand among those of another: only where it is
    /// the same.
    public static func form(of configuration: JSON) -> JSON {
        let options = configuration.object?.first
        let name = options?.key ?? configuration.string ?? ""
        let value = options?.value ?? .null
        return [name: all.first { $0.name == name }?.form(of: value) ?? value]
    }

    /// A format as a configuration names it: `csv`, or `{csv: {delimiter: ";"}}`.
    public static func format(_ configuration: JSON) throws(OptionError) -> any Format {
        switch configuration {
        case .string(let name): return try format(named: name)
        case .object(let members) where members.count == 1:
            return try format(named: members[0].key, options: members[0].value)
        default:
            throw OptionError("format", "expected a name, or one name with its options: {csv: {delimiter: \";\"}}")
        }
    }
}
