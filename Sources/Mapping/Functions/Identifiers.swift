import Document

/// Identifiers that systems write in many ways, in the one way the canonical documents have them.
///
/// These functions are this product's own; their names begin with `omni_`, so a reader knows that JSONata's documentation
/// won't have them. What can't be an identifier of the kind is undefined: `$omni_gtin(ean) ?? $reject("no GTIN")`.
enum Identifiers {
    static let functions: [Function] = [
        Function(
            "omni_gtin", "<(sn)-:s>",
            "A GTIN-8, -12, -13 or -14 as 14 digits; undefined when the check digit is wrong, or it is all zeros (GS1).",
            examples: [
                .init("$omni_gtin(\"6438012345675\")", #""06438012345675""#),
                .init("$omni_gtin(6438012345675)", #""06438012345675""#),
                .init("$omni_gtin(\" 40-170725 \")", #""00000040170725""#), .init("$omni_gtin(\"6438012345678\")", nil),
                .init("$omni_gtin(\"0000000000000\")", nil), .init("$omni_gtin(nothing)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let text = machine.utf8(try machine.text(of: value))
            guard let gtin = gtin(text) else { return .undefined }
            return try machine.string(utf8: gtin)
        },
        Function(
            "omni_gln", "<(sn)-:s>",
            "A GLN, the number of a company or place, as 13 digits; undefined when the check digit is wrong, or it is all zeros (GS1).",
            examples: [
                .init("$omni_gln(\"6438012345675\")", #""6438012345675""#),
                .init("$omni_gln(\"6438 0123 4567 5\")", #""6438012345675""#),
                .init("$omni_gln(\"6438012345678\")", nil), .init("$omni_gln(\"40170725\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            let text = machine.utf8(try machine.text(of: value))
            // A GLN's check digit is a GTIN-13's.
            guard text.count(where: { $0 &- 48 < 10 }) == 13, let digits = gtin(text) else { return .undefined }
            return try machine.string(utf8: Array(digits.dropFirst()))
        },
        Function(
            "omni_phone", "<(sn)-s?:s>",
            "A telephone number in E.164 form; numbers without a country are of the given one (its calling code, as \"358\").",
            examples: [
                .init("$omni_phone(\"040 123 4567\", \"358\")", #""+358401234567""#),
                .init("$omni_phone(\"+358 (0)40 1234567\")", #""+358401234567""#),
                .init("$omni_phone(\"0046 8 123 456\", \"358\")", #""+468123456""#),
                .init("$omni_phone(\"040 1234567\")", nil),
                .init("$omni_phone(\"n/a\", \"358\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            let country = machine.argument(arguments, 1)
            if value.isUndefined { return value }
            let own = Array(machine.utf8(try machine.text(of: value)))
            let code = country.isString ? Array(machine.utf8(country)).filter { $0 &- 48 < 10 } : []
            guard let phone = phone(own, country: code) else { return .undefined }
            return try machine.string(utf8: phone)
        },
        Function(
            "omni_email", "<s-:s>",
            "An e-mail address without surrounding space and in small letters; undefined when it can't be one.",
            examples: [
                .init("$omni_email(\" Aino.Virtanen@Example.FI \")", #""aino.virtanen@example.fi""#),
                .init("$omni_email(\"aino\")", nil),
                .init("$omni_email(\"mailto:a@b.fi\")", #""a@b.fi""#), .init("$omni_email(\"a@b\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            guard let email = email(machine.text(value)) else { return .undefined }
            return try machine.string(email)
        },
        Function(
            "omni_uuid", "<ss:s>",
            "The UUID (RFC 9562, version 5) of a name in a namespace, which is a UUID or a name itself: the same every time.",
            examples: [
                .init(
                    "$omni_uuid(\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\", \"www.example.com\")",
                    #""2ed6657d-e927-568b-95e1-2665a8aea6a2""#)
            ], uuid),
    ]

    /// The digits of a GTIN, 14 of them, if the check digit is right.
    static func gtin(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var digits: [UInt8] = []
        for byte in text {
            if byte &- 48 < 10 {
                digits.append(byte)
            } else if byte != 0x20, byte != UInt8(ascii: "-"), byte != 0x09 {
                return nil
            }
        }
        // Spreadsheets drop leading zeros: shorter digits may be one of the lengths, filled up.
        guard [8, 12, 13, 14].contains(digits.count), digits.contains(where: { $0 != 48 }) else { return nil }
        digits = Array(repeating: 48, count: 14 - digits.count) + digits
        var sum = 0
        for (place, digit) in digits.enumerated() { sum += Int(digit - 48) * (place % 2 == 0 ? 3 : 1) }
        return sum % 10 == 0 ? digits : nil
    }

    private static func phone(_ text: [UInt8], country: [UInt8]) -> [UInt8]? {
        var digits: [UInt8] = []
        var isInternational = false
        var inBrackets: [UInt8]?
        for byte in text {
            switch byte {
            case 48...57: if inBrackets != nil { inBrackets!.append(byte) } else { digits.append(byte) }
            case UInt8(ascii: "+"):
                guard digits.isEmpty, !isInternational, inBrackets == nil else { return nil }
                isInternational = true
            case UInt8(ascii: "("): inBrackets = []
            case UInt8(ascii: ")"):
                // A zero in brackets is dialled inside the country only: +358 (0)40.
                let inner = inBrackets ?? []
                if !(isInternational && inner == [48]) { digits += inner }
                inBrackets = nil
            case 0x20, UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), 0x09, 0xC2, 0xA0: continue
            default: return nil
            }
        }
        guard inBrackets == nil else { return nil }
        if !isInternational, digits.starts(with: [48, 48]) {
            isInternational = true
            digits.removeFirst(2)
        }
        if !isInternational {
            guard !country.isEmpty else { return nil }
            digits = country + (digits.first == 48 ? digits.dropFirst() : digits[...])
        }
        guard (8...15).contains(digits.count), digits[0] != 48 else { return nil }
        return [UInt8(ascii: "+")] + digits
    }

    private static func email(_ text: String) -> String? {
        var own = Substring(text)
        while let first = own.first, first.isWhitespace { own.removeFirst() }
        while let last = own.last, last.isWhitespace { own.removeLast() }
        if own.lowercased().hasPrefix("mailto:") { own = own.dropFirst(7) }
        let parts = own.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, own.utf8.count <= 254, parts[0].utf8.count <= 64 else { return nil }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, labels.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("-") }) else {
            return nil
        }
        let isClean = own.unicodeScalars.allSatisfy { $0.value > 0x20 && !"()<>,;:\\\"[]".unicodeScalars.contains($0) }
        guard isClean, !parts[0].hasPrefix("."), !parts[0].hasSuffix("."), !parts[0].contains("..") else { return nil }
        return own.lowercased()
    }

    // MARK: UUIDs

    private static func uuid(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let namespace = machine.argument(arguments, 0)
        let name = machine.argument(arguments, 1)
        if namespace.isUndefined || name.isUndefined { return .undefined }
        guard let hash = machine.context.hash else {
            throw machine.failure("U2005", "$omni_uuid needs a hash that the caller didn't supply")
        }
        // A namespace that isn't a UUID is named within the nil UUID.
        let space =
            bytes(ofUUID: machine.utf8(namespace))
            ?? versioned(hash.sha1(Array(repeating: 0, count: 16) + Array(machine.utf8(namespace))))
        let bytes = versioned(hash.sha1(space + Array(machine.utf8(name))))
        var text: [UInt8] = []
        let hex = Array("0123456789abcdef".utf8)
        for (place, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(place) { text.append(UInt8(ascii: "-")) }
            text += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
        return try machine.string(utf8: text)
    }

    private static func versioned(_ digest: [UInt8]) -> [UInt8] {
        var bytes = Array(digest.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }

    private static func bytes(ofUUID text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count == 36 else { return nil }
        var bytes: [UInt8] = []
        var at = 0
        while at < 36 {
            if [8, 13, 18, 23].contains(at) {
                guard text[at] == UInt8(ascii: "-") else { return nil }
                at += 1
            }
            guard let byte = UInt8(String(decoding: text[at..<at + 2], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
            at += 2
        }
        return bytes
    }
}
