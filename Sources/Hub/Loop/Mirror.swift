import Canonical

/// What the hub keeps of itself in each changelog partition, beside the entities' states: how far the input was read,
/// and the last tick. Group offsets expire on the broker; this doesn't.
struct Mirror: Equatable {
    /// The key in the changelog and the store. No entity's key begins with a control character.
    static let key = "\u{1}hub"

    var inputOffset: Int64
    var tick: Tick
    /// Of the last record that was read; nil before there was one whose time the broker has told.
    var mark: LogMark?

    init(inputOffset: Int64, tick: Tick, mark: LogMark? = nil) {
        self.inputOffset = inputOffset
        self.tick = tick
        self.mark = mark
    }

    /// Reads what ``bytes`` says: the layout's number, then numbers of 8 bytes, little endian. Layout 1 is the offset and the
    /// tick; layout 2 the mark's offset and time behind them.
    init?(_ bytes: [UInt8]?) {
        guard let bytes, bytes.count == 17 && bytes[0] == 1 || bytes.count == 33 && bytes[0] == 2 else { return nil }
        let numbers = bytes.withUnsafeBytes { bytes in
            stride(from: 1, to: bytes.count, by: 8).map {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self))
            }
        }
        (inputOffset, tick) = (numbers[0], Tick(numbers[1]))
        mark = numbers.count == 4 ? LogMark(offset: numbers[2], appended: numbers[3]) : nil
    }

    var bytes: [UInt8] {
        let numbers = [inputOffset, tick.milliseconds] + (mark.map { [$0.offset, $0.appended] } ?? [])
        return numbers.reduce(into: [mark == nil ? 1 : 2]) { bytes, number in
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
    }
}
