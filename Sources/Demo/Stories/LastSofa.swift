import Document
import Glibc
import Transports

/// One green sofa, a hundred who want it, and a hub that is killed while they ask.
struct LastSofa: Story {
    let name = "last-sofa"
    let title = "The last green sofa"

    static let clients = 100
    private let gtin = EAN.gtin14(Assortment.greenSofa.ean)
    private var key: String { "\(gtin)@\(Place.store)" }

    func play(_ scene: Scene) throws {
        let screen = scene.screen
        screen.event(.zero, "shop", try Self.page(scene))
        try available(scene)
        let start = ContinuousClock.now
        let winner = try crowd(scene, since: start)
        try hold(winner.reservation, scene, since: start)
        try pickUp(winner.reservation, scene)
        screen.passed("one piece, one hold, one sale: \(Self.clients - 1) were refused")
    }

    // MARK: The steps

    /// What the shop's page shows of sofas.
    private static func page(_ scene: Scene) throws -> String {
        let products = try scene.systems.view("shop").rows(of: "product")
        let names = products.compactMap { $0.text("name") }.filter { $0.lowercased().contains("sofa") }
        guard names == [Assortment.blueSofa.shopName] else {
            throw Untrue(step: "the shop's page shows only blue", seen: names.joined(separator: ", "))
        }
        return "its page has only \(names[0])"
    }

    /// Customer service asks which store has a green one.
    private func available(_ scene: Scene) throws {
        let position = try scene.hub.availability(of: gtin, at: Place.store)
        guard position?["available"] == 1 else {
            throw Untrue(step: "one green sofa is available", seen: position?.text ?? "no such position")
        }
        scene.screen.event(.zero, "service", "asks the hub: one green sofa on the shelf in \(Place.store)")
    }

    /// All claim at once; the hub is killed among them.
    private func crowd(_ scene: Scene, since start: ContinuousClock.Instant) throws -> Claims.Answer {
        let ids = Claims.ids(Self.clients)
        scene.reservations += ids
        guard let pid = scene.stage.pid(of: "hub"), Processes.isRunning(pid) else {
            throw Untrue(step: "the hub's pid is known", seen: "nothing in \(scene.stage.layout.pidFile(of: "hub"))")
        }
        let claims = try Claims(
            ids, product: gtin, place: Place.store, url: scene.stage.layout.apiURL, patience: .seconds(60))
        defer { claims.stop() }
        claims.open()
        claims.waitForFirst()
        let answered = claims.answered
        kill(pid, SIGKILL)
        scene.screen.event(.zero, "customers", "\(Self.clients) claim it at once, customer service for one of them")
        scene.screen.event(
            ContinuousClock.now - start, "hub", "kill -9 \(pid), when \(answered) of \(Self.clients) have an answer")
        let next = try scene.patience.wait(for: "the supervisor to restart the hub", within: .seconds(40)) {
            guard let next = scene.stage.pid(of: "hub"), next != pid else {
                return Look<Int32>.notYet("no new process")
            }
            return scene.hub.isReady ? .there(next) : .notYet("process \(next) isn't ready")
        }
        scene.screen.event(ContinuousClock.now - start, "hub", "is back as process \(next)")
        try scene.patience.wait(for: "every claim to be decided", within: .seconds(60)) {
            claims.answered == Self.clients ? .there(()) : .notYet("\(claims.answered) of \(Self.clients) are")
        }
        return try judge(claims.answers(), scene, since: start)
    }

    /// Exactly one has it, and whoever asks again hears the same.
    private func judge(
        _ answers: [Claims.Answer], _ scene: Scene, since start: ContinuousClock.Instant
    ) throws -> Claims.Answer {
        if let lost = answers.undecided.first {
            throw Untrue(
                step: "every claim is decided",
                seen:
                    "\(answers.undecided.count) were not, the first after \(lost.attempts) attempts: \(lost.lastWords)")
        }
        guard answers.confirmed.count == 1, let winner = answers.confirmed.first else {
            throw Untrue(step: "exactly one claim is confirmed", seen: "\(answers.confirmed.count) are")
        }
        scene.screen.event(
            ContinuousClock.now - start, "hub",
            "1 confirmed, \(answers.refused.count) refused; \(answers.repeated) had to ask again, with the same id")
        let again = try Claims(
            answers.map(\.reservation), product: gtin, place: Place.store, url: scene.stage.layout.apiURL,
            patience: .seconds(30))
        defer { again.stop() }
        again.open()
        try scene.patience.wait(for: "the same answers", within: .seconds(40)) {
            again.answered == Self.clients ? .there(()) : .notYet("\(again.answered) of \(Self.clients)")
        }
        let changed = zip(answers, again.answers()).count { $0.state != $1.state }
        guard changed == 0 else {
            throw Untrue(step: "whoever asks again hears the same", seen: "\(changed) heard something else")
        }
        scene.screen.event(
            ContinuousClock.now - start, "customers", "ask once more: the same \(Self.clients) answers")
        return winner
    }

    /// The hold is on the till's screen, and nothing is left for anybody else.
    private func hold(_ id: String, _ scene: Scene, since start: ContinuousClock.Instant) throws {
        try scene.follow(
            [
                Hop(who: "till") {
                    let mine = try scene.systems.till.holds().filter { $0.ean == Assortment.greenSofa.ean }
                    guard mine.map(\.id) == [id], mine[0].state == "confirmed" else {
                        return .notYet("holds: " + mine.map(\.state).joined(separator: ", "))
                    }
                    return .there("one hold on its screen, \(id.prefix(8))…, confirmed")
                }, position(scene, "till", onHand: "1", reserved: "1", available: "0"),
            ], since: start, within: .seconds(30))
    }

    /// She comes, the cashier sells against the hold, and the piece is gone everywhere.
    private func pickUp(_ id: String, _ scene: Scene) throws {
        scene.screen.line()
        try scene.follow(
            [
                Hop(who: "hub") {
                    let state = try scene.hub.reservation(id)?["state"]?.string ?? "unknown"
                    guard state == "fulfilled" else { return .notYet("reservation \(state)") }
                    let position = try scene.hub.record("stock", key)?.document
                    let held = ["onHand", "reserved", "available"].map { position?[$0]?.held ?? "–" }
                    return held == ["0", "0", "0"]
                        ? .there("reservation fulfilled, 0 on hand") : .notYet(held.joined(separator: "/"))
                },
                position(scene, "till", onHand: "0", reserved: "0", available: "0"),
                position(scene, "importer", onHand: "0", reserved: "0", available: "0"),
                position(scene, "wholesaler", onHand: "0", reserved: "0", available: "0"),
            ], within: .seconds(30)
        ) {
            let sale = try scene.systems.till.sell(Assortment.greenSofa.ean, hold: id)
            scene.screen.event(.zero, "till", "she picks it up: sale \(sale), against the hold")
        }
    }

    private func position(
        _ scene: Scene, _ system: String, onHand: String, reserved: String, available: String
    ) -> Hop {
        Hop(who: system) {
            guard let row = try scene.systems.row("stock", key, in: system) else { return .notYet("no position") }
            let held = ["onHand", "reserved", "available"].map { row.text($0) ?? "–" }
            let text = "\(held[0]) on hand, \(held[1]) reserved, \(held[2]) available"
            return held == [onHand, reserved, available] ? .there(text) : .notYet(text)
        }
    }
}
