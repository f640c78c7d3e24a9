import Synchronization

/// What all clients of a process see of the brokers at one address list: librdkafka reports every attempt of every
/// connection, and operators want two lines, one when a broker goes and one when it is back.
///
/// A connection to a broker that has fallen silent stands until something sent on it is given up, which takes a minute, or for ever
/// where nothing is sent. So what the clients wait for counts, too.
final class BrokerSight: Sendable {
    private static let all = Mutex<[String: BrokerSight]>([:])

    private let connections = Mutex(BrokerConnections())
    private let silence = Mutex(BrokerSilence())

    /// The sight of the brokers that these settings name.
    static func of(_ settings: Settings) -> BrokerSight {
        let servers = settings["bootstrap.servers"] ?? settings["metadata.broker.list"] ?? ""
        return all.withLock { sights in
            if let known = sights[servers] { return known }
            let sight = BrokerSight()
            sights[servers] = sight
            return sight
        }
    }

    /// Whether connections fail, and none is left that can be relied on.
    var isAway: Bool { connections.withLock { $0.isAway } }

    /// Whether questions have been waiting for long, and none was answered since.
    var isSilent: Bool { silence.withLock { $0.lasts(.now) } }

    /// Asks the brokers something that only they can answer, be it with an error.
    func asking<Answer>(_ question: () throws(KafkaError) -> Answer) throws(KafkaError) -> Answer {
        silence.withLock { $0.ask(.now) }
        do throws(KafkaError) {
            let answer = try question()
            hear()
            return answer
        } catch {
            if !error.isSilence { hear() }
            throw error
        }
    }

    private func hear() {
        silence.withLock { $0.end() }
        connections.withLock { $0.hear() }
    }

    /// Takes a line of librdkafka's log; answers what it is news of.
    func read(_ line: BrokerLine, client: ObjectIdentifier) -> BrokerConnections.News? {
        if line.content == .up { silence.withLock { $0.end() } }
        return connections.withLock { $0.take(line, client: client, now: .now) }
    }

    /// A client has ended, and its connections with it.
    func forget(_ client: ObjectIdentifier) { connections.withLock { $0.forget(client) } }
}

/// The brokers, as the clients of this process see them together.
public enum BrokerWatch {
    /// Whether no broker that these settings lead to can be reached, or answers: connections fail and none is left to rely on, or
    /// what was asked (transactions, offsets) has been waiting for ten seconds. False again as soon as anything is answered.
    public static func isAway(_ settings: Settings) -> Bool {
        let sight = BrokerSight.of(settings)
        return sight.isAway || sight.isSilent
    }
}

/// Since when what was asked has not been answered, whichever client asked.
struct BrokerSilence {
    /// Longer than any answer of a broker in good health; what is repeated after each second counts from its first time.
    static let long = Duration.seconds(10)

    /// What nobody has asked again for so long is no longer waited for, and says nothing of the broker.
    static let forgotten = Duration.seconds(30)

    /// The first question without an answer, and the last.
    private var asked: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?

    mutating func ask(_ now: ContinuousClock.Instant) {
        if let asked, now - asked.last < Self.forgotten {
            self.asked = (asked.first, now)
        } else {
            asked = (now, now)
        }
    }

    mutating func end() { asked = nil }

    func lasts(_ now: ContinuousClock.Instant) -> Bool {
        guard let asked else { return false }
        return now - asked.first >= Self.long && now - asked.last < Self.forgotten
    }
}

extension KafkaError {
    /// Whether it says that no broker has answered.
    var isSilence: Bool { [.timedOut, .transport, .allBrokersDown, .waitCoordinator].contains(code) }
}

/// What of a line in librdkafka's log concerns a connection.
struct BrokerLine: Equatable {
    enum Content: Equatable {
        /// It became usable.
        case up
        /// It is not, or no longer.
        case down
        /// It failed, as this says.
        case failed(String)
    }

    /// librdkafka's thread for it: names it within its client.
    let connection: String
    /// The broker's `host:port`.
    let broker: String
    let content: Content

    /// Reads `[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/1: Broker changed state CONNECT -> DOWN` and its like; nil for others.
    ///
    /// - Parameter isError: whether it was reported as one: connections that are closed in passing are not.
    init?(facility: String, text: String, isError: Bool) {
        guard text.hasPrefix("[thrd:"), let end = text.firstRange(of: "]: ") else { return nil }
        connection = String(text[..<end.lowerBound].dropFirst(6))
        let parts = text[end.upperBound...].split(separator: ": ", omittingEmptySubsequences: false)
        guard parts.count > 1, let name = parts.first(where: Self.isAddress) ?? parts.first else { return nil }
        broker = Self.address(name)
        switch facility {
        case "STATE":
            // UPDATE: a connection in use learns its broker's name.
            guard let state = text.split(separator: " ").last, state != "UPDATE" else { return nil }
            content = state == "UP" ? .up : .down
        case "FAIL":
            guard isError else { return nil }
            content = .failed(parts.drop { $0 != name }.dropFirst().joined(separator: ": "))
        default: return nil
        }
    }

    static func isAddress(_ text: Substring) -> Bool {
        let address = address(text)
        guard let colon = address.lastIndex(of: ":") else { return false }
        return Int(address[address.index(after: colon)...]) != nil
    }

    /// Without `/1` or `/bootstrap` behind it.
    private static func address(_ name: Substring) -> String {
        guard let slash = name.lastIndex(of: "/"), slash > name.startIndex,
            name[name.index(before: slash)] != "/"
        else { return String(name) }
        return String(name[..<slash])
    }
}

/// Which connections stand, and which brokers can't be reached.
struct BrokerConnections {
    /// What is worth a line in the log.
    enum News: Equatable {
        case away(broker: String, why: String)
        case back(broker: String, after: Duration)
    }

    private struct Connection: Hashable {
        let client: ObjectIdentifier
        let name: String
    }

    /// Those that stand, and their brokers.
    private var standing: [Connection: String] = [:]
    /// Those that stood when another of the same broker failed (or of one unknown: a coordinator's has no address), and of which
    /// nothing was heard since: a silent broker's connections fail one by one, and one that nobody uses never does.
    private var doubted: [Connection: String] = [:]
    /// The brokers that can't be reached, and since when.
    private var away: [String: ContinuousClock.Instant] = [:]

    var isAway: Bool { !away.isEmpty && standing.isEmpty }

    mutating func take(_ line: BrokerLine, client: ObjectIdentifier, now: ContinuousClock.Instant) -> News? {
        let connection = Connection(client: client, name: line.connection)
        switch line.content {
        case .down:
            remove(connection)
            return nil
        case .failed(let why):
            remove(connection)
            guard away[line.broker] == nil else { return nil }
            away[line.broker] = now
            for (other, broker) in standing where broker == line.broker || !BrokerLine.isAddress(broker[...]) {
                standing[other] = nil
                doubted[other] = broker
            }
            return .away(broker: line.broker, why: why)
        case .up:
            let isFirst = standing.isEmpty
            hear()
            standing[connection] = line.broker
            if let since = away.removeValue(forKey: line.broker) {
                if isFirst { away = [:] }
                return .back(broker: line.broker, after: now - since)
            }
            // Where none could be reached and one can, another address may be the same broker's, or be asked no more; and a
            // coordinator's connection stands without an address.
            guard isFirst, let first = away.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
            away = [:]
            return .back(broker: first.key, after: now - first.value)
        }
    }

    /// A broker has answered something.
    mutating func hear() {
        guard !doubted.isEmpty else { return }
        standing.merge(doubted) { broker, _ in broker }
        doubted = [:]
    }

    mutating func forget(_ client: ObjectIdentifier) {
        standing = standing.filter { $0.key.client != client }
        doubted = doubted.filter { $0.key.client != client }
    }

    private mutating func remove(_ connection: Connection) {
        standing[connection] = nil
        doubted[connection] = nil
    }
}
