import API
import ArgumentParser
import Hub
import Installation
import Logging
import Operations

#if canImport(Glibc)
    import Glibc
#endif

/// `omni hub`: the process that decides.
struct HubCommand: RunningOn {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "Runs the hub: decides every event, keeps the golden records, serves the API.",
        discussion: """
            Missing topics are created first. Several hubs share the work when each has its own --instance.

            EXAMPLE
              omni hub
              omni hub -C /etc/omni --instance 2
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var logging: LogOptions

    @Option(help: "This process's name among the hub's processes.")
    var instance = "1"

    @Option(help: "Where the API listens, as HOST:PORT; without it as 'api.listen' says.")
    var listen: String?

    func run() throws {
        try Supervised.begin()
        var installation = try global.installation(log: logging)
        if let listen { installation.settings.api.listen = listen }
        var log = Logger(label: "hub")
        log[metadataKey: "instance"] = "\(instance)"
        let stop = try StopFlag { [log] in LastResort.begin(log) }
        try makeFolder(installation.settings.data)
        // Before the broker is asked for anything: who asks the hub meanwhile is told that it waits.
        let api = try APIServer(installation, log: Logger(label: "api"))
        try api.start()
        defer { api.stop() }
        let patience = StartPatience(stop, log: log) { error in
            (error as? StoreError)?.mayPass == true ? "the local store can't be written" : nil
        }
        guard let hub = try patience({ try begin(installation, log) }),
            try patience({ try api.serve(hub) }) != nil
        else { return }
        try hub.run { stop.isSet }
        log.info("the hub has stopped")
    }

    private func begin(_ installation: Installation, _ log: Logger) throws -> HubProcess {
        let created = try TopicSetup(installation, log: log).createMissing()
        if !created.isEmpty { log.info("created topics", metadata: ["count": "\(created.count)"]) }
        return try HubProcess(installation, instance: instance, log: log)
    }
}
