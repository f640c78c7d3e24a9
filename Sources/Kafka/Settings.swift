import CRdKafka

/// librdkafka settings, in order: `["bootstrap.servers": "127.0.0.1:9092", "security.protocol": "sasl_ssl"]`.
///
/// Every setting of librdkafka's CONFIGURATION.md passes through, topic settings included. Names and values are checked
/// when a client is created. The description masks secrets.
public struct Settings: Sendable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    /// The settings in their order; a name stands once.
    public private(set) var pairs: [(name: String, value: String)] = []

    /// No settings.
    public init() {}

    /// The settings of a sequence; of a name that stands twice, the last value counts.
    public init(_ pairs: some Sequence<(String, String)>) {
        for (name, value) in pairs { self[name] = value }
    }

    /// The settings of a literal; of a name that stands twice, the last value counts.
    public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

    /// A setting's value. Setting nil removes it, so that librdkafka's default holds.
    public subscript(name: String) -> String? {
        get { pairs.first { $0.name == name }?.value }
        set {
            let place = pairs.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): pairs[place].value = value
            case (let place?, nil): pairs.remove(at: place)
            case (nil, let value?): pairs.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// These settings, with the other's values where both name one.
    public func merging(_ other: Settings) -> Settings {
        var merged = self
        for (name, value) in other.pairs { merged[name] = value }
        return merged
    }

    /// True if a setting's value must never be shown.
    public static func isSecret(_ name: String) -> Bool {
        ["password", "secret", "key.pem", "oauthbearer.config", "jaas"].contains { name.contains($0) }
    }

    /// `name=value` pairs, secrets masked.
    public var description: String {
        pairs.map { "\($0.name)=\(Self.isSecret($0.name) ? "***" : $0.value)" }.joined(separator: " ")
    }
}

extension Settings {
    /// A librdkafka configuration of these settings, owned by the caller.
    func makeConfiguration() throws(KafkaError) -> OpaquePointer {
        let configuration: OpaquePointer = rd_kafka_conf_new()
        do {
            for (name, value) in pairs { try Self.set(name, value, in: configuration) }
        } catch {
            rd_kafka_conf_destroy(configuration)
            throw error
        }
        return configuration
    }

    private static func set(_ name: String, _ value: String, in configuration: OpaquePointer) throws(KafkaError) {
        var text = [CChar](repeating: 0, count: 512)
        let result = rd_kafka_conf_set(configuration, name, value, &text, text.count)
        guard result != RD_KAFKA_CONF_OK else { return }
        // librdkafka quotes the value it refuses.
        var message = isSecret(name) ? "\(name) has a value that is not valid" : String(nulTerminated: text)
        if result == RD_KAFKA_CONF_UNKNOWN, let nearest = nearestName(to: name, in: configuration) {
            message += " (did you mean \(nearest)?)"
        }
        throw KafkaError(.invalidArgument, operation: "set \(name)", message: message)
    }

    /// The setting librdkafka knows whose name is at most three edits away.
    private static func nearestName(to name: String, in configuration: OpaquePointer) -> String? {
        let topicConfiguration = rd_kafka_topic_conf_new()
        defer { rd_kafka_topic_conf_destroy(topicConfiguration) }
        let names =
            names { rd_kafka_conf_dump(configuration, $0) } + names { rd_kafka_topic_conf_dump(topicConfiguration, $0) }
        return names.map { (name: $0, edits: edits(from: name, to: $0)) }
            .filter { $0.edits <= 3 }.min { $0.edits < $1.edits }?.name
    }

    /// The names in one of librdkafka's dumps, where values follow them.
    private static func names(
        in dump: (UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) -> [String] {
        var count = 0
        guard let words = dump(&count) else { return [] }
        defer { rd_kafka_conf_dump_free(words, count) }
        return stride(from: 0, to: count, by: 2).compactMap { words[$0].map { String(cString: $0) } }
    }

    /// Levenshtein's distance.
    private static func edits(from: String, to: String) -> Int {
        let (from, to) = (Array(from.utf8), Array(to.utf8))
        var row = Array(0...to.count)
        for (i, byte) in from.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in to.indices {
                let substituted = diagonal + (byte == to[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
            }
        }
        return row[to.count]
    }
}
