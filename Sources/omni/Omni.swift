import ArgumentParser
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The one executable: the hub, the connectors, and the operator's commands.
@main
struct Omni: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "omni",
        abstract: "Keeps every system's copy of product, stock and customer the same, and proves it.",
        subcommands: [
            UpCommand.self, RestartCommand.self, HubCommand.self, ConnectCommand.self, ConnectorCommand.self,
            MapCommand.self,
            SchemaCommand.self, GetCommand.self,
            WhyCommand.self, DriftCommand.self, LagCommand.self, TailCommand.self, TopicsCommand.self,
            DemoCommand.self, DemoSystemCommand.self,
        ])

    static func main() {
        // A reader that goes away ('omni tail | head') is no crash.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(GlobalOptions.behindTheCommand(Array(CommandLine.arguments.dropFirst())))
            do { try command.run() } catch  where command is any RunningOn && StructuredLog.installed == .json {
                endInJSON(error)
            }
        } catch {
            exit(withError: error)
        }
    }

    /// Whoever reads the log as JSON reads why it ends in the same way.
    private static func endInJSON(_ error: any Error) -> Never {
        if error is ExitCode || error is CleanExit { exit(withError: error) }
        Logger(label: "omni").critical("the process ends", metadata: ["error": "\(message(for: error))"])
        Glibc.exit(exitCode(for: error).rawValue)
    }
}
