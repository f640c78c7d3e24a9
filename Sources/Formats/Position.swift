/// Where a record lies in its input.
public struct RecordPosition: Sendable, Hashable {
    /// The record's number, from 1. Records that are refused count too, so a number names the same record on every read.
    public var record: Int
    /// The line on which the record begins, from 1.
    public var line: Int
    /// The record's bytes in the input as it was given (before any conversion of its encoding).
    public var bytes: Range<Int>

    /// A position.
    public init(record: Int, line: Int, bytes: Range<Int>) {
        self.record = record
        self.line = line
        self.bytes = bytes
    }
}

/// Input that breaks its format: where, what is wrong, and what to do about it.
///
/// The texts name lines, columns and fields. They never quote the input, which may hold personal data (I12).
public struct FormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How far an error reaches.
    public enum Scope: Sendable, Hashable {
        /// One record is lost; the reader goes on with the next one.
        case record
        /// Nothing after this place can be read; the reader has ended.
        case file
    }

    /// How far the error reaches.
    public var scope: Scope
    /// The record and its raw bytes; for an error of a file, all bytes from where reading ended.
    public var position: RecordPosition
    /// The line of the fault itself, from 1.
    public var line: Int
    /// The column of the fault in the line, from 1, where it is known: in characters; of JSON in bytes.
    public var column: Int?
    /// The field or column concerned, by the name the format gives it.
    public var field: String?
    /// What is wrong.
    public var reason: String
    /// What to do about it, where there is something to say.
    public var remedy: String?
    /// Whether the tape holds what of the record could be read, each value in its place.
    public var leavesRest = false

    /// An error.
    public init(
        _ scope: Scope, at position: RecordPosition, line: Int? = nil, column: Int? = nil, field: String? = nil,
        _ reason: String, remedy: String? = nil
    ) {
        self.scope = scope
        self.position = position
        self.line = line ?? position.line
        self.column = column
        self.field = field
        self.reason = reason
        self.remedy = remedy
    }

    /// `line 3, column 7, field 'price': reason; remedy`.
    public var description: String {
        var text = "line \(line)"
        if let column { text += ", column \(column)" }
        if let field { text += ", field '\(field)'" }
        text += ": \(reason)"
        if let remedy { text += "; \(remedy)" }
        return text
    }
}

/// What a reader has to say beside records and errors.
public struct FormatNotice: Sendable, Hashable, CustomStringConvertible {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// A stretch of input was left out by a rule: it ends as "filtered" (I2).
        case skipped
        /// The input was read, but something about it is wrong.
        case warning
    }

    /// What happened.
    public var kind: Kind
    /// The place.
    public var position: RecordPosition
    /// What it is, without quoting the input.
    public var message: String

    /// `line 3: message`.
    public var description: String { "line \(position.line): \(message)" }
}
