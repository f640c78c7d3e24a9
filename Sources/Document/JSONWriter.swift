/// Writes JSON text (RFC 8259) in UTF-8 into a buffer that is reused.
///
/// Copies keep the digits of numbers and the order of members.
public struct JSONWriter: Sendable {
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer.
    public init() {}

    /// Forgets what was written and keeps the memory.
    public mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    /// Writes a value where it stands: after another one, no comma comes by itself.
    public mutating func write(_ node: Node) {
        // Small pieces are gathered on the stack: appending each to the array costs several times as much.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Gathered.capacity) { buffer in
            var gathered = Gathered(buffer: buffer.baseAddress.unsafelyUnwrapped)
            write(node, &gathered)
            gathered.flush(into: &bytes)
        }
    }

    private mutating func write(_ node: Node, _ gathered: inout Gathered) {
        switch node.kind {
        case .null, .link: gathered.put("null", &bytes)
        case .true: gathered.put("true", &bytes)
        case .false: gathered.put("false", &bytes)
        case .number: gathered.put(node.utf8, &bytes)
        case .string: write(string: node, &gathered)
        case .array:
            var separator = UInt8(ascii: "[")
            for element in node.elements {
                gathered.put(separator, &bytes)
                separator = UInt8(ascii: ",")
                write(element, &gathered)
            }
            if node.count == 0 { gathered.put(separator, &bytes) }
            gathered.put(UInt8(ascii: "]"), &bytes)
        case .object:
            var separator = UInt8(ascii: "{")
            for member in node.members {
                gathered.put(separator, &bytes)
                separator = UInt8(ascii: ",")
                write(string: member.key, &gathered)
                gathered.put(UInt8(ascii: ":"), &bytes)
                write(member.value, &gathered)
            }
            if node.count == 0 { gathered.put(separator, &bytes) }
            gathered.put(UInt8(ascii: "}"), &bytes)
        }
    }

    @inline(__always)
    private mutating func write(string node: Node, _ gathered: inout Gathered) {
        guard !node.needsEscape else {
            gathered.flush(into: &bytes)
            return write(escaping: node.utf8)
        }
        gathered.put(UInt8(ascii: "\""), &bytes)
        gathered.put(node.utf8, &bytes)
        gathered.put(UInt8(ascii: "\""), &bytes)
    }

    /// What is written next, on its way to the array.
    private struct Gathered {
        /// As much as withUnsafeTemporaryAllocation puts on the stack; more would be allocated.
        static let capacity = 1_024
        let buffer: UnsafeMutablePointer<UInt8>
        private var count = 0

        init(buffer: UnsafeMutablePointer<UInt8>) { self.buffer = buffer }

        @inline(__always)
        mutating func put(_ byte: UInt8, _ bytes: inout [UInt8]) {
            if count == Self.capacity { flush(into: &bytes) }
            buffer[count] = byte
            count += 1
        }

        @inline(__always)
        mutating func put(_ text: UnsafeBufferPointer<UInt8>, _ bytes: inout [UInt8]) {
            guard let base = text.baseAddress else { return }
            put(base, text.count, &bytes)
        }

        mutating func put(_ text: StaticString, _ bytes: inout [UInt8]) {
            put(text.utf8Start, text.utf8CodeUnitCount, &bytes)
        }

        @inline(__always)
        private mutating func put(_ base: UnsafePointer<UInt8>, _ length: Int, _ bytes: inout [UInt8]) {
            if length > Self.capacity - count {
                flush(into: &bytes)
                guard length <= Self.capacity else {
                    bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: length))
                    return
                }
            }
            (buffer + count).update(from: base, count: length)
            count += length
        }

        mutating func flush(into bytes: inout [UInt8]) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: count))
            count = 0
        }
    }

    /// Writes an owned value; with an indent, over several lines.
    public mutating func write(_ value: JSON, indent: Int? = nil) {
        switch value {
        case .null: write(raw: "null")
        case .bool(let value): write(raw: value ? "true" : "false")
        case .number(let value): write(raw: value.description)
        case .string(let value): write(string: value)
        case .array(let values):
            write(list: values, open: "[", close: "]", indent: indent) { writer, value, inner in
                writer.write(value, indent: inner)
            }
        case .object(let members):
            write(list: members, open: "{", close: "}", indent: indent) { writer, member, inner in
                writer.write(string: member.key)
                writer.write(raw: inner == nil ? ":" : ": ")
                writer.write(member.value, indent: inner)
            }
        }
    }

    private mutating func write<Element>(
        list: [Element], open: String, close: String, indent: Int?,
        _ body: (inout JSONWriter, Element, Int?) -> Void
    ) {
        write(raw: open)
        let inner = indent.map { $0 + 2 }
        for (place, element) in list.enumerated() {
            if place > 0 { write(raw: ",") }
            if let inner { write(raw: "\n" + String(repeating: " ", count: inner)) }
            body(&self, element, inner)
        }
        if let indent, !list.isEmpty { write(raw: "\n" + String(repeating: " ", count: indent)) }
        write(raw: close)
    }

    /// Writes text as it is: punctuation, or JSON that was made elsewhere.
    public mutating func write(raw text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes bytes as they are.
    public mutating func write(raw text: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: text) }

    /// Writes bytes as they are.
    public mutating func write(raw text: [UInt8]) { bytes.append(contentsOf: text) }

    /// Writes a string in quotes, escaped.
    public mutating func write(string: String) {
        var string = string
        string.withUTF8 { write(escaping: $0) }
    }

    private mutating func write(escaping utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""): write(raw: "\\\"")
            case UInt8(ascii: "\\"): write(raw: "\\\\")
            case 0x08: write(raw: "\\b")
            case 0x09: write(raw: "\\t")
            case 0x0A: write(raw: "\\n")
            case 0x0C: write(raw: "\\f")
            case 0x0D: write(raw: "\\r")
            case 0..<0x20:
                write(raw: "\\u00")
                bytes.append(Self.hex[Int(byte >> 4)])
                bytes.append(Self.hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hex = Array("0123456789abcdef".utf8)

    /// Whether a string holds a character that JSON writes escaped.
    static func needsEscape(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    }
}
