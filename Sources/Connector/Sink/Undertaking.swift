import Canonical
import Document
import Installation
import Kafka
import Transports

/// What a sink is about to write into a system that is read before it is written (`if-match`), noted before it is: by the
/// golden records' places.
///
/// A process that ends between a write and its report leaves behind a value that the system shows as its own. The next one
/// can tell it from somebody's edit only by writing the very same revision again: what the system held before and holds
/// after is then the same. A newer revision that waits by then must not take its place (I6; docs/contracts.md, Turns).
struct Undertaking {
    /// Its key among the connector's positions. No source is called so: a source's name has no slash.
    static let key = "sinks/writing"

    private let places: Set<String>

    /// - Parameter noted: what the process before noted.
    init(noted: JSON?) { places = Set((noted?["writing"]?.array ?? []).compactMap(\.string)) }

    /// Whether a golden record may have been written by the process before.
    func includes(_ golden: Golden) -> Bool { places.contains(golden.place.description) }

    /// The note on a batch; nil when there is nothing in it that needs one.
    static func note(_ records: [Golden], of sinks: [Sink]) -> JSON? {
        let careful = Set(sinks.filter(\.readsBefore).map(\.settings.of))
        let places = records.filter { careful.contains($0.entity) }.map { JSON.string($0.place.description) }
        return places.isEmpty ? nil : ["writing": .array(places)]
    }
}

extension Sink {
    /// Whether the system is read before it is written, and what it held is published.
    var readsBefore: Bool {
        guard case .resource(let writing) = settings.to.transport else { return false }
        return writing.ifMatch
    }
}
