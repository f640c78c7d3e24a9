import Canonical
import Digests
import Document
import Installation
import Kafka

/// A sink's report: `omni.<entity>.written` (docs/contracts.md).
struct Report {
    var revision: Int64
    var status: Status
    var own: String?
    /// The record read back, as the source's own mapping gives it.
    var held: [UInt8]?
    /// Why it is parked.
    var reason: String?
    var position: Int64?

    enum Status: String { case written, unchanged, absent, parked }
}

/// Makes a sink's reports: what they all have in common, and the memory in which they are made.
struct ReportWriter: ~Copyable {
    private let source: [UInt8]
    private let type: [UInt8]
    private let dataSchema: [UInt8]
    private let topic: String
    private var ids: EventIDs
    /// The report that is being made, the name that its id is made of, and short texts.
    private var data = JSONWriter()
    private var name: [UInt8] = []
    private var digits: [UInt8] = []
    private var id = [UInt8](repeating: 0, count: 36)

    init(_ settings: SinkSettings, _ entry: KindCatalog.Entry, _ knowledge: Knowledge) {
        let source = EventSource(system: knowledge.system, name: settings.name).description
        self.source = Array(source.utf8)
        type = Array(EventType(settings.of, .written).description.utf8)
        dataSchema = Array(entry.kind.dataSchema.utf8)
        topic = knowledge.inputTopic(entry.kind)
        ids = EventIDs(source: source)
    }

    /// Says what became of a golden record; without what its system holds where that is more than a topic takes.
    ///
    /// - Returns: whether all was said.
    mutating func publish(
        _ report: Report, of golden: Golden, by publisher: Publisher, on ticket: Publisher.Ticket
    ) throws(KafkaError) -> Bool {
        var report = report
        write(report)
        let isWhole = publisher.takes(data.bytes.count, key: golden.key, own: report.own)
        if !isWhole {
            report.held = nil
            write(report)
        }
        identify(report, golden.place)
        let headers = headers(report, golden)
        try publisher.write(
            to: topic, key: golden.key.utf8.span.bytes, value: data.bytes.span.bytes, headers: headers, on: ticket)
        return isWhole
    }

    private mutating func write(_ report: Report) {
        data.reset()
        data.write(raw: "{\"revision\":")
        write(number: report.revision)
        data.write(raw: digits)
        data.write(raw: ",\"status\":\"")
        data.write(raw: report.status.rawValue)
        data.write(raw: "\"")
        if let own = report.own {
            data.write(raw: ",\"self\":")
            data.write(string: own)
        }
        if let held = report.held {
            data.write(raw: ",\"held\":")
            data.write(raw: held)
        }
        if let reason = report.reason {
            data.write(raw: ",\"reason\":")
            data.write(string: reason)
        }
        data.write(raw: "}")
    }

    /// The id: of the golden record's place, what it was written to, and all that is said. So a repeated write says the same
    /// again, and is known by it, unless the system held something else this time.
    private mutating func identify(_ report: Report, _ place: Golden.Place) {
        name.removeAll(keepingCapacity: true)
        switch place {
        case .record(let topic, let partition, let offset):
            name.append(contentsOf: topic.utf8)
            name.append(UInt8(ascii: "["))
            write(number: Int64(partition))
            name.append(contentsOf: digits)
            name.append(UInt8(ascii: "]"))
            name.append(UInt8(ascii: "@"))
            write(number: offset)
            name.append(contentsOf: digits)
        case .words(let words): name.append(contentsOf: words.utf8)
        }
        name.append(UInt8(ascii: "/"))
        if let own = report.own { name.append(contentsOf: own.utf8) }
        name.append(UInt8(ascii: "/"))
        write(number: report.position ?? -1)
        name.append(contentsOf: digits)
        name.append(UInt8(ascii: "/"))
        name.append(contentsOf: data.bytes)
        let name = name
        let made = ids.make(reference: name.span, index: 0)
        id.withUnsafeMutableBufferPointer { made.write(to: $0.baseAddress!) }
    }

    /// As an event's are written (docs/contracts.md, Events).
    private mutating func headers(_ report: Report, _ golden: Golden) -> Headers {
        var headers = Headers(capacity: 11)
        headers.add(constant: "ce_specversion", "1.0")
        headers.add(constant: "ce_id", id.span.bytes)
        headers.add(constant: "ce_source", source.span.bytes)
        headers.add(constant: "ce_type", type.span.bytes)
        headers.add(constant: "ce_subject", golden.key)
        if report.held != nil { headers.add(constant: "ce_dataschema", dataSchema.span.bytes) }
        headers.add(constant: "content-type", "application/json")
        if let position = report.position {
            write(number: position)
            headers.add(constant: "ce_position", digits.span.bytes)
        }
        if let own = report.own { headers.add(constant: "ce_self", own) }
        write(number: report.revision)
        headers.add(constant: "ce_revision", digits.span.bytes)
        if let traceparent = golden.traceparent { headers.add(constant: "traceparent", traceparent) }
        return headers
    }

    /// Leaves a number's decimal digits in `digits`.
    private mutating func write(number: Int64) {
        digits.removeAll(keepingCapacity: true)
        var left = number.magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(left % 10))
            left /= 10
        } while left > 0
        if number < 0 { digits.append(UInt8(ascii: "-")) }
        digits.reverse()
    }
}
