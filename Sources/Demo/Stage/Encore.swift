import Transports

/// After the verdict: everything stays up, lines to paste are offered, and what changes is shown as it arrives in each
/// system, until somebody ends it.
struct Encore {
    let scene: Scene

    /// Changes that follow each other within this time belong together: the first of them is the time's zero.
    private static let quiet = Duration.seconds(6)

    func run() throws {
        try writeEnvironment()
        invite()
        var pictures = Self.order.map { look(at: $0) ?? [:] }
        var first: ContinuousClock.Instant?
        var last = ContinuousClock.now
        while true {
            for (place, system) in Self.order.enumerated() {
                try scene.patience.check()
                // A system that can't be read is looked at again; it hasn't lost everything.
                guard let picture = look(at: system) else { continue }
                let now = ContinuousClock.now
                for change in Watch.changes(from: pictures[place], to: picture) {
                    if first == nil || now - last > Self.quiet {
                        first = now
                        scene.screen.line()
                    }
                    last = now
                    scene.screen.event(now - (first ?? now), system, change)
                }
                pictures[place] = picture
            }
            Clock.rest(.milliseconds(40))
        }
    }

    /// Who is looked at, again and again, in the order in which most changes travel.
    private static let order = ["till", "hub", "shop", "crm", "importer", "wholesaler"]

    private func look(at system: String) -> Watch.Picture? {
        system == "hub"
            ? try? Watch.picture(of: scene.hub) : try? Watch.picture(of: scene.systems.view(system))
    }

    /// What another terminal needs to speak to this run's installation.
    private func writeEnvironment() throws {
        let settings = scene.stage.settings
        let folder = settings.executable.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let lines =
            scene.stage.layout.variables.sorted { $0.key < $1.key }.map { "export \($0.key)='\($0.value)'" }
            + ["export PATH='\(folder)':\"$PATH\"", "cd '\(settings.installation)'"]
        try AtomicFile.replace(
            scene.stage.layout.folder + "/env", with: Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o600)
    }

    private func invite() {
        let layout = scene.stage.layout
        let screen = scene.screen
        let ean = Assortment.blueSofa.ean
        screen.chapter("It stays up", "Ctrl-C ends it. In another terminal:")
        let lines = [
            ("first", [". \(layout.folder)/env"]),
            (
                "a price at the till",
                [
                    "sqlite3 $TILL_DB \"UPDATE article SET sale_price = 849, changed_at = datetime('now')",
                    "  WHERE ean = '\(ean)'\"",
                ]
            ), ("why it is so", ["omni why product \(EAN.gtin14(ean)) price"]),
            ("kill the hub: nothing may drift", ["kill -9 $(cat $OMNI_DATA/run/hub.pid); sleep 3; omni drift"]),
            ("the shop's page", [layout.shopURL]),
        ]
        for (what, line) in lines {
            screen.line("  " + screen.ink(.dim, what))
            for part in line { screen.line("    " + part) }
        }
        screen.line()
        screen.line("  " + screen.ink(.dim, "What changes is shown here as it arrives:"))
    }
}
