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
        var pictures = look(at: [:])
        var first: ContinuousClock.Instant?
        var last = ContinuousClock.now
        while true {
            try scene.patience.check()
            let next = look(at: pictures)
            let now = ContinuousClock.now
            for system in ["till", "shop", "crm", "importer", "wholesaler", "hub"] {
                // A system that couldn't be read is looked at again; it hasn't lost everything.
                guard let before = pictures[system], let after = next[system] else { continue }
                for change in Watch.changes(from: before, to: after) {
                    if first == nil || now - last > Self.quiet {
                        first = now
                        scene.screen.line()
                    }
                    last = now
                    scene.screen.event(now - (first ?? now), change.system, change.text)
                }
            }
            pictures = next
            Clock.rest(.milliseconds(60))
        }
    }

    /// Pictures of all that answer; of the others the ones before.
    private func look(at before: [String: Watch.Picture]) -> [String: Watch.Picture] {
        var pictures = before
        for view in scene.systems.views {
            if let picture = try? Watch.picture(of: view) { pictures[view.system] = picture }
        }
        if let picture = try? Watch.picture(of: scene.hub) { pictures["hub"] = picture }
        return pictures
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
            ("first", ". \(layout.folder)/env"),
            (
                "a price at the till",
                "sqlite3 \(layout.tillDatabase) \"UPDATE article SET sale_price = 849, changed_at = "
                    + "strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE ean = '\(ean)'\""
            ),
            ("why it is so", "omni why product \(EAN.gtin14(ean)) price"),
            ("kill the hub", "kill -9 $(cat \(layout.pidFile(of: "hub"))); sleep 3; omni drift"),
            ("the shop's page", layout.shopURL),
        ]
        for (what, line) in lines {
            screen.line("  " + screen.ink(.dim, what))
            screen.line("    " + line)
        }
        screen.line()
        screen.line("  " + screen.ink(.dim, "What changes is shown here as it arrives:"))
    }
}
