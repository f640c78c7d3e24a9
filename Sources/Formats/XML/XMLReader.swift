import CExpat
import Document

/// Reads XML: a record is an element of the record's path, or the whole document.
struct XMLReader: RecordReader {
    private let input: UnsafeBufferPointer<UInt8>
    private let expat: Expat
    private var fed = 0
    private var isSuspended = false
    private var hasEnded = false
    private var record = 0
    private var notices: [FormatNotice] = []

    /// Expat copies what is left of a piece when it stops behind a record: so pieces are small.
    private static let piece = 1 << 16

    init(_ bytes: UnsafeRawBufferPointer, _ options: XMLOptions) {
        input = bytes.bindMemory(to: UInt8.self)
        expat = Expat(options)
    }

    mutating func takeNotices() -> [FormatNotice] {
        defer { notices = [] }
        return notices
    }

    mutating func next(into tape: inout Tape) throws(FormatError) -> RecordPosition? {
        guard !hasEnded else { return nil }
        let builder = expat.builder
        let status = withUnsafeMutablePointer(to: &tape) { pointer in
            builder.tape = pointer
            defer { builder.tape = nil }
            return proceed()
        }
        if status == XML_STATUS_ERROR { throw failure() }
        guard builder.isComplete, let start = builder.start else {
            hasEnded = true
            noticeStrays()
            return nil
        }
        record += 1
        let position = RecordPosition(record: record, line: start.line, bytes: start.byte..<builder.end)
        let fault = builder.fault
        builder.proceed()
        if let fault { throw FormatError(.record, at: position, fault) }
        return position
    }

    /// Feeds the parser until it stops behind a record, fails or has all.
    private mutating func proceed() -> XML_Status {
        while true {
            let status: XML_Status
            if isSuspended {
                status = XML_ResumeParser(expat.parser)
            } else {
                let count = min(Self.piece, input.count - fed)
                let isLast = fed + count == input.count
                if fed == input.count, fed > 0 { return XML_STATUS_OK }
                status = input.withMemoryRebound(to: CChar.self) { text in
                    XML_Parse(expat.parser, text.baseAddress.map { $0 + fed }, CInt(count), isLast ? 1 : 0)
                }
                fed += count
                if input.isEmpty { return status }
            }
            isSuspended = status == XML_STATUS_SUSPENDED
            if status != XML_STATUS_OK { return status }
        }
    }

    private mutating func failure() -> FormatError {
        hasEnded = true
        let builder = expat.builder
        let at = min(max(0, Int(XML_GetCurrentByteIndex(expat.parser))), input.count)
        let line = Int(XML_GetCurrentLineNumber(expat.parser))
        let start = builder.start ?? (at, line)
        var reason = String(cString: XML_ErrorString(XML_GetErrorCode(expat.parser)))
        var remedy: String?
        if let refusal = builder.refusal {
            (reason, remedy) = (refusal.reason, refusal.remedy)
        } else {
            reason = "not well-formed XML: \(reason)"
        }
        return FormatError(
            .file,
            at: RecordPosition(record: record + 1, line: start.line, bytes: min(start.byte, at)..<input.count),
            line: line, column: Int(XML_GetCurrentColumnNumber(expat.parser)) + 1, reason, remedy: remedy)
    }

    private mutating func noticeStrays() {
        guard expat.builder.strays > 0 else { return }
        let position = RecordPosition(record: max(record, 1), line: 1, bytes: 0..<0)
        let message = "\(expat.builder.strays) elements outside of 'record' were left out"
        notices.append(FormatNotice(kind: .skipped, position: position, message: message))
    }
}

/// An Expat parser with its handlers.
private final class Expat {
    let parser: XML_Parser
    let builder: XMLBuilder

    init(_ options: XMLOptions) {
        parser =
            options.namespaces.isEmpty
            ? XML_ParserCreate(options.encoding) : XML_ParserCreateNS(options.encoding, CChar(0x0A))
        builder = XMLBuilder(options, parser)
        XML_SetReturnNSTriplet(parser, 1)
        // The parser is freed before the builder is.
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser, { Expat.builder($0).begin($1!, UnsafePointer($2!)) }, { Expat.builder($0).end($1!) })
        XML_SetCharacterDataHandler(parser) { data, text, count in
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(count)).bindMemory(to: UInt8.self)
            Expat.builder(data).text(bytes)
        }
        XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in Expat.builder(data).refuseDocumentType() }
        XML_SetUnknownEncodingHandler(
            parser,
            { _, name, encoding in
                let isKnown = XMLEncodings.describe(String(cString: name!), to: encoding!)
                return CInt((isKnown ? XML_STATUS_OK : XML_STATUS_ERROR).rawValue)
            }, nil)
    }

    deinit { XML_ParserFree(parser) }

    private static func builder(_ data: UnsafeMutableRawPointer?) -> XMLBuilder {
        Unmanaged<XMLBuilder>.fromOpaque(data!).takeUnretainedValue()
    }
}
