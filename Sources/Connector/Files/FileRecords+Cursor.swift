import Glibc
import Transports

extension FileRecords {
    /// Reads records piece by piece.
    struct Cursor: ~Copyable {
        private let file: ScratchFile
        private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
        /// What of the memory is filled, and not yet lent.
        private var filled = 0..<0
        private var offset = 0
        private let end: Int

        init(_ file: ScratchFile, upTo end: Int) {
            self.file = file
            self.end = end
        }

        deinit { memory.deallocate() }

        /// The next record, lent until the one after it is asked for; nil at the end.
        mutating func next() throws(SystemError) -> Entry? {
            guard try require(Head.size) else {
                if filled.isEmpty, offset == end { return nil }
                throw Self.isCut
            }
            let head = memory.loadUnaligned(fromByteOffset: filled.lowerBound, as: Head.self)
            let isTrace = head.bytes == Head.trace
            let size = Head.size + Int(head.key) + (isTrace ? 0 : Int(head.bytes))
            guard try require(size) else { throw Self.isCut }
            let start = filled.lowerBound
            let whole = UnsafeRawBufferPointer(rebasing: memory[start..<(start + size)])
            filled = (start + size)..<filled.upperBound
            let key = Head.size + Int(head.key)
            return Entry(
                epoch: head.epoch, revision: head.revision,
                key: UnsafeRawBufferPointer(rebasing: whole[Head.size..<key]),
                bytes: UnsafeRawBufferPointer(rebasing: whole[key...]), isTrace: isTrace, whole: whole)
        }

        private static var isCut: SystemError { SystemError("read", "the file's records", code: EIO) }

        /// Has so many bytes in memory, one behind the other. False when there aren't so many.
        private mutating func require(_ size: Int) throws(SystemError) -> Bool {
            if filled.count >= size { return true }
            // What a damaged file says of sizes must not be believed.
            guard size - filled.count <= end - offset else { return false }
            if size > memory.count {
                let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 16)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[filled]))
                memory.deallocate()
                memory = larger
            } else if !filled.isEmpty {
                memmove(memory.baseAddress!, memory.baseAddress! + filled.lowerBound, filled.count)
            }
            filled = 0..<filled.count
            while filled.count < size {
                let last = min(memory.count, filled.upperBound + end - offset)
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled.upperBound..<last])
                let count = try file.read(from: offset, into: rest)
                if count == 0 { return false }
                offset += count
                filled = 0..<(filled.count + count)
            }
            return true
        }
    }
}
