/// The latest record that is known of a partition, by which it can be told that the topic is still the one that was read:
/// nothing at or before its offset was appended after it. Transactions' markers behind it don't matter.
package struct LogMark: BitwiseCopyable, Sendable, Equatable {
    /// Its offset.
    package var offset: Int64
    /// When the broker appended it or one before it, by its own clock, which may be set back: the latest time, in
    /// milliseconds since 1970.
    package var appended: Int64

    package init(offset: Int64, appended: Int64) {
        self.offset = offset
        self.appended = appended
    }

    /// Whether it stands in a log that ends somewhere: nothing up to it is younger than it, and something is as young.
    ///
    /// - Parameters:
    ///   - end: the log's.
    ///   - asYoung: the first offset of its time, or of a later one.
    ///   - younger: the first offset of a later time.
    func stands(before end: Int64, asYoung: Int64, younger: Int64) -> Bool {
        offset < end && asYoung <= offset && younger > offset
    }

    /// This one, which is later than another.
    func after(_ other: LogMark?) -> LogMark {
        LogMark(offset: max(offset, other?.offset ?? 0), appended: max(appended, other?.appended ?? .min))
    }
}
