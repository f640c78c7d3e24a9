#if canImport(Glibc)
    import Glibc
#endif

/// How often in a row a process has ended soon after it had opened the store: a page that went bad may end the process that
/// reads it before anybody can say why, and would end the next one too.
struct StoreStarts {
    private let file: String
    /// So many starts in a row, each within `soon` of the one before and none ended well: the store is suspected.
    static let most = 5
    /// Seconds.
    static let soon = 60

    /// - Parameter folder: the store's.
    init(folder: String) { file = folder + "/starts" }

    /// Notes a start.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: How many there have been in a row, this one included.
    func begin(now: Int) -> Int {
        let (before, last) = read()
        let count = now - last <= Self.soon && now >= last ? before + 1 : 1
        write(count, now)
        return count
    }

    /// The process ends as it should, or the store is made anew.
    func forget() { unlink(file) }

    private func read() -> (count: Int, last: Int) {
        guard let stream = fopen(file, "re") else { return (0, 0) }
        defer { fclose(stream) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, 64, stream) != nil else { return (0, 0) }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }

    private func write(_ count: Int, _ now: Int) {
        guard let stream = fopen(file, "we") else { return }
        fputs("\(count) \(now)\n", stream)
        fclose(stream)
    }
}
