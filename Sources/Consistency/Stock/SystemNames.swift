/// The names of systems as numbers, so that what a system has said can be kept without a text of its own.
///
/// Names that were seen stay known while one state is read after the other: mostly the next one's are the same.
struct SystemNames {
    private var texts: [[UInt8]] = []
    private var latest = 0
    /// More are forgotten with the next state.
    private static let most = 64

    /// Before a state is read: numbers of the one before have no meaning any more.
    mutating func begin() {
        guard texts.count > Self.most else { return }
        texts.removeAll()
        latest = 0
    }

    mutating func number(of text: UnsafeBufferPointer<UInt8>) -> Int32 {
        if latest < texts.count, isSame(texts[latest], text) { return Int32(latest) }
        latest = texts.firstIndex { isSame($0, text) } ?? texts.count
        if latest == texts.count { texts.append(Array(text)) }
        return Int32(latest)
    }

    mutating func number(of text: String) -> Int32 {
        var text = text
        return text.withUTF8 { number(of: $0) }
    }

    func text(_ number: Int32) -> String { String(decoding: texts[Int(number)], as: UTF8.self) }

    func bytes(_ number: Int32) -> [UInt8] { texts[Int(number)] }

    /// How long the longest name is, in bytes.
    var longest: Int { texts.reduce(0) { max($0, $1.count) } }

    /// Whether a name stands first in the order of bytes.
    func precedes(_ one: Int32, _ other: Int32) -> Bool { bytes(one).lexicographicallyPrecedes(bytes(other)) }

    private func isSame(_ known: [UInt8], _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        known.withUnsafeBufferPointer { known in
            known.count == text.count
                && (text.isEmpty || sameBytes(known.baseAddress!, text.baseAddress!, text.count))
        }
    }
}
