import ArgumentParser
import Demo

#if canImport(Glibc)
    import Glibc
#endif

/// `omni demo-system`: one of the demonstration's web systems as a process; `omni demo` starts it.
struct DemoSystemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-system", abstract: "Runs the demo's shop or CRM.", shouldDisplay: false)

    enum System: String, ExpressibleByArgument, CaseIterable { case shop, crm }

    @Argument(help: "shop or crm.")
    var system: System

    @Option(help: "Where its database lies.")
    var folder: String

    @Option(help: "Where it listens, on 127.0.0.1.")
    var port: Int

    func run() throws {
        try Supervised.begin()
        guard let token = getenv("DEMO_TOKEN").map({ String(cString: $0) }), !token.isEmpty else {
            throw CommandFailure("DEMO_TOKEN must hold the token that callers bring")
        }
        switch system {
        case .shop: try runShop(folder: folder, port: port, token: token)
        case .crm: try runCRM(folder: folder, port: port, token: token)
        }
    }
}
