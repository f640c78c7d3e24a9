/// A text as its bytes have it: what Kafka, the store and the systems tell keys apart by.
///
/// Two `String`s that only look alike (`é` in one scalar or in two) are equal to Swift; as keys they are two. Wherever a
/// text names something, this is what is compared.
public struct ExactText: Hashable, Comparable, Sendable {
    /// The text.
    public let text: String

    /// A text.
    public init(_ text: String) { self.text = text }

    /// Whether the bytes are the same.
    public static func == (one: ExactText, other: ExactText) -> Bool { one.text.isExactly(other.text) }

    /// In the order of bytes.
    public static func < (one: ExactText, other: ExactText) -> Bool { one.text.comesBefore(other.text) }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether the bytes are the same.
    @inlinable
    public func isExactly(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        // Mostly contiguous: then this compares memory.
        return utf8.withContiguousStorageIfAvailable { one in
            other.utf8.withContiguousStorageIfAvailable { other in
                var at = 0
                while at + 8 <= one.count {
                    let left = UnsafeRawPointer(one.baseAddress! + at).loadUnaligned(as: UInt64.self)
                    let right = UnsafeRawPointer(other.baseAddress! + at).loadUnaligned(as: UInt64.self)
                    if left != right { return false }
                    at += 8
                }
                while at < one.count {
                    if one[at] != other[at] { return false }
                    at += 1
                }
                return true
            } ?? utf8.elementsEqual(other.utf8)
        } ?? utf8.elementsEqual(other.utf8)
    }
}

extension StringProtocol {
    /// Whether the bytes are the same.
    public func isExactly(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether it stands first in the order of bytes.
    public func comesBefore(_ other: some StringProtocol) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    /// What stands before and behind the first such byte of ASCII, which may be followed by anything: to Swift, a colon and
    /// a combining mark behind it are one character. Nil when it isn't there, or a side is empty.
    func split(at byte: UInt8) -> (before: String, behind: String)? {
        guard let at = utf8.firstIndex(of: byte), at > utf8.startIndex, case let next = utf8.index(after: at),
            next < utf8.endIndex
        else { return nil }
        return (String(decoding: utf8[..<at], as: UTF8.self), String(decoding: utf8[next...], as: UTF8.self))
    }
}
