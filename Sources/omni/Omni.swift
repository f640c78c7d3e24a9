import ArgumentParser

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
            try command.run()
        } catch {
            exit(withError: error)
        }
    }
}
