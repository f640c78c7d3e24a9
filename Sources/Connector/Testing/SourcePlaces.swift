import Document
import Installation
import Mapping
import Transports

/// A place in a source's records that the configuration names, and that no record has.
struct StrangePlace {
    /// The key in `connector.yaml`.
    let setting: String
    /// The place.
    let name: String
    /// What is wrong, and what may be meant.
    let message: String
}

extension Fixtures {
    /// What a source's fixtures hold.
    ///
    /// - Throws: `SystemError` when one can't be read.
    static func outline(of source: SourceSettings, _ files: [FixtureFile]) throws -> Outline {
        var input = Outline.never
        for file in files where file.role.isSource(source.name) {
            try records(of: source, try AtomicFile.read(file.path), ext: file.ext) { tape, refusal in
                if refusal == nil { input.formUnion(Outline(sampling: JSON(tape.root))) }
            }
        }
        return input
    }

    /// Places that the configuration names in records, and that no fixture's record has nor any column declares; each is a
    /// setting that does nothing.
    ///
    /// - Throws: `SystemError` when a fixture can't be read.
    public func strangePlaces() throws -> [String] {
        try settings.sources.flatMap { source in
            source.strangePlaces(in: try Self.outline(of: source, files())).map {
                "source \"\(source.name)\", \($0.setting): \($0.message)"
            }
        }
    }
}

extension SourceSettings {
    /// The places that nothing has.
    ///
    /// - Parameter records: what the fixtures hold; without any, nothing is known.
    func strangePlaces(in records: Outline) -> [StrangePlace] {
        guard records.kinds.contains(.object) else { return [] }
        let declared = declaredColumns
        let known = declared + records.members.keys.sorted()
        return places.compactMap { setting, name in
            guard !declared.contains(name), !Members.isKnown(name[...], in: records) else { return nil }
            let meant =
                name.meant(among: known).map { "did you mean \"\($0)\"?" }
                ?? "there are: \(known.joined(separator: ", "))"
            return StrangePlace(
                setting: setting, name: name,
                message: "no record of a fixture has \"\(name)\", and no column is declared so; \(meant)")
        }
    }

    /// The columns that its format declares.
    var declaredColumns: [String] { format?["csv"]?["fields"]?.object?.map(\.key) ?? [] }

    private var places: [(setting: String, name: String)] {
        var places = unique.map { ("unique", $0) }
        if let own { places.append(("own", own)) }
        if case .poll(let poll) = from.transport {
            places.append(("id", poll.id))
            if let since = poll.since, !since.member.isEmpty { places.append(("since.member", since.member)) }
        }
        return places
    }
}
