import Document
import Glibc
import Kafka
import TestBroker

/// What the measurements share: the broker, the counts, the figures.
final class Bench {
    /// The Kafka that all of them use.
    let broker: TestBroker
    /// How large counts are, against a full run.
    let scale: Double
    /// The folder of the programs: `omni-bench` and `c-loop`, and `omni` where it was built.
    let programs: String
    private let only: [String]
    private(set) var figures: [Figure] = []

    init() throws {
        programs = try Self.ownFolder()
        only = Self.variable("BENCH_ONLY")?.split(separator: ",").map(String.init) ?? []
        broker = try TestBroker.shared
        let given = Self.variable("BENCH_SCALE").flatMap(Double.init)
        // The embedded broker keeps all it has in memory.
        scale = given ?? (broker.isEmbedded ? 0.05 : 1)
    }

    /// A variable of the environment that is set, and not empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
        return value
    }

    /// A full run's count, at this run's scale.
    func count(_ full: Int, atLeast least: Int = 1) -> Int { max(least, Int(Double(full) * scale)) }

    /// Whether a measurement, or a part of one (`hub/product`), is asked for.
    func wants(_ name: String) -> Bool {
        only.isEmpty || only.contains { name.hasPrefix($0) || $0.hasPrefix(name + "/") }
    }

    func add(_ figures: [Figure]) { self.figures += figures }

    /// Tells people what goes on.
    func say(_ text: String) { Self.tell("▸ \(text)") }

    static func tell(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(2, line, line.count)
    }

    private static func ownFolder() throws -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        guard count > 0 else { throw BenchError("who am I? errno \(errno)") }
        let text = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}

/// What could not be measured, and why.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Seconds on a clock that only goes forward.
func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// The processor seconds of this process so far.
func ownCPU() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
