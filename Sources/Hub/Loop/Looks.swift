/// Which topic is looked at when: one after the other, each every few seconds, and at once where something is odd.
struct Looks {
    /// How often a topic is looked at, in milliseconds.
    static let period: Int64 = 5_000
    private let topics: [String]
    private var place = 0
    /// When the next one is due, by the monotonic clock.
    private var due: Int64?
    private var urgent: [String] = []

    init(_ topics: [String]) { self.topics = topics }

    /// A topic is odd.
    mutating func hurry(_ topic: String) {
        if topics.contains(topic), !urgent.contains(topic) { urgent.append(topic) }
    }

    /// All of them are new here.
    mutating func hurry() { urgent = topics }

    /// The topic to look at now; nil: none.
    ///
    /// - Parameter now: by the monotonic clock, in milliseconds.
    mutating func next(at now: Int64) -> String? {
        if !urgent.isEmpty { return urgent.removeFirst() }
        guard !topics.isEmpty, now >= due ?? now else { return nil }
        due = now + Self.period / Int64(topics.count)
        place = (place + 1) % topics.count
        return topics[place]
    }
}
