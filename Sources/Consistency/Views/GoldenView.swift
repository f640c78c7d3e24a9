import Canonical

/// A golden record, made again of its state.
public struct GoldenView: Sendable, Hashable {
    /// Its revision.
    public let revision: Int64
    /// The document as JSON; nil when the entity doesn't exist (any more).
    public let document: [UInt8]?
    /// Whether systems must delete their copies.
    public let isErased: Bool
    /// Customers: the golden key that this one was merged into.
    public let mergedInto: String?
}

extension Engine {
    /// The golden record of a state: for queries that read the state instead of the golden topic.
    ///
    /// - Parameters:
    ///   - entity: the entity's name.
    ///   - state: the state's bytes: under its key, a customer's under `golden:<key>`.
    public func golden(of entity: String, state: [UInt8]) throws(StateError) -> GoldenView? {
        guard let context = contexts.first(where: { $0.name == entity }) else { return nil }
        if context.entity.engine == .stock {
            let stock = try StockState.decode(state)
            let document = stock.document.isEmpty ? nil : stock.document
            return GoldenView(revision: stock.revision, document: document, isErased: false, mergedInto: nil)
        }
        if Registry.isRedirect(state) {
            let (into, revision) = try Registry.redirect(state)
            return GoldenView(revision: revision, document: nil, isErased: false, mergedInto: into)
        }
        var record = RecordState()
        try record.load(state)
        var document: [UInt8]?
        if record.flags.contains(.alive) {
            var bytes: [UInt8] = []
            record.writeGolden(into: &bytes, members: context.merge.ofMembers)
            document = bytes
        }
        return GoldenView(
            revision: record.revision, document: document, isErased: record.flags.contains(.erased), mergedInto: nil)
    }

    /// The state key of a customer's golden record. (A record's and a position's state lies under its own key.)
    public static func stateKey(ofCustomer golden: String) -> String { Registry.clusterKey(golden) }

    /// The golden key in the state of a customer's member, which lies under ``stateKey(ofMember:)``.
    public static func goldenKey(ofMember state: [UInt8]) throws(StateError) -> String {
        try Registry.goldenKey(state)
    }

    /// The state key of a member, `system:id`.
    public static func stateKey(ofMember member: String) -> String { Registry.memberKey(member) }
}
