import Synchronization

/// What all clients of a process see of the brokers at one address list: librdkafka reports every attempt of every
/// connection, and operators want two lines, one when a broker goes and one when it is back.
final class BrokerSight: Sendable {
    private static let all = Mutex<[String: BrokerSight]>([:])

    private let connections = Mutex(BrokerConnections())

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

    /// Whether connections fail, and none is left.
    var isAway: Bool { connections.withLock { $0.isAway } }

    /// Takes a line of librdkafka's log; answers what it is news of.
    func read(_ line: BrokerLine, client: ObjectIdentifier) -> BrokerConnections.News? {
        connections.withLock { $0.take(line, client: client, now: .now) }
    }

    /// A client has ended, and its connections with it.
    func forget(_ client: ObjectIdentifier) { connections.withLock { $0.forget(client) } }
}

/// The brokers, as the clients of this process see them together.
public enum BrokerWatch {
    /// Whether no broker that these settings lead to can be reached: connections fail, and none is left.
    public static func isAway(_ settings: Settings) -> Bool { BrokerSight.of(settings).isAway }
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

    private static func isAddress(_ text: Substring) -> Bool {
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

    private var standing: Set<Connection> = []
    /// The brokers that can't be reached, and since when.
    private var away: [String: ContinuousClock.Instant] = [:]

    var isAway: Bool { !away.isEmpty && standing.isEmpty }

    mutating func take(_ line: BrokerLine, client: ObjectIdentifier, now: ContinuousClock.Instant) -> News? {
        let connection = Connection(client: client, name: line.connection)
        switch line.content {
        case .down:
            standing.remove(connection)
            return nil
        case .failed(let why):
            standing.remove(connection)
            guard away[line.broker] == nil else { return nil }
            away[line.broker] = now
            return .away(broker: line.broker, why: why)
        case .up:
            let isFirst = standing.isEmpty
            standing.insert(connection)
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

    mutating func forget(_ client: ObjectIdentifier) { standing = standing.filter { $0.client != client } }
}
