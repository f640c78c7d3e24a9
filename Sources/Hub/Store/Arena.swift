/// Bytes that stay where they are until all of them are forgotten at once: memory in large pieces that is used again.
///
/// One thread at a time uses it; whoever hands it over hands over all that points into it. Nothing calls back (``Overlay``).
final class Arena: @unchecked Sendable {
    @exclusivity(unchecked) private var pieces: [UnsafeMutableRawBufferPointer] = []
    /// The piece that is being filled, and how far.
    @exclusivity(unchecked) private var current = 0
    @exclusivity(unchecked) private var used = 0
    /// How many bytes were taken since the last ``reset()``.
    @exclusivity(unchecked) private(set) var count = 0

    private static let pieceSize = 1 << 20

    deinit { for piece in pieces { piece.deallocate() } }

    /// Forgets everything; keeps as much memory as the last use took.
    func reset() {
        let kept = current + 1
        while pieces.count > kept { pieces.removeLast().deallocate() }
        (current, used, count) = (0, 0, 0)
    }

    /// Copies bytes in. What is empty has an address, too.
    func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let room = take(bytes.count)
        room.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(room)
    }

    func copy(_ text: String) -> UnsafeRawBufferPointer {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    /// Room for so many bytes.
    func take(_ wanted: Int) -> UnsafeMutableRawBufferPointer {
        while true {
            if current < pieces.count, pieces[current].count - used >= wanted {
                defer { used += wanted }
                count += wanted
                return UnsafeMutableRawBufferPointer(rebasing: pieces[current][used..<used + wanted])
            }
            if current < pieces.count, used > 0 {
                current += 1
                used = 0
            } else {
                // The next piece is missing, or is empty and still too small.
                pieces.insert(.allocate(byteCount: max(wanted, Self.pieceSize), alignment: 16), at: current)
                used = 0
            }
        }
    }
}
