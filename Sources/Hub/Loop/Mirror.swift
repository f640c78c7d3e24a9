import Canonical

/// What the hub keeps of itself in each changelog partition, beside the entities' states: how far the input was read,
/// and the last tick. Group offsets expire on the broker; this doesn't.
struct Mirror: Equatable {
    /// The key in the changelog and the store. No entity's key begins with a control character.
    static let key = "\u{1}hub"

    var inputOffset: Int64
    var tick: Tick

    init(inputOffset: Int64, tick: Tick) {
        self.inputOffset = inputOffset
        self.tick = tick
    }

    /// Reads 17 bytes: the format's version, 1, then both numbers, little endian.
    init?(_ bytes: [UInt8]?) {
        guard let bytes, bytes.count == 17, bytes[0] == 1 else { return nil }
        (inputOffset, tick) = bytes.withUnsafeBytes {
            (
                Int64(littleEndian: $0.loadUnaligned(fromByteOffset: 1, as: Int64.self)),
                Tick(Int64(littleEndian: $0.loadUnaligned(fromByteOffset: 9, as: Int64.self)))
            )
        }
    }

    var bytes: [UInt8] {
        [1] + withUnsafeBytes(of: inputOffset.littleEndian) { Array($0) }
            + withUnsafeBytes(of: tick.milliseconds.littleEndian) { Array($0) }
    }
}
