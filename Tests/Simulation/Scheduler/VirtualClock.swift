/// The simulation's time: it passes because something takes time, or because nobody has anything to do.
package final class VirtualClock {
    /// Microseconds since 1970-01-01 UTC.
    package private(set) var microseconds: Int64

    package init(start milliseconds: Int64) { microseconds = milliseconds * 1_000 }

    /// Milliseconds since 1970-01-01 UTC: what the broker's clock says.
    package var now: Int64 { microseconds / 1_000 }

    package func pass(microseconds count: Int64) { microseconds += count }

    package func pass(to milliseconds: Int64) { microseconds = max(microseconds, milliseconds * 1_000) }
}

/// A machine's clock: off by something, and now and then set.
package final class MachineClock {
    private let clock: VirtualClock
    /// How far it is ahead, in milliseconds.
    package var lead: Int64

    package init(_ clock: VirtualClock, lead: Int64 = 0) {
        self.clock = clock
        self.lead = lead
    }

    /// Milliseconds since 1970-01-01 UTC, as this machine believes.
    package var wall: Int64 { clock.now + lead }

    /// Milliseconds since some moment; never set.
    package var monotonic: Int64 { clock.now - 1_700_000_000_000 }
}
