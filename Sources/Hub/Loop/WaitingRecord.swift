import Canonical
import Kafka

/// A record that waits for a hub that knows its schema's version, or stands behind one that does, as one entity's records
/// are applied in order (I7).
///
/// It lies in the changelog partition of the domain, under a key of its own, and is committed with the offset behind it
/// (I2, I4): whoever has the partition has its waiting records.
struct WaitingRecord {
    var key: [UInt8]
    var value: [UInt8]
    var headers: [(name: String, value: [UInt8]?)] = []
    /// Where it came from: its place in the row, too.
    var offset: Int64
    /// When the broker had it, in milliseconds since 1970; nil when nobody knows.
    var timestamp: Int64?

    /// Copies a record that has a key and a value.
    init?(_ record: borrowing Record) {
        guard let key = record.key, let value = record.value else { return nil }
        self.key = key.withUnsafeBytes { Array($0) }
        self.value = value.withUnsafeBytes { Array($0) }
        offset = record.offset
        timestamp = record.timestamp
        var headers: [(name: String, value: [UInt8]?)] = []
        record.forEachHeader { header in
            var bytes: [UInt8]?
            if let value = header.value { bytes = value.withUnsafeBytes { Array($0) } }
            headers.append((header.name, bytes))
        }
        self.headers = headers
    }

    /// The state key: the offset as sixteen digits, so that the rows stand in order, then the record's key.
    var noteKey: String {
        let digits = String(offset, radix: 16)
        return "\u{1}w" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
            + String(decoding: key, as: UTF8.self)
    }

    /// The record's key in a state key.
    static func key(ofNote note: some Collection<UInt8>) -> String {
        String(decoding: note.dropFirst(Note.waiting.count + 16), as: UTF8.self)
    }

    func envelope() throws(EnvelopeError) -> Envelope {
        var reader = Envelope.Reader()
        for header in headers {
            guard let value = header.value else { continue }
            var name = header.name
            name.withUTF8 { name in value.withUnsafeBufferPointer { reader.add(name, $0) } }
        }
        return try reader.envelope()
    }

    var kafkaHeaders: Headers {
        var copied = Headers(capacity: headers.count)
        for header in headers { copied.add(header.name, header.value?.span.bytes) }
        return copied
    }
}

// MARK: - As bytes

extension WaitingRecord {
    /// The format's version, 1; offset, timestamp (`.min` for none), then key, value and headers, each with its length;
    /// numbers little endian, of eight and four bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = [1]
        Self.add(offset, &bytes)
        Self.add(timestamp ?? .min, &bytes)
        Self.add(key, &bytes)
        Self.add(value, &bytes)
        for header in headers {
            Self.add(Array(header.name.utf8), &bytes)
            bytes.append(header.value == nil ? 0 : 1)
            if let value = header.value { Self.add(value, &bytes) }
        }
        return bytes
    }

    /// Reads one; nil when it is none.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard rest.popFirst() == 1, let offset = Self.number(&rest), let timestamp = Self.number(&rest),
            let key = Self.text(&rest), let value = Self.text(&rest)
        else { return nil }
        self.key = key
        self.value = value
        self.offset = offset
        self.timestamp = timestamp == .min ? nil : timestamp
        while !rest.isEmpty {
            guard let name = Self.text(&rest), let hasValue = rest.popFirst() else { return nil }
            var value: [UInt8]?
            if hasValue == 1 {
                guard let text = Self.text(&rest) else { return nil }
                value = text
            }
            headers.append((String(decoding: name, as: UTF8.self), value))
        }
    }

    private static func add(_ number: Int64, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func add(_ text: [UInt8], _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes += $0 }
        bytes += text
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.count >= 8 else { return nil }
        defer { rest = rest.dropFirst(8) }
        return rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func text(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.count >= 4 else { return nil }
        let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
