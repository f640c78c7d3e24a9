import Document

/// Something that happens between the systems, told while it happens, and checked on what the systems show.
protocol Story: Sendable {
    /// For programs: `last-sofa`.
    var name: String { get }
    /// For people: `The last green sofa`.
    var title: String { get }
    /// Makes it happen. Throws when something didn't come true.
    func play(_ scene: Scene) throws
}

/// Where stories play: the five systems, the hub's API, and a screen.
final class Scene {
    let stage: Stage
    let systems: Systems
    let hub: HubClient
    let screen: Screen
    let patience: Patience
    /// Who ought to have what.
    let audience: Audience
    /// The ids of all reservations that anybody asked for.
    var reservations: [String] = []

    init(stage: Stage, systems: Systems, screen: Screen, patience: Patience) throws {
        self.stage = stage
        self.systems = systems
        self.screen = screen
        self.patience = patience
        hub = HubClient(url: stage.layout.apiURL)
        audience = try Audience(systems.views)
    }

    /// All copies beside the golden records, as they are now.
    func verdict() throws -> Verdict {
        try Verdict.read(hub, systems.views, audience, reservations: reservations)
    }
}

/// A story's claim that is false, whatever one waits.
struct Untrue: Error {
    let step: String
    let seen: String
}

/// One station on a change's way: who is looked at, and what shows that the change is there.
struct Hop {
    let who: String
    /// What there is to be seen once the change has come.
    let look: () throws -> Look<String>
}

extension Hop {
    /// A field of one system's copy.
    static func copy(
        _ scene: Scene, _ system: String, _ entity: String, _ key: String, _ field: String, is expected: String,
        note: String = ""
    ) -> Hop {
        Hop(who: system) {
            guard let row = try scene.systems.row(entity, key, in: system) else { return .notYet("no copy") }
            let held = row.text(field) ?? "nothing"
            return held == expected
                ? .there("\(short(field)) \(held)" + (note.isEmpty ? "" : "  (\(note))")) : .notYet(held)
        }
    }

    /// A field of the golden record.
    static func golden(_ scene: Scene, _ entity: String, _ key: String, _ field: String, is expected: String) -> Hop {
        Hop(who: "hub") {
            guard let golden = try scene.hub.record(entity, key) else { return .notYet("no golden record") }
            let held = golden.document[field]?.held ?? "nothing"
            return held == expected ? .there("\(short(field)) \(held), revision \(golden.revision)") : .notYet(held)
        }
    }

    /// `address.streetAddress` is an address to people.
    private static func short(_ field: String) -> String {
        field.hasPrefix("address.") ? "address" : String(field.split(separator: ".").last ?? "")
    }
}

extension Scene {
    /// Makes a change and waits until it has come to every station.
    ///
    /// - Parameters:
    ///   - change: makes it, and says so on the screen.
    /// - Throws: ``Untrue`` when a station shows the change before it is made: then its arrival would prove nothing.
    func follow(_ hops: [Hop], within limit: Duration, _ change: () throws -> Void) throws {
        for hop in hops {
            if case .there(let text) = try hop.look() {
                throw Untrue(step: "\(hop.who) doesn't show the change before it is made", seen: text)
            }
        }
        let start = ContinuousClock.now
        try change()
        try follow(hops, since: start, within: limit)
    }

    /// Waits until the change has come to every station, and shows when it did.
    func follow(_ hops: [Hop], since start: ContinuousClock.Instant, within limit: Duration) throws {
        var open = hops
        let names = hops.map(\.who).joined(separator: ", ")
        try patience.wait(for: "the change in \(names)", within: limit) {
            var seen: [String] = []
            var left: [Hop] = []
            for hop in open {
                let look: Look<String>
                do { look = try hop.look() } catch { look = .notYet("\(error)") }
                switch look {
                case .there(let text): screen.event(ContinuousClock.now - start, hop.who, text)
                case .notYet(let text):
                    seen.append("\(hop.who) shows \(text)")
                    left.append(hop)
                }
            }
            open = left
            return open.isEmpty ? .there(()) : .notYet(seen.joined(separator: "; "))
        }
    }
}
