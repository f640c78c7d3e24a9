/// The whole way on one machine: the stage, the stories, the verdict, and the end, whatever happened before.
public struct Demonstration {
    private let settings: StageSettings
    private let screen: Screen
    private let isStopped: @Sendable () -> Bool
    private let staysUp: Bool
    private static let stories: [any Story] = [DayOne(), PriceList(), LastSofa(), NewAddress(), SilentDeletion()]

    /// A demonstration.
    /// - Parameters:
    ///   - screen: Where it tells what happens.
    ///   - staysUp: Whether it goes on after the verdict until it is stopped.
    ///   - isStopped: Whether somebody wants it to end; asked often.
    public init(
        _ settings: StageSettings, screen: Screen, staysUp: Bool, isStopped: @escaping @Sendable () -> Bool
    ) {
        self.settings = settings
        self.screen = screen
        self.staysUp = staysUp
        self.isStopped = isStopped
    }

    /// Runs it. All processes it started have ended when this returns.
    public func run() -> Outcome {
        let start = ContinuousClock.now
        var outcome = Outcome()
        var stage: Stage?
        do {
            let opened = try Stage(settings)
            stage = opened
            try perform(on: opened, since: start, &outcome)
        } catch is Interrupted {
            // What had ended well by then stays so.
            if outcome.systems.isEmpty { outcome.failure = "interrupted" }
        } catch {
            let words = Self.words(error)
            screen.busy(nil)
            screen.failed(words)
            // On the screen the chapter's title says where.
            let place = outcome.stories.last.flatMap { $0.passed ? nil : $0.name }
            outcome.failure = place.map { "\($0): \(words)" } ?? words
        }
        if outcome.seconds == 0 { outcome.seconds = (ContinuousClock.now - start) / .seconds(1) }
        if let stage { clear(stage, &outcome) }
        return outcome
    }

    private func perform(on stage: Stage, since start: ContinuousClock.Instant, _ outcome: inout Outcome) throws {
        let patience = Patience(screen: screen) {
            if isStopped() { throw Interrupted() }
            try stage.check()
        }
        let scene = try set(stage, patience)
        for story in Self.stories {
            let began = ContinuousClock.now
            screen.chapter(story.title)
            var passed = false
            defer {
                let seconds = (ContinuousClock.now - began) / .seconds(1)
                outcome.stories.append(.init(name: story.name, passed: passed, seconds: seconds))
            }
            try story.play(scene)
            passed = true
        }
        try judge(scene, &outcome)
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        conclude(outcome)
        if staysUp, outcome.isConsistent { try Encore(scene: scene).run() }
    }

    // MARK: The acts

    /// Broker, systems, hub and connectors, each up before the next needs it.
    private func set(_ stage: Stage, _ patience: Patience) throws -> Scene {
        screen.chapter("The stage", stage.layout.folder)
        let start = ContinuousClock.now
        let layout = stage.layout
        try stage.checkInstallation()
        try stage.startBroker()
        screen.event(
            ContinuousClock.now - start, "broker",
            stage.settings.broker == nil
                ? "\(layout.broker), embedded" : "\(layout.broker), topics begin with \(layout.prefix)")
        try stage.startSystem("shop", port: layout.ports.shop, token: layout.secrets.shop)
        try stage.startSystem("crm", port: layout.ports.crm, token: layout.secrets.crm)
        for (name, url, what) in [
            ("shop", layout.shopURL, "REST and webhooks, numbers of its own"), ("crm", layout.crmURL, "REST, a cursor"),
        ] {
            let client = WebClient(url: url, token: "")
            try patience.wait(for: "the \(name)", within: .seconds(20)) {
                client.isUp ? .there(()) : .notYet("no answer at \(url)")
            }
            screen.event(ContinuousClock.now - start, name, "\(url)  \(what)")
        }
        let systems = try Systems(layout)
        screen.event(ContinuousClock.now - start, "till", "SQLite, several writers")
        screen.event(ContinuousClock.now - start, "importer", "files: price lists")
        screen.event(ContinuousClock.now - start, "wholesaler", "files: EDIFACT and CSV")
        let scene = try Scene(stage: stage, systems: systems, screen: screen, patience: patience)
        try stage.startOmni()
        try patience.wait(for: "the hub", within: .seconds(60)) {
            scene.hub.isReady ? .there(()) : .notYet("it isn't ready")
        }
        screen.event(ContinuousClock.now - start, "hub", "\(layout.apiURL)  and five connectors, a process each")
        return scene
    }

    /// Every system's own copy, side by side with the golden records, once they have come to rest.
    private func judge(_ scene: Scene, _ outcome: inout Outcome) throws {
        screen.chapter("The verdict", "every system's own copy, read from the system itself")
        var verdict = Verdict()
        // Nothing may move for so long: copies that are put right for ever don't agree.
        let rest = Duration.seconds(1)
        var since = ContinuousClock.now
        do {
            try scene.patience.wait(for: "every copy to agree", within: .seconds(60), every: .milliseconds(60)) {
                () -> Look<Void> in
                let before = verdict
                verdict = try scene.verdict()
                if !verdict.isConsistent || verdict.golden != before.golden { since = ContinuousClock.now }
                guard verdict.isConsistent else { return .notYet("\(verdict.differences) copies don't") }
                return ContinuousClock.now - since >= rest ? .there(()) : .notYet("records still move")
            }
        } catch let error as TooLate {
            // The table shows it better than words do; unless nothing could be read.
            guard !verdict.copies.isEmpty else { throw error }
        }
        VerdictTable(verdict: verdict, screen: screen).show()
        outcome.systems = scene.systems.views.map { Outcome.System($0.system, verdict) }
        guard verdict.isConsistent else {
            outcome.failure = "\(verdict.differences) copies differ from the golden record, or don't come to rest"
            return
        }
        screen.line()
        try scene.patience.wait(for: "the hub's own account of drift", within: .seconds(20)) { () -> Look<Void> in
            let drift = try scene.hub.drift()
            guard drift.drifting == 0, drift.of > 0 else { return .notYet("\(drift.drifting) drift: \(drift.first)") }
            screen.line(
                "  The hub's own account ('omni drift'): of \(drift.of) copies none drifts; "
                    + "\(drift.unobservable) of them nobody reads back to the hub.")
            return .there(())
        }
    }

    private func conclude(_ outcome: Outcome) {
        let copies = outcome.systems.reduce(0) { $0 + $1.entities }
        let seconds = Screen.seconds(.milliseconds(Int(outcome.seconds * 1000)))
        screen.line()
        if outcome.isConsistent {
            screen.passed(
                "\(outcome.stories.count) stories, \(outcome.systems.count) systems, \(copies) copies, no difference, in \(seconds)"
            )
        } else {
            screen.failed(outcome.failure ?? "the systems don't agree")
        }
    }

    /// Ends all processes. The folder stays when there is something to be found in it.
    private func clear(_ stage: Stage, _ outcome: inout Outcome) {
        let failed = outcome.failure != nil && outcome.failure != "interrupted"
        if isStopped() { screen.line() }
        screen.busy("ending every process")
        stage.stop()
        screen.busy(nil)
        if failed || stage.settings.keep != nil {
            outcome.folder = stage.layout.folder
            screen.line("  " + screen.ink(.dim, "logs and data: \(stage.layout.folder)"))
        } else {
            stage.removeFolder()
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as TooLate: "waited \(error.limit) for \(error.step); seen: \(error.seen)"
        case let error as Untrue: "not true: \(error.step); seen: \(error.seen)"
        default: "\(error)"
        }
    }
}
