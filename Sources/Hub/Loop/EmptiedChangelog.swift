/// A record of a changelog that was deleted and made anew under a running hub, which has written into it before it saw that.
///
/// The store knows what no changelog does any more, and the hub that starts next must not take the new one for a backup that
/// came back, however much the first transactions have written there (I4).
struct EmptiedChangelog {
    /// What the hub wrote; nil when it wrote nothing there, or the broker doesn't tell times.
    let mark: LogMark?
    /// Whether this hub saw it; else it was read in the changelog, where another hub says so (``Note/emptied``).
    let isOurs: Bool

    init(_ mark: LogMark?) { (self.mark, isOurs) = (mark, true) }

    /// Reads what ``bytes`` says: offset and time, of 8 bytes each, little endian; or nothing.
    init(_ bytes: [UInt8]) {
        isOurs = bytes.isEmpty || bytes.count == 16
        guard bytes.count == 16 else {
            mark = nil
            return
        }
        let numbers = bytes.withUnsafeBytes { bytes in
            [0, 8].map { Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self)) }
        }
        mark = LogMark(offset: numbers[0], appended: numbers[1])
    }

    var bytes: [UInt8] {
        guard let mark else { return [] }
        return [mark.offset, mark.appended].reduce(into: []) { bytes, number in
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
    }
}
