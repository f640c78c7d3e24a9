/// Writes a small JSON object of a few members: names, quantities and texts.
///
/// Room is made once for as much as a member can take, and then written without asking.
struct ObjectWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0

    init() {
        capacity = 512
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Begins an object; what was written before is dropped.
    mutating func begin() {
        count = 0
        room(1)
        put(UInt8(ascii: "{"))
    }

    mutating func end() {
        room(1)
        put(UInt8(ascii: "}"))
    }

    mutating func member(_ name: StaticString, raw text: StaticString) {
        begin(name, text.utf8CodeUnitCount)
        put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// - Parameter quantity: nil is null.
    mutating func member(_ name: StaticString, quantity: Quantity?) {
        guard let quantity else { return member(name, raw: "null") }
        begin(name, Quantity.longest)
        count += quantity.write(to: start + count)
    }

    mutating func member(_ name: StaticString, string: String) {
        var string = string
        string.withUTF8 { text in
            // A control character takes six bytes.
            begin(name, 6 * text.count + 2)
            put(UInt8(ascii: "\""))
            if text.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for byte in text { putEscaped(byte) }
            } else {
                put(text)
            }
            put(UInt8(ascii: "\""))
        }
    }

    /// - Parameters:
    ///   - name: without anything that needs escapes.
    ///   - room: for the value, in bytes.
    private mutating func begin(_ name: StaticString, _ room: Int) {
        self.room(name.utf8CodeUnitCount + 4 + room)
        if count > 1 { put(UInt8(ascii: ",")) }
        put(UInt8(ascii: "\""))
        put(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ":"))
    }

    private mutating func putEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            put(UInt8(ascii: "\\"))
            put(byte)
        case 0..<0x20:
            let digits: StaticString = "0123456789abcdef"
            for sign in "\\u00".utf8 { put(sign) }
            put(digits.utf8Start[Int(byte >> 4)])
            put(digits.utf8Start[Int(byte & 15)])
        default: put(byte)
        }
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        start[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func put(_ text: UnsafeBufferPointer<UInt8>) {
        guard let base = text.baseAddress else { return }
        (start + count).update(from: base, count: text.count)
        count += text.count
    }

    private mutating func room(_ wanted: Int) {
        guard count + wanted > capacity else { return }
        let larger = max(capacity * 2, count + wanted)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        grown.update(from: start, count: count)
        start.deallocate()
        start = grown
        capacity = larger
    }
}
