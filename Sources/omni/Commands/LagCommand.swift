import ArgumentParser
import Canonical
import Document
import Installation
import Kafka
import Logging
import Operations

/// `omni lag`: how far the hub and every connector are behind.
struct LagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag", abstract: "Shows how far the hub and every connector are behind, by topic and partition.",
        discussion: """
            Positions are compared, never records: transaction markers take offsets, and a reader that is level shows 0.

            EXAMPLE
              omni lag
              omni lag --all --json
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Every partition, also those that are level.")
    var all = false

    func run() throws {
        let installation = try global.installation(isShort: true)
        let lags = try Self.read(installation)
        if output.json {
            say(Self.json(lags).text)
        } else {
            say(text(lags))
        }
    }

    static func read(_ installation: Installation) throws -> [GroupLag] {
        let settings = Settings(installation.settings.brokerPairs)
        let log = Logger(label: "lag")
        let reader = try LagReader(settings, log: log)
        return try reader.read(Groups(installation).readers(try installation.model()), now: wallClock())
    }

    private func text(_ lags: [GroupLag]) -> String {
        var table = TextTable([
            ("", .left), ("committed", .right), ("end", .right), ("behind", .right), ("age", .right),
            ("verdict", .left),
        ])
        for lag in lags {
            table.add([
                lag.name, "", "", lag.behind.map { readable(count: $0) } ?? "?",
                lag.age.map { readable(milliseconds: $0) } ?? "–",
                lag.verdict.rawValue + (lag.note.map { "  \($0)" } ?? ""),
            ])
            for partition in lag.partitions where all || partition.behind != 0 {
                table.add([
                    "  \(partition.partition)", partition.committed.map { readable(count: $0) } ?? "–",
                    readable(count: partition.end), partition.behind.map { readable(count: $0) } ?? "?",
                    partition.age.map { readable(milliseconds: $0) } ?? "–", "",
                ])
            }
        }
        return table.text
    }

    static func json(_ lags: [GroupLag]) -> JSON {
        .array(
            lags.map { lag in
                [
                    "name": .string(lag.name), "group": .string(lag.group), "verdict": .string(lag.verdict.rawValue),
                    "members": number(lag.members.map(Int64.init)), "behind": number(lag.behind),
                    "ageMs": number(lag.age),
                    "note": lag.note.map { .string($0) } ?? .null,
                    "partitions": .array(
                        lag.partitions.map { partition in
                            [
                                "topic": .string(partition.partition.topic),
                                "partition": number(Int64(partition.partition.partition)),
                                "committed": number(partition.committed), "end": number(partition.end),
                                "behind": number(partition.behind), "ageMs": number(partition.age),
                            ]
                        }),
                ]
            })
    }

    private static func number(_ value: Int64?) -> JSON { value.map { .number(Number(Int($0))) } ?? .null }
}
