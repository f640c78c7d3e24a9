import Glibc

/// The wall clock, in the spellings the systems use.
package enum Clock {
    /// Milliseconds since 1970, UTC.
    package static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// Blocks this thread for so long.
    package static func rest(_ duration: Duration) {
        usleep(UInt32(max(0, min(duration / .microseconds(1), 1_000_000))))
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T21:25:00.123Z`.
    package static func rfc3339(_ milliseconds: Int64 = milliseconds()) -> String {
        let date = format(milliseconds, "%Y-%m-%dT%H:%M:%S")
        let fraction = String(milliseconds % 1000)
        return date + "." + String(repeating: "0", count: 3 - fraction.utf8.count) + fraction + "Z"
    }

    /// The time as strftime(3) formats it, in UTC.
    static func format(_ milliseconds: Int64, _ pattern: String) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let length = strftime(buffer.baseAddress!, 64, pattern, &parts)
            return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
        }
    }
}
