import ArgumentParser
import Demo
import Document

#if canImport(Glibc)
    import Glibc
#endif

/// `omni demo`: the whole way on this machine.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Runs everything on this machine and tells five stories, as they happen.",
        discussion: """
            Starts a broker, five systems (importer, wholesaler, till, shop, CRM), the hub and their connectors, on free \
            ports of this machine and in a folder of its own; shows what the systems themselves hold; and fails when one copy \
            differs from the golden record. On a terminal it then stays up until Ctrl-C.

            EXAMPLE
              omni demo
              omni demo --json
              omni demo --broker localhost:9092 --keep /tmp/run-1
            """)

    @OptionGroup var global: GlobalOptions

    @Option(help: "A Kafka that runs already, as HOST:PORT. The run's topics get a prefix of their own, and stay.")
    var broker: String?

    @Option(help: "Keeps everything, logs too, in this new folder.")
    var keep: String?

    @Flag(help: "Ends after the verdict with one JSON object on standard output; also without a terminal.")
    var json = false

    func run() throws {
        let stop = try StopFlag()
        let isForPrograms = json || isatty(STDOUT_FILENO) != 1
        guard let installation = realpath(global.folder, nil).flatMap({ String(validatingCString: $0) }) else {
            throw ValidationError("-C: there is no folder '\(global.folder)'")
        }
        var settings = StageSettings(
            executable: Supervisor.executable, installation: installation, environment: Supervised.environment)
        settings.arguments = Array(global.passedOn.dropFirst(2))
        settings.broker = broker
        settings.keep = keep
        let demonstration = Demonstration(
            settings, screen: Screen(descriptor: isForPrograms ? STDERR_FILENO : STDOUT_FILENO),
            staysUp: !isForPrograms, isStopped: { stop.isSet })
        let outcome = demonstration.run()
        if isForPrograms { say(outcome.json.text) }
        if !outcome.isConsistent { throw ExitCode.failure }
    }
}
