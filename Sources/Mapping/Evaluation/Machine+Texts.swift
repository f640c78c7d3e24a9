import Document

/// Building strings: their bytes are written to the end of the tape.
extension Machine {
    /// A string as a value.
    func string(_ text: String) throws(MappingFailure) -> Value {
        var text = text
        let count = text.utf8.count
        try reserve(bytes: count)
        let offset = text.withUTF8 { utf8 in
            utf8.isEmpty ? tape.byteCount : tape.append(bytes: utf8.baseAddress!, count: utf8.count)
        }
        return closeText(from: offset)
    }

    /// A string of some UTF-8.
    func string(utf8: [UInt8]) throws(MappingFailure) -> Value {
        try reserve(bytes: utf8.count)
        let offset = utf8.withUnsafeBufferPointer {
            $0.isEmpty ? tape.byteCount : tape.append(bytes: $0.baseAddress!, count: $0.count)
        }
        return closeText(from: offset)
    }

    /// Part of a string: its bytes stay where they are.
    func substring(_ value: Value, from: Int, to: Int) -> Value {
        var escapes = false
        if value.has(Value.escapes) {
            for place in from..<to where Self.escapes(tape.bytes[value.offset + place]) { escapes = true }
        }
        return Value(
            bits: TapeWords.text(.string, offset: value.offset + from, length: to - from, flag: escapes))
    }

    /// Makes the bytes from an offset to the end of the tape a string.
    func closeText(from offset: Int) -> Value {
        var escapes = false
        for place in offset..<tape.byteCount where Self.escapes(tape.bytes[place]) {
            escapes = true
            break
        }
        return Value(
            bits: TapeWords.text(.string, offset: offset, length: tape.byteCount - offset, flag: escapes))
    }

    private static func escapes(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    func append(bytes value: Value) throws(MappingFailure) {
        try append(from: value.offset, count: value.length)
    }

    /// Appends bytes of the tape to its end.
    func append(from offset: Int, count: Int) throws(MappingFailure) {
        try reserve(bytes: count)
        _ = tape.append(bytes: tape.bytes + offset, count: count)
    }

    func append(text: StaticString) throws(MappingFailure) {
        try reserve(bytes: text.utf8CodeUnitCount)
        _ = tape.append(bytes: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    func append(byte: UInt8) throws(MappingFailure) {
        try reserve(bytes: 1)
        tape.appendReserved(byte: byte)
    }

    // MARK: Concatenation

    mutating func concatenation(
        _ operation: UnsafePointer<Operation>, _ input: Value
    ) throws(MappingFailure) -> Value {
        let left = try operand(operation.pointee.a, input)
        let right = try operand(operation.pointee.b, input)
        let leftText = left.isUndefined || left.isString ? left : try text(of: left)
        // The left side lies at the very end already, as in a chain of `&`: only the right side is appended.
        if leftText.isString, leftText.offset + leftText.length == tape.byteCount, leftText.offset >= poolBase {
            return try extended(leftText, by: right)
        }
        let rightText = right.isUndefined || right.isString ? right : try text(of: right)
        let offset = tape.byteCount
        if leftText.isString { try append(bytes: leftText) }
        if rightText.isString { try append(bytes: rightText) }
        return joined(leftText, rightText, from: offset)
    }

    private mutating func extended(_ left: Value, by right: Value) throws(MappingFailure) -> Value {
        if right.isUndefined { return left }
        let rightText = right.isString ? right : try text(of: right)
        let offset = left.offset
        // A right side that was written just behind the left one is in place.
        if rightText.offset != left.offset + left.length || rightText.length + rightText.offset != tape.byteCount {
            if left.offset + left.length != tape.byteCount {
                let start = tape.byteCount
                try append(bytes: left)
                try append(bytes: rightText)
                return joined(left, rightText, from: start)
            }
            try append(bytes: rightText)
        }
        return joined(left, rightText, from: offset)
    }

    private func joined(_ left: Value, _ right: Value, from offset: Int) -> Value {
        let escapes = (left.isString && left.has(Value.escapes)) || (right.isString && right.has(Value.escapes))
        return Value(
            bits: TapeWords.text(.string, offset: offset, length: tape.byteCount - offset, flag: escapes))
    }

    // MARK: Values as text

    /// A value as `$string` gives it.
    mutating func text(of value: Value) throws(MappingFailure) -> Value {
        switch value.tag {
        case Value.string: return value
        case Value.function: return try string("")
        case Value.real: return try string(shortened(value).jsonText)
        case Value.decimal: return Value(bits: Self.asString(try text(ofDecimal: value)))
        case Value.number:
            if let small = small(value) { return Value(bits: Self.asString(try text(ofDecimal: small))) }
            return try string(shortened(value).jsonText)
        default:
            let offset = tape.byteCount
            let inner = value.isLink && value.has(Value.outer) ? element(value, 0) : value
            try writeJSON(inner, indent: nil, depth: 0)
            return closeText(from: offset)
        }
    }

    /// A number word's text as a string's word: never with escapes.
    private static func asString(_ word: UInt64) -> UInt64 {
        Value.string << 60 | word & ~(0xF << 60) & ~Value.escapes & ~Value.inexact
    }

    /// As the reference prints numbers that went through binary arithmetic: 15 digits.
    private func shortened(_ value: Value) -> Number {
        let number = number(value)
        guard isInexact(value), !number.isInteger else { return number }
        return number.rounded(.toNearestOrEven, places: 15 - Number.digits(number.coefficient) - number.exponent)
    }

    /// Appends a value as JSON text; functions are empty strings, as in the reference.
    mutating func writeJSON(_ value: Value, indent: Int?, depth: Int) throws(MappingFailure) {
        guard depth < 512 else { throw failure("U2002", "the value nests too deep to be written") }
        switch value.tag {
        case 0: try append(text: "null")
        case 1: try append(text: "false")
        case 2: try append(text: "true")
        case Value.real: _ = try string(shortened(value).jsonText)
        case Value.decimal: _ = try text(ofDecimal: value)
        case Value.number:
            if let small = small(value) {
                _ = try text(ofDecimal: small)
            } else {
                _ = try string(shortened(value).jsonText)
            }
        case Value.string: try writeQuoted(value)
        case Value.link: try writeContainer(container(value), indent: indent, depth: depth)
        case Value.function: try append(text: "\"\"")
        default: try append(text: "null")
        }
    }

    private mutating func writeContainer(_ index: Int, indent: Int?, depth: Int) throws(MappingFailure) {
        try step()
        let isObject = tape[index] >> 60 == Value.object
        let count = count(at: index)
        try append(byte: UInt8(ascii: isObject ? "{" : "["))
        var cursor = index + 1
        for place in 0..<count {
            if place > 0 { try append(byte: UInt8(ascii: ",")) }
            try newLine(indent.map { $0 * (depth + 1) })
            if isObject {
                try writeQuoted(Value(bits: tape[cursor]))
                try append(byte: UInt8(ascii: ":"))
                if indent != nil { try append(byte: 0x20) }
                cursor += 1
            }
            try writeJSON(value(at: cursor), indent: indent, depth: depth + 1)
            cursor = next(cursor)
        }
        if count > 0 { try newLine(indent.map { $0 * depth }) }
        try append(byte: UInt8(ascii: isObject ? "}" : "]"))
    }

    private func newLine(_ spaces: Int?) throws(MappingFailure) {
        guard let spaces else { return }
        try append(byte: UInt8(ascii: "\n"))
        for _ in 0..<spaces { try append(byte: 0x20) }
    }

    private func writeQuoted(_ value: Value) throws(MappingFailure) {
        try append(byte: UInt8(ascii: "\""))
        if value.has(Value.escapes) {
            for place in 0..<value.length { try writeEscaped(tape.bytes[value.offset + place]) }
        } else {
            try append(bytes: value)
        }
        try append(byte: UInt8(ascii: "\""))
    }

    private func writeEscaped(_ byte: UInt8) throws(MappingFailure) {
        switch byte {
        case UInt8(ascii: "\""): try append(text: "\\\"")
        case UInt8(ascii: "\\"): try append(text: "\\\\")
        case 0x08: try append(text: "\\b")
        case 0x09: try append(text: "\\t")
        case 0x0A: try append(text: "\\n")
        case 0x0C: try append(text: "\\f")
        case 0x0D: try append(text: "\\r")
        case 0..<0x20:
            try append(text: "\\u00")
            for digit in [byte >> 4, byte & 15] { try append(byte: digit < 10 ? 48 + digit : 87 + digit) }
        default: try append(byte: byte)
        }
    }
}
