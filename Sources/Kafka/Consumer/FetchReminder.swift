/// When to remind librdkafka that there is room for more records.
///
/// It stops fetching while `queued.max.messages.kbytes` wait to be read, and its thread looks again when something happens on the
/// broker's connection, or after a second (`rd_kafka_broker_consumer_serve`, 2.0). So who reads such a queue in less than a second stood
/// still for the rest of it: a hub with 16 MB worked 0.45 s of each.
struct FetchReminder {
    /// In bytes: a part of the queue that is worth a question.
    private let share: Int
    private var read = 0

    /// librdkafka's own default, in KiB.
    private static let usual = 65_536

    init(_ settings: Settings) {
        let queue = settings["queued.max.messages.kbytes"].flatMap { Int($0) } ?? Self.usual
        share = max(1, queue) * 1024 / 4
    }

    /// Whether it is time to remind it, so many bytes having been read since it was asked last.
    mutating func isDue(after bytes: Int) -> Bool {
        read += bytes
        guard read >= share else { return false }
        read = 0
        return true
    }
}
