#if canImport(Glibc)
    import Glibc
#endif

/// The clocks that the loop goes by, and how it rests (I11).
package struct LoopClocks {
    package var now: () -> HubClock.Reading
    package var rest: (Duration) -> Void

    package init(now: @escaping () -> HubClock.Reading, rest: @escaping (Duration) -> Void) {
        self.now = now
        self.rest = rest
    }

    /// The machine's.
    package static var machine: LoopClocks {
        LoopClocks(
            now: { .now() },
            rest: { duration in
                let (seconds, attoseconds) = duration.components
                usleep(UInt32(attoseconds / 1_000_000_000_000) + UInt32(seconds) * 1_000_000)
            })
    }
}
