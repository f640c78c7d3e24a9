import Document
import Transports

/// The CRM's clerk deletes a contact. The CRM's feed doesn't say so, and nobody else does: a full comparison finds out.
struct SilentDeletion: Story {
    let name = "silent-deletion"
    let title = "A deletion that nobody announces"

    static let email = "sofia.lindstrom@example.com"

    func play(_ scene: Scene) throws {
        let found = try scene.systems.crm.call(.get, "/contacts?email=\(Self.email)")["contacts"]?.array ?? []
        guard found.count == 1, let id = found[0]["id"]?.string,
            let golden = try scene.hub.record("customer", system: "crm", id: id),
            let account = golden.members(in: "shop").first
        else { throw Untrue(step: "she is known in CRM and shop", seen: "\(found.count) contacts, or no shop account") }
        try scene.follow(
            [
                Hop(who: "hub") {
                    try scene.hub.record("customer", golden.key) == nil
                        ? .there("a full comparison found it: golden record \(golden.key.prefix(8))… erased")
                        : .notYet("a golden record")
                },
                Hop(who: "shop") {
                    try scene.systems.row("customer", account, in: "shop") == nil
                        ? .there("account \(account) is gone") : .notYet("account \(account)")
                },
            ], within: .seconds(40)
        ) {
            try scene.systems.crm.call(.delete, "/contacts/\(id)")
            scene.screen.event(.zero, "crm", "a clerk deletes \(id), and the feed says nothing")
        }
        guard try scene.systems.row("customer", id, in: "crm") == nil else {
            throw Untrue(step: "the contact stays deleted", seen: "\(id) is in the CRM again")
        }
        scene.screen.passed("no copy is left")
    }
}
