import ArgumentParser
import Demo
import Digests
import Document
import Glibc
import Logging
import Transports

/// `make chaos`: real processes on a real broker, killed at random, and then an auditor.
@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "omni-chaos", abstract: "Kills what it can for a while, then audits what became of everything.",
        discussion: """
            Runs the demonstration's five systems with much in them, the hub and the connectors. While all of them change \
            things, processes are killed, stopped, replaced, locked out and lied to. Then the input stops, everything comes to \
            rest, and the auditor compares what went in with the topics and with every system's own copy. Fails when \
            anything was lost, done twice, or differs.

            EXAMPLE
              make chaos
              make chaos SECONDS=600 SEED=7
              BROKER=127.0.0.1:9092 BROKER_KILL='restart-kafka' make chaos
            """)

    @Option(help: "How long things go wrong.") var seconds = 60
    @Option(help: "Fixes what is drawn, as far as real processes allow; without it a new one is taken and printed.")
    var seed: UInt64?
    @Option(help: "A Kafka that runs already, as HOST:PORT; without it the embedded broker is started.")
    var broker: String?
    @Option(help: "A shell command that kills that broker and starts it again.") var brokerKill: String?
    @Option(help: "How many articles the run has of its own.") var products = 40
    @Option(help: "The program `omni`.") var omni: String
    @Option(name: .customShort("C"), help: "The installation's folder.") var installation = "."
    @Option(help: "Keeps everything in this new folder.") var keep: String?
    @Option(help: "How long to wait for everything to come to rest, in seconds.") var patience = 120
    @Flag(inversion: .prefixedNo, help: "Make trouble; without it the load alone runs, and is audited.")
    var trouble = true
    @Flag(help: "Ends with one JSON object on standard output.") var json = false

    func run() throws {
        BrokenPipe.ignore()
        let report = try Run(self).perform()
        if json { print(report.json.text) } else { print(report.text) }
        if !report.isGood { throw ExitCode.failure }
    }
}

enum BrokenPipe {
    static func ignore() { signal(SIGPIPE, SIG_IGN) }
}
