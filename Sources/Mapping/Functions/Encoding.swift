import Document

/// Base64 (RFC 4648) and percent encoding (RFC 3986), over UTF-8.
enum Encoding {
    static let functions: [Function] = [
        Function(
            "base64encode", "<s-:s>", "A string's bytes in base 64.",
            examples: [
                .init("$base64encode(\"hello:world\")", #""aGVsbG86d29ybGQ=""#), .init("$base64encode(\"\")", #""""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.mapped(machine.argument(arguments, 0)) { base64(encode: $0) }
        },
        Function(
            "base64decode", "<s-:s>", "The string whose bytes are given in base 64.",
            examples: [.init("$base64decode(\"aGVsbG86d29ybGQ=\")", #""hello:world""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.mapped(machine.argument(arguments, 0)) {
                Array(String(decoding: base64(decode: $0), as: UTF8.self).utf8)
            }
        },
        Function(
            "encodeUrlComponent", "<s-:s>", "A string as part of a URL: what has a meaning there is percent-encoded.",
            examples: [.init("$encodeUrlComponent(\"?x=täst\")", #""%3Fx%3Dt%C3%A4st""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.mapped(machine.argument(arguments, 0)) { percent(encode: $0, keep: unreserved) }
        },
        Function(
            "encodeUrl", "<s-:s>", "A string as a whole URL: what is not allowed in one is percent-encoded.",
            examples: [.init("$encodeUrl(\"https://x.io/?q=ä b\")", #""https://x.io/?q=%C3%A4%20b""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.mapped(machine.argument(arguments, 0)) { percent(encode: $0, keep: unreserved.union(reserved)) }
        },
        Function(
            "decodeUrlComponent", "<s-:s>", "Undoes $encodeUrlComponent.",
            examples: [.init("$decodeUrlComponent(\"%3Fx%3Dt%C3%A4st\")", #""?x=täst""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try decode(&machine, arguments, keep: [], "decodeUrlComponent")
        },
        Function(
            "decodeUrl", "<s-:s>", "Undoes $encodeUrl: what has a meaning in a URL stays encoded.",
            examples: [.init("$decodeUrl(\"https://x.io/?q=%C3%A4%20b%3F\")", #""https://x.io/?q=ä b%3F""#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try decode(&machine, arguments, keep: reserved, "decodeUrl")
        },
    ]

    private static let unreserved = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()".utf8)
    private static let reserved = Set(";/?:@&=+$,#".utf8)
    private static let hex = Array("0123456789ABCDEF".utf8)
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func percent(encode bytes: [UInt8], keep: Set<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            if keep.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return result
    }

    private static func decode(
        _ machine: inout Machine, _ arguments: Arguments, keep: Set<UInt8>, _ name: String
    ) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        if text.isUndefined { return text }
        guard let decoded = percent(decode: Array(machine.utf8(text)), keep: keep) else {
            throw machine.failure("D3140", "$\(name) was given a malformed URL")
        }
        return try machine.string(utf8: decoded)
    }

    private static func percent(decode bytes: [UInt8], keep: Set<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "%") else {
                result.append(bytes[at])
                at += 1
                continue
            }
            guard at + 2 < bytes.count, let high = digit(bytes[at + 1]), let low = digit(bytes[at + 2]) else {
                return nil
            }
            let byte = high << 4 | low
            if keep.contains(byte) { result += bytes[at...at + 2] } else { result.append(byte) }
            at += 3
        }
        return String(validating: result, as: UTF8.self) == nil ? nil : result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    private static func base64(encode bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let chunk = bytes[at..<min(at + 3, bytes.count)]
            var bits = 0
            for place in 0..<3 { bits = bits << 8 | (place < chunk.count ? Int(chunk[at + place]) : 0) }
            for place in 0..<4 {
                result.append(
                    place <= chunk.count ? alphabet[(bits >> (18 - 6 * place)) & 63] : UInt8(ascii: "="))
            }
            at += 3
        }
        return result
    }

    private static func base64(decode bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in bytes {
            let plain =
                byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
            guard let value = alphabet.firstIndex(of: plain) else {
                if byte == UInt8(ascii: "=") { break }
                continue
            }
            bits = (bits << 6 | value) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return result
    }
}

extension Machine {
    /// A string changed byte by byte; undefined stays.
    func mapped(_ text: Value, _ change: ([UInt8]) -> [UInt8]) throws(MappingFailure) -> Value {
        text.isUndefined ? text : try string(utf8: change(Array(utf8(text))))
    }
}
