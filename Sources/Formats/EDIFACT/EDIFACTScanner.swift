/// The characters that structure an interchange; UNA may change them (ISO 9735, 7.1).
struct EDIFACTSeparators: Equatable {
    var component = UInt8(ascii: ":")
    var element = UInt8(ascii: "+")
    var decimal = UInt8(ascii: ".")
    var release: UInt8? = UInt8(ascii: "?")
    /// Between repetitions of an element, from syntax version 4 on.
    var repetition: UInt8?
    var terminator = UInt8(ascii: "'")

    init() {}

    /// The six characters behind `UNA`; nil when they can't be told apart.
    init?(_ una: some Collection<UInt8>) {
        let una = Array(una)
        guard una.count == 6 else { return nil }
        component = una[0]
        element = una[1]
        decimal = una[2]
        release = una[3] == 0x20 ? nil : una[3]
        repetition = una[4] == 0x20 ? nil : una[4]
        terminator = una[5]
        let marks = [component, element, release, repetition, terminator].compactMap(\.self)
        let isMark = { (byte: UInt8) in
            byte < 0x80 && byte != 0x20 && !isDigit(byte) && !(65...90).contains(byte) && !(97...122).contains(byte)
        }
        guard Set(marks).count == marks.count, marks.allSatisfy(isMark) else { return nil }
    }

    /// The six characters behind `UNA`.
    var una: [UInt8] { [component, element, decimal, release ?? 0x20, repetition ?? 0x20, terminator] }
}

/// Cuts an interchange into segments and their parts.
struct EDIFACTScanner {
    /// One component that is not empty.
    struct Part {
        /// The place in the segment: element and component from 1, repetition from 0.
        var element: Int
        var component: Int
        var repetition: Int
        var start: Int
        var end: Int
        /// Whether release characters are inside.
        var isEscaped: Bool
    }

    enum Outcome {
        case segment(EDIFACTTag)
        /// The bytes between two terminators that begin with no tag.
        case unknown
        /// The input ends before the terminator does.
        case cut
        case end
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var separators = EDIFACTSeparators()
    var at: Int
    var line = 1
    /// The last segment with its terminator, and its line.
    var segment = 0..<0
    var segmentLine = 1
    var parts: [Part] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, at: Int) {
        self.bytes = bytes
        self.at = at
    }

    /// Passes line ends and spaces between segments.
    mutating func skipBlank() {
        while at < bytes.count, bytes[at] == 0x20 || (9...13).contains(bytes[at]) {
            if bytes[at] == 0x0A { line += 1 }
            at += 1
        }
    }

    /// Whether the input goes on with these letters.
    func isNext(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[at + $0] == text.utf8Start[$0] }
    }

    /// Reads the next segment.
    mutating func next() -> Outcome {
        skipBlank()
        parts.removeAll(keepingCapacity: true)
        segmentLine = line
        guard at < bytes.count else {
            segment = at..<at
            return .end
        }
        let start = at
        var part = Part(element: 0, component: 1, repetition: 0, start: at, end: at, isEscaped: false)
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x0A { line += 1 }
            if byte == separators.release {
                part.isEscaped = true
                at += 2
            } else if byte == separators.terminator {
                close(&part)
                at += 1
                segment = start..<at
                return outcome()
            } else if byte == separators.component {
                close(&part)
                part.component += 1
                at += 1
                part.start = at
            } else if byte == separators.element || byte == separators.repetition {
                close(&part)
                if byte == separators.element { part.element += 1 }
                part.repetition = byte == separators.element ? 0 : part.repetition + 1
                part.component = 1
                at += 1
                part.start = at
            } else {
                at += 1
            }
        }
        at = bytes.count
        segment = start..<at
        return .cut
    }

    private mutating func close(_ part: inout Part) {
        part.end = at
        // With a line feed as terminator, a carriage return before it belongs to it.
        if separators.terminator == 0x0A, bytes[at] == 0x0A, part.end > part.start, bytes[at - 1] == 0x0D {
            part.end -= 1
        }
        if part.end > part.start { parts.append(part) }
        part.isEscaped = false
    }

    private mutating func outcome() -> Outcome {
        guard let first = parts.first, first.element == 0, first.component == 1, first.repetition == 0,
            parts.count < 2 || parts[1].element > 0,
            let tag = EDIFACTTag(bytes[first.start..<first.end])
        else { return .unknown }
        parts.removeFirst()
        return .segment(tag)
    }
}
