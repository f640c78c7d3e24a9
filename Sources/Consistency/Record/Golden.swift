import Canonical

extension RecordState {
    /// The golden record as JSON: its fields in the order of their names. A field that was removed is null; one that
    /// nobody with a say ever gave is absent (I8).
    func writeGolden(into bytes: inout [UInt8], members: Bool) {
        if !members, writePlainGolden(into: &bytes) { return }
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in fields.indices where fields[index].golden >= 0 && !fields[index].name.isEmpty {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes.append(string: buffer(fields[index].name))
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: text(fields[index].golden))
        }
        if members {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: "\"members\":[".utf8)
            for (place, member) in self.members.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(contentsOf: "{\"system\":".utf8)
                bytes.append(string: member.system)
                bytes.append(contentsOf: ",\"id\":".utf8)
                bytes.append(string: member.id)
                bytes.append(UInt8(ascii: "}"))
            }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The same in one piece, when no field's name needs escapes; answers whether it did so.
    private func writePlainGolden(into bytes: inout [UInt8]) -> Bool {
        // Two quotation marks, a colon and a comma for each field.
        var size = 2
        for index in fields.indices where fields[index].golden >= 0 && !fields[index].name.isEmpty {
            let name = buffer(fields[index].name)
            for byte in name where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                return false
            }
            size += name.count + text(fields[index].golden).count + 4
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { room in
            var at = room.baseAddress.unsafelyUnwrapped
            func put(_ byte: UInt8) {
                at.initialize(to: byte)
                at += 1
            }
            func put(_ text: UnsafeBufferPointer<UInt8>) {
                if let start = text.baseAddress { at.initialize(from: start, count: text.count) }
                at += text.count
            }
            put(UInt8(ascii: "{"))
            var isFirst = true
            for index in fields.indices where fields[index].golden >= 0 && !fields[index].name.isEmpty {
                if !isFirst { put(UInt8(ascii: ",")) }
                isFirst = false
                put(UInt8(ascii: "\""))
                put(buffer(fields[index].name))
                put(UInt8(ascii: "\""))
                put(UInt8(ascii: ":"))
                put(text(fields[index].golden))
            }
            put(UInt8(ascii: "}"))
            bytes.append(
                contentsOf: UnsafeBufferPointer(
                    start: room.baseAddress, count: room.baseAddress.unsafelyUnwrapped.distance(to: at)))
        }
        return true
    }

    /// Customers: the members that exist, in their order.
    var members: [Reference] {
        var members: [Reference] = []
        for column in columns.indices where isPresent(column) {
            if let member = Reference(key: name(ofColumn: column)) { members.append(member) }
        }
        return members.sorted()
    }
}

extension [UInt8] {
    /// Appends a JSON string.
    mutating func append(string: String) {
        var string = string
        string.withUTF8 { append(string: $0) }
    }

    /// Appends a JSON string, given in UTF-8.
    mutating func append(string utf8: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        guard utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            append(contentsOf: utf8)
            append(UInt8(ascii: "\""))
            return
        }
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                append(contentsOf: "\\u00".utf8)
                append(contentsOf: (hex.utf8.count < 2 ? "0" + hex : hex).utf8)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
