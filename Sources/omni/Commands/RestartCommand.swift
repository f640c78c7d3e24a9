import ArgumentParser
import Canonical
import Connector
import Installation
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// `omni restart NAME`: has `omni up` start one of its processes anew.
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restarts the hub or a connector that 'omni up' runs here.",
        discussion: """
            The process ends as it does on SIGTERM, with what is done committed, and 'omni up' starts it again at once, with \
            the settings, mappings, schemas and rules as they lie there now. What can't be read of these is refused before \
            anything ends. Variables of the environment are those of 'omni up'.

            EXAMPLE
              omni restart retailer
              omni restart hub retailer crm

            Services are restarted by their own manager: systemctl restart omni@retailer
            """)

    /// A process ends within five seconds, and may rest for ten before it is started.
    private static let patience = Duration.seconds(20)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "'hub' (with several: hub-2 …), or a connector's folder in Connectors/.")
    var names: [String]

    func run() throws {
        let installation = try global.installation(isShort: true)
        let folder = RunFolder(installation.settings)
        let keepers = try names.map { name in try keeper(of: name, in: folder) }
        // All that a process reads at its start.
        let model = try installation.model()
        let kinds = try KindCatalog(model)
        for name in names where installation.connectors.contains(name) {
            _ = try Mappings(try installation.connector(name, surroundings: .unneeded), kinds)
        }
        _ = try Lifts(model)
        for (name, keeper) in zip(names, keepers) { try restart(name, keeper, folder) }
    }

    private func keeper(of name: String, in folder: RunFolder) throws -> Int32 {
        if let keeper = folder.supervisor(of: name) { return keeper }
        let kept = folder.kept()
        throw CommandFailure(
            "no 'omni up' runs '\(name)' here"
                + (kept.isEmpty ? "" : "; there are: \(kept.joined(separator: ", "))")
                + ". What a service manager runs is restarted by that: systemctl restart omni-hub, omni@NAME")
    }

    private func restart(_ name: String, _ keeper: Int32, _ folder: RunFolder) throws {
        let old = folder.pid(of: name)
        // Only the supervisor's own child: the number may be another process's by now.
        if let old, Processes.parent(of: old) == keeper { kill(old, SIGTERM) }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let now = folder.pid(of: name), now != old {
                return say("\(name): runs anew as process \(now)" + (old.map { ", was \($0)" } ?? ""))
            }
            guard folder.supervisor(of: name) == keeper else {
                throw CommandFailure("'omni up' (process \(keeper)) has ended meanwhile: start it again")
            }
            usleep(20_000)
        }
        throw CommandFailure(
            old == nil
                ? "\(name) can't be asked to end: \(folder.pidFile(of: name)) doesn't say which process it is (while the disk "
                    + "is full it can't be written), or it doesn't start: the log of 'omni up' says why"
                : "\(name) was asked to end and doesn't run anew: the log of 'omni up' says why")
    }
}
