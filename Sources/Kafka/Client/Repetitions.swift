/// What librdkafka says again and again, as long as something lasts: each second, for each partition. It is told once a minute.
struct Repetitions {
    static let pause = Duration.seconds(60)
    /// So many different lines are remembered; who says more of them says them.
    static let most = 100

    private var told: [String: ContinuousClock.Instant] = [:]

    /// Whether a line is to be told, nothing like it having been told for a while.
    mutating func isNews(_ line: String, at now: ContinuousClock.Instant) -> Bool {
        let kind = Self.kind(of: line)
        if let last = told[kind], now - last < Self.pause { return false }
        if told.count >= Self.most { told = told.filter { now - $0.value < Self.pause } }
        if told.count < Self.most { told[kind] = now }
        return true
    }

    /// Without the numbers in brackets: partitions, and how long something took. Others may be what has changed.
    static func kind(of line: String) -> String {
        var depth = 0
        var kind: [UInt8] = []
        for byte in line.utf8 {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "0")...UInt8(ascii: "9") where depth > 0: continue
            default: break
            }
            kind.append(byte)
        }
        return String(decoding: kind, as: UTF8.self)
    }
}
