/// Something that a mapping's author should look at: what can't be right, or can't be right for the samples.
public struct MappingFinding: Sendable, Hashable {
    /// How sure it is.
    public enum Severity: String, Sendable, Hashable {
        /// It is wrong for every record.
        case error
        /// It is most likely not what was meant.
        case warning
    }

    /// What kind of thing it is.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// The language doesn't allow it: the mapping doesn't compile.
        case language
        /// A path that finds nothing.
        case absent
        /// A field's name that is read as something else.
        case name
        /// A comparison that can't hold, or can't fail.
        case comparison
        /// An operand or an argument of a type that fails.
        case type
        /// A field that the target's schema doesn't know.
        case unknownField = "unknown-field"
        /// A required field that is never given.
        case missingField = "missing-field"
        /// A value that the target's schema never accepts.
        case value
    }

    /// How sure it is.
    public let severity: Severity
    /// What kind of thing it is.
    public let rule: Rule
    /// What is wrong, and what would be right.
    public let message: String
    /// The name that no sample has; nil where it is about something else.
    public let absent: String?
    /// The place, in bytes from the source's start.
    public let offset: Int
    /// The place's line, from 1.
    public let line: Int
    /// The place's column, in characters, from 1.
    public let column: Int

    /// A finding at a place of a mapping's source.
    public init(
        _ severity: Severity, _ rule: Rule, _ message: String, absent: String? = nil, at offset: Int,
        in source: [UInt8]
    ) {
        (self.severity, self.rule, self.message, self.offset) = (severity, rule, message, offset)
        self.absent = absent
        (line, column) = SourceText(file: "", bytes: source).place(of: offset)
    }

    /// What a mapping that doesn't compile says.
    public init(_ error: MappingError) {
        (severity, rule, message) = (.error, .language, "\(error.code): \(error.message)")
        (offset, line, column) = (error.offset, error.line, error.column)
        absent = nil
    }
}
