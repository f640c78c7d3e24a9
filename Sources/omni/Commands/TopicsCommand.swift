import ArgumentParser
import Canonical
import Document
import Installation
import Kafka
import Logging
import Operations

/// `omni topics`: the installation's topics, as they should be and as they are.
struct TopicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "Shows, creates and verifies the installation's topics.",
        discussion: """
            One table in code says how every topic must be. Without an option the command verifies and fails when something \
            differs.

            EXAMPLE
              omni topics --create
              omni topics --json
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Creates what is missing. What is there is never changed.")
    var create = false

    func run() throws {
        let installation = try global.installation(isShort: true)
        let setup = try TopicSetup(installation, log: Logger(label: "topics"))
        let created = create ? try setup.createMissing(evenLost: true) : []
        let missing = try setup.missing()
        let differences = try setup.differences()
        if output.json {
            let report: JSON = [
                "created": .array(created.sorted().map { .string($0) }),
                "missing": .array(missing.map { .string($0) }),
                "differences": .array(differences.map { .string($0) }),
                "topics": .array(
                    setup.table.topics.map { topic in
                        [
                            "name": .string(topic.name), "partitions": .number(Number(topic.partitions)),
                            "settings": .object(
                                topic.settings.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
                        ]
                    }),
            ]
            say(report.text)
        } else {
            var table = TextTable([("topic", .left), ("partitions", .right), ("cleanup", .left), ("state", .left)])
            for topic in setup.table.topics {
                let state =
                    created.contains(topic.name) ? "created" : missing.contains(topic.name) ? "missing" : "there"
                table.add([topic.name, "\(topic.partitions)", topic.settings["cleanup.policy"] ?? "", state])
            }
            say(table.text)
            for difference in differences { say("differs: \(difference)") }
        }
        if !missing.isEmpty {
            throw CommandFailure("\(missing.count) topics are missing; create them with 'omni topics --create'")
        }
        if !differences.isEmpty { throw CommandFailure("\(differences.count) settings differ from what they must be") }
    }
}
