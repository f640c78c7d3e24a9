import ArgumentParser
import Canonical
import Document
import Installation
import Kafka
import Logging
import Operations

/// `omni tail TOPIC`: a topic's records, decoded, as they come.
struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Shows a topic's records, decoded and masked, and follows it.",
        discussion: """
            A topic may be named without the installation's prefix.

            EXAMPLE
              omni tail product
              omni tail in.stock --last 20 --no-follow --json
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The topic, for example 'product', 'in.stock' or 'dead.hub'.")
    var topic: String

    @Option(help: "Begin so many offsets before each partition's end; transaction markers take offsets too.")
    var last: Int64?

    @Flag(help: "Begin with the first record.")
    var fromBeginning = false

    @Flag(inversion: .prefixedNo, help: "Go on when the end is reached.")
    var follow = true

    func run() throws {
        let installation = try global.installation(isShort: true)
        let model = try installation.model()
        let prefix = installation.settings.prefix + "."
        let name = topic.hasPrefix(prefix) ? topic : prefix + topic
        let start: Tail.Start = fromBeginning ? .beginning : last.map { .last($0) } ?? (follow ? .end : .last(10))
        var tail = try Tail(
            name, from: start, Settings(installation.settings.brokerPairs), prefix: prefix,
            log: Logger(label: "tail"))
        let stop = try StopFlag()
        let masking = output.showsPersonalData ? .nothing : Masking(topic: String(name.dropFirst(prefix.count)), model)
        while !stop.isSet {
            if !follow, tail.isLevel { break }
            for record in try tail.next(timeout: .milliseconds(100)) { show(record, masking) }
        }
        try tail.close()
    }

    private func show(_ record: TailedRecord, _ masking: Masking) {
        if output.json {
            say(json(record, masking).text)
            return
        }
        let place = "\(record.place.partition.topic)[\(record.place.partition.partition)]@\(record.place.offset)"
        let time = record.timestamp.map { Tick($0).rfc3339 } ?? "–"
        let headers = record.headers.filter {
            ["ce_type", "ce_source", "ce_revision", "omni_reason", "omni_where", "omni_position"].contains($0.name)
        }
        say(
            "\(time)  \(place)  \(record.key ?? "–")  " + headers.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
        )
        switch record.value {
        case .tombstone: say("  (deleted)")
        case .bytes(let bytes): say("  " + (masking.text(of: bytes) ?? "(\(bytes.count) bytes, not JSON)"))
        case .json(let value): say("  " + masking.masked(value).text)
        }
    }

    private func json(_ record: TailedRecord, _ masking: Masking) -> JSON {
        let value: JSON =
            switch record.value {
            case .tombstone: .null
            case .bytes(let bytes):
                ["bytes": .number(Number(bytes.count)), "text": masking.text(of: bytes).map { .string($0) } ?? .null]
            case .json(let value): masking.masked(value)
            }
        return [
            "topic": .string(record.place.partition.topic),
            "partition": .number(Number(Int(record.place.partition.partition))),
            "offset": .number(Number(Int(record.place.offset))),
            "timestamp": record.timestamp.map { .number(Number(Int($0))) } ?? .null,
            "key": record.key.map { .string($0) } ?? .null,
            "headers": .object(record.headers.map { .init($0.name, .string($0.text)) }),
            "value": value,
        ]
    }
}
