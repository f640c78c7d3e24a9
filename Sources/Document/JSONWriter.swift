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
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NodeText.capacity) { buffer in
            withUnsafeMutablePointer(to: &self) { writer in
                NodeText(node, buffer.baseAddress.unsafelyUnwrapped, writer).write(node)
            }
        }
    }

    /// Writes bytes as they are.
    mutating func append(_ start: UnsafePointer<UInt8>, count: Int) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
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

    mutating func write(escaping utf8: UnsafeBufferPointer<UInt8>) {
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
