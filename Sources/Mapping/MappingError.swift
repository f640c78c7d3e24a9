/// What went wrong in a mapping, and where: while compiling it, or while mapping a record.
///
/// Codes are JSONata's: `S…` syntax, `T…` types, `D…` what depends on the record. Codes of this implementation begin
/// with `U1` (refused when compiling) and `U2` (a limit or the result). Values of the input never appear (I12).
public struct MappingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// JSONata's code for the error, as `T2001`.
    public let code: String
    /// What is wrong and what was expected.
    public let message: String
    /// The operator, function or word of the mapping that it is about.
    public let token: String?
    /// The mapping's file, as given when it was compiled.
    public let file: String
    /// The place in the mapping's source, in bytes from the start.
    public let offset: Int
    /// The line of that place, from 1.
    public let line: Int
    /// The column of that place, in characters, from 1.
    public let column: Int
    /// The place as JSONata's reference implementation counts it: behind the token, in UTF-16 units from the start.
    public let position: Int
    /// Where in the input (JSON Pointer, RFC 6901) it happened, when that is known.
    public let inputPath: String?

    /// `price.jsonata:4:12: T2001: the left side of '+' must be a number (input: /lines/3)`.
    public var description: String {
        let input = inputPath.map { " (input: \($0.isEmpty ? "the whole document" : $0))" } ?? ""
        return "\(file):\(line):\(column): \(code): \(message)\(input)"
    }
}

extension MappingError {
    /// What happened and where, without the words of the mapping's author: those of `$error` and `$assert` may quote the
    /// record (I12).
    public var withoutWords: String {
        guard ["D3137", "D3141"].contains(code) else { return description }
        return "\(file):\(line):\(column): \(code): the mapping failed the record"
    }
}

/// How a record's mapping ended without a result.
public indirect enum MappingFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The mapping and the record don't fit, or a limit was exceeded.
    case error(MappingError)
    /// The mapping itself refused the record, by `$reject("why")`: a dead letter.
    case rejected(Rejection)
    /// A reference isn't known (yet): the record parks until it is.
    case unknownReference(UnknownReference)

    /// What happened, and where in the mapping.
    public var description: String {
        switch self {
        case .error(let error): error.description
        case .rejected(let rejection): rejection.description
        case .unknownReference(let reference): reference.description
        }
    }
}

/// A record that its mapping refused by `$reject("why")`.
public struct Rejection: Sendable, Hashable, CustomStringConvertible {
    /// The mapping author's words. They may quote the record.
    public let reason: String
    /// The mapping's file.
    public let file: String
    /// The line of the `$reject`, from 1.
    public let line: Int

    /// The place; not the reason, which may quote personal data.
    public var description: String { "\(file):\(line): the mapping rejected the record" }
}

/// A reference that the local tables of ids don't hold.
public struct UnknownReference: Sendable, Hashable, CustomStringConvertible {
    /// The entity that is referred to, as `product`.
    public let entity: String
    /// The system whose id is missing or unknown; empty where the hub's decision is.
    public let system: String
    /// The system's own id, when that is what was asked for; else nil.
    public let id: String?
    /// The canonical key, when the system's id for it is missing; else nil.
    public let key: String?
    /// The mapping's file.
    public let file: String
    /// The line of the call, from 1.
    public let line: Int

    /// What is missing and where; not the id, which may be personal data.
    public var description: String {
        system.isEmpty
            ? "\(file):\(line): this \(entity) is not decided yet"
            : id != nil
                ? "\(file):\(line): \(system) refers to a \(entity) that is not known"
                : "\(file):\(line): \(system) has no id for this \(entity)"
    }
}

/// Places in a mapping's source.
struct SourceText: Sendable {
    let file: String
    let bytes: [UInt8]

    /// Line and column (in characters) of an offset, both from 1.
    func place(of offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for at in 0..<min(offset, bytes.count) {
            if bytes[at] == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if bytes[at] & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }

    /// - Parameters:
    ///   - end: what the reference gives as the place; nil: behind the token at the offset.
    ///   - isUnexpected: the token itself is the mistake, so that it calls nothing, whatever follows.
    func error(
        _ code: String, _ message: String, at offset: Int, end: Int? = nil, token: String? = nil,
        inputPath: String? = nil, isUnexpected: Bool = false
    ) -> MappingError {
        let place = place(of: offset)
        return MappingError(
            code: code, message: message, token: token, file: file, offset: offset, line: place.line,
            column: place.column, position: units(before: end ?? self.end(ofTokenAt: offset, isCall: !isUnexpected)),
            inputPath: inputPath)
    }

    /// Behind the token that stands there; behind the parenthesis, where it is what a call calls.
    private func end(ofTokenAt offset: Int, isCall: Bool) -> Int {
        var lexer = Lexer(self, at: offset)
        guard let token = try? lexer.next(afterOperand: true) else { return bytes.count }
        let end = lexer.at
        guard isCall, token.symbol == nil, let next = try? lexer.next(afterOperand: true), next.symbol == "(" else {
            return end
        }
        return lexer.at
    }

    /// How many UTF-16 units the source has before a byte.
    private func units(before end: Int) -> Int {
        String(decoding: bytes[..<end], as: UTF8.self).utf16.count
    }
}
