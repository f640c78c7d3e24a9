import Transports

/// Rows of one moment of a database, to be handed over when its transaction has ended: as long as it lasts, the system can't write.
///
/// Few stay in memory, many go to a file without a name. One thread uses it.
final class KeptRows {
    private let folder: String
    private var memory: [UInt8] = []
    private var file: ScratchFile?
    private static let most = 1 << 20
    /// The number and the two lengths that stand before each row.
    private static let head = 24

    /// - Parameter folder: where there is room for many; made when it is needed.
    init(in folder: String) { self.folder = folder }

    /// Keeps a row behind those before.
    func append(_ number: Int64, _ name: String, _ document: [UInt8]) throws {
        var name = name
        try name.withUTF8 { name in
            if memory.count + Self.head + name.count + document.count > Self.most { try spill() }
            withUnsafeBytes(of: (number, Int64(name.count), Int64(document.count))) { memory.append(contentsOf: $0) }
            memory.append(contentsOf: name)
            memory.append(contentsOf: document)
        }
    }

    private func spill() throws {
        guard !memory.isEmpty else { return }
        do throws(SystemError) {
            let file: ScratchFile
            if let opened = self.file {
                file = opened
            } else {
                try Folders.create(folder)
                file = try ScratchFile(in: folder, isNameless: true)
                self.file = file
            }
            var failure: SystemError?
            memory.withUnsafeBytes { bytes in
                do throws(SystemError) { try file.append(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.flush()
        } catch {
            throw SystemFailure("\(error)")
        }
        memory.removeAll(keepingCapacity: true)
    }

    typealias Body = (_ number: Int64, _ name: String, _ document: UnsafeBufferPointer<UInt8>) throws -> Void

    /// Lends them all, in their order.
    func forEach(_ body: Body) throws {
        guard file != nil else { return _ = try memory.withUnsafeBytes { try Self.lend($0, body) } }
        try spill()
        guard let file else { return }
        var window = [UInt8](repeating: 0, count: Self.most)
        memory = []
        var (offset, filled) = (0, 0)
        while offset < file.count || filled > 0 {
            let count = try window.withUnsafeMutableBytes { window in
                do throws(SystemError) {
                    return try file.read(from: offset, into: UnsafeMutableRawBufferPointer(rebasing: window[filled...]))
                } catch {
                    throw SystemFailure("\(error)")
                }
            }
            (offset, filled) = (offset + count, filled + count)
            let lent = try window.withUnsafeBytes {
                try Self.lend(UnsafeRawBufferPointer(rebasing: $0[..<filled]), body)
            }
            guard lent == 0 else {
                // What is left is a row's beginning.
                window.withUnsafeMutableBytes { window in
                    window.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[lent..<filled]))
                }
                filled -= lent
                continue
            }
            guard filled == window.count else { throw SystemFailure("\(folder): rows that were kept there are gone") }
            window.append(contentsOf: repeatElement(0, count: window.count))
        }
    }

    /// Lends the rows that are whole. Returns how many bytes they take.
    private static func lend(_ bytes: UnsafeRawBufferPointer, _ body: Body) throws -> Int {
        var at = 0
        while bytes.count - at >= head {
            let name = at + head
            let document = name + Int(bytes.loadUnaligned(fromByteOffset: at + 8, as: Int64.self))
            let end = document + Int(bytes.loadUnaligned(fromByteOffset: at + 16, as: Int64.self))
            guard end <= bytes.count else { break }
            try body(
                bytes.loadUnaligned(fromByteOffset: at, as: Int64.self),
                String(decoding: bytes[name..<document], as: UTF8.self),
                UnsafeRawBufferPointer(rebasing: bytes[document..<end]).bindMemory(to: UInt8.self))
            at = end
        }
        return at
    }
}
