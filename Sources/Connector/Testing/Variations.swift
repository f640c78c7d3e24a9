import Document
import Installation
import Transports

/// Fixtures that come free with every fixture: what real systems do sooner or later.
///
/// A record comes twice, and out of order; fields are absent, null, unknown or of another type; a document is empty, or
/// cut in half. None of it may lose a record silently, change what the other records give, or end as anything but an
/// event, a filtered, parked or refused record (I2). In particular
///
/// - the record again gives the same events with the same numbers (I3);
/// - a field that nobody knows changes nothing (I10);
/// - an absent field never comes out as a null that was none before: that would remove what others know (I8);
/// - what is cut off takes nothing with it that stood before the damage.
public struct Variations: Sendable, Equatable {
    /// `sales/refund`.
    public let name: String
    /// How many were run.
    public var count = 0
    /// What is wrong, one line each.
    public var complaints: [String] = []
}

extension Fixtures {
    /// Runs the variations of all fixtures.
    ///
    /// - Throws: `SystemError` when a file can't be read, ``Unusable`` when an input is none.
    public func variations() throws -> [Variations] {
        try files().map { file in
            let bytes = try AtomicFile.read(file.path)
            var variations = Variations(name: file.title)
            switch file.role {
            case .source(let source): try vary(source, bytes, ext: file.ext, &variations)
            case .sink(let sink):
                guard let golden = try? JSON(parsing: bytes) else { break }
                try vary(sink, golden, &variations)
            }
            return variations
        }
    }

    // MARK: Sources

    private func vary(_ source: SourceSettings, _ bytes: [UInt8], ext: String, _ all: inout Variations) throws {
        var records: [JSON] = []
        try Self.records(of: source, bytes, ext: ext) { tape, refusal in
            if refusal == nil { records.append(JSON(tape.root)) }
        }
        var translator = translator(of: source)
        func translate(_ record: JSON) -> Found {
            var tape = Tape()
            var found = Found()
            guard (try? tape.parse(record.utf8)) != nil else { return found }
            Self.translate(&tape, with: &translator, &found)
            return found
        }
        let usual = records.map(translate)
        // In the other order, and each of them for the second time.
        for (record, expected) in zip(records, usual).reversed() {
            all.check(translate(record) == expected, "the record a second time gives something else")
        }
        for (record, expected) in zip(records, usual) {
            all.vary(record, expected.results) { translate($0).results }
        }
        all.checkForms(translate(.object([])).results, of: "an empty record")
        try cut(source, bytes, ext: ext, &all)
    }

    /// A document that is empty, and one that breaks off in the middle.
    private func cut(_ source: SourceSettings, _ bytes: [UInt8], ext: String, _ all: inout Variations) throws {
        let whole = try found(in: source, bytes, ext: ext).results
        let empty = try found(in: source, [], ext: ext).results
        all.check(empty.allSatisfy { $0["type"] == nil }, "an empty document gives events")
        let half = try found(in: source, Array(bytes.prefix(bytes.count / 2)), ext: ext).results
        // What stands before the damage is as it was; at the damage itself something may be refused.
        let events = half.filter { $0["type"] != nil }
        all.check(
            events == Array(whole.filter { $0["type"] != nil }.prefix(events.count)),
            "the document cut in half gives events that the whole one doesn't give")
        all.check(
            bytes.isEmpty || half != whole || whole.isEmpty || !half.allSatisfy { $0["type"] != nil },
            "the document cut in half gives all that the whole one gives, and no refusal")
    }

    // MARK: Sinks

    private func vary(_ sink: SinkSettings, _ golden: JSON, _ all: inout Variations) throws {
        let expected = try found(in: sink, golden)
        all.check(try found(in: sink, golden) == expected, "the golden record a second time gives something else")
        guard let data = golden["data"] else { return }
        try all.vary(data, expected.results) { changed in
            var varied = golden
            varied["data"] = changed
            return try found(in: sink, varied).results
        }
    }
}

extension Variations {
    /// How many fields of one record are varied.
    private static let mostPlaces = 200

    fileprivate mutating func check(_ holds: Bool, _ complaint: String) {
        count += 1
        if !holds, !complaints.contains(complaint) { complaints.append(complaint) }
    }

    /// An event, or refused, parked, filtered; never an end of the process, nor a reason that nobody can read (I2).
    fileprivate mutating func checkForms(_ results: [JSON], of what: String) {
        let isKnown = results.allSatisfy { result in
            if let reason = result["rejected"] ?? result["refused"] ?? result["absentUntil"] {
                return reason.string?.isEmpty == false
            }
            if result["type"] != nil { return result["key"]?.string?.isEmpty == false && result["data"]?.object != nil }
            return ["waits", "absent", "put", "delete", "unchanged"].contains { result[$0] != nil }
        }
        check(isKnown, "\(what) gives what is neither event, nor refusal, nor waiting")
    }

    /// Changes a record field by field, and looks at what comes of it.
    fileprivate mutating func vary(_ record: JSON, _ expected: [JSON], _ run: (JSON) throws -> [JSON]) rethrows {
        let places = Place.all(in: record).prefix(Self.mostPlaces)
        let given = Set(expected.flatMap { Self.places(in: $0) { !$0.isNull } })
        for place in places {
            let without = try run(record.replacing(place.steps, with: nil))
            let added = without.flatMap { Self.places(in: $0) { $0.isNull } }.filter(given.contains).sorted()
            check(
                added.isEmpty,
                "without \"\(place)\" there is a null at \(added.first ?? ""), which removes what others know: give nothing"
            )
            checkForms(try run(record.replacing(place.steps, with: .null)), of: "a null as \"\(place)\"")
            let changed = try run(record.replacing(place.steps, with: place.value.ofAnotherType))
            checkForms(changed, of: "another type as \"\(place)\"")
        }
        for object in Place.objects(in: record).prefix(Self.mostPlaces) {
            let name = "omni-unknown-field"
            let more = record.replacing(object.steps + [.name(name)], with: ["a": [1, "b"]])
            let where_ = object.steps.isEmpty ? "" : " in \"\(object)\""
            check(try run(more) == expected, "a field that nobody knows\(where_) changes the result")
        }
    }

    /// Where a result holds values of a sort: pointers without the places in lists, so that a shorter list is no news.
    private static func places(
        in value: JSON, at path: String = "", _ isMeant: (JSON) -> Bool
    ) -> [String] {
        let inner: [String] =
            switch value {
            case .array(let elements): elements.flatMap { places(in: $0, at: path + "/-", isMeant) }
            case .object(let members): members.flatMap { places(in: $0.value, at: path + "/" + $0.key, isMeant) }
            default: []
            }
        return isMeant(value) ? [path] + inner : inner
    }
}

/// A place in a record that is varied.
private struct Place: CustomStringConvertible {
    enum Step: Equatable {
        case name(String)
        case element(Int)
    }

    let steps: [Step]
    let value: JSON

    /// `lines[0].price`.
    var description: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .name(let name): text += text.isEmpty ? name : "." + name
            case .element(let place): text += "[\(place)]"
            }
        }
    }

    /// All members of objects, those of a list's first element among them.
    static func all(in value: JSON, _ steps: [Step] = []) -> [Place] {
        switch value {
        case .object(let members):
            members.flatMap { member in
                let inner = steps + [.name(member.key)]
                return [Place(steps: inner, value: member.value)] + all(in: member.value, inner)
            }
        case .array(let elements): elements.first.map { all(in: $0, steps + [.element(0)]) } ?? []
        default: []
        }
    }

    static func objects(in value: JSON) -> [Place] {
        (value.object == nil ? [] : [Place(steps: [], value: value)])
            + all(in: value).flatMap { place -> [Place] in
                if place.value.object != nil { return [place] }
                guard let first = place.value.array?.first, first.object != nil else { return [] }
                return [Place(steps: place.steps + [.element(0)], value: first)]
            }
    }
}

extension JSON {
    /// The value with the one at a place replaced, or taken away.
    fileprivate func replacing(_ steps: [Place.Step], with value: JSON?) -> JSON {
        guard let step = steps.first else { return value ?? .null }
        let rest = Array(steps.dropFirst())
        var result = self
        switch step {
        case .name(let name):
            result[name] = rest.isEmpty ? value : self[name]?.replacing(rest, with: value)
        case .element(let place):
            guard case .array(var elements) = self, elements.indices.contains(place) else { return self }
            if rest.isEmpty, value == nil {
                elements.remove(at: place)
            } else {
                elements[place] = elements[place].replacing(rest, with: value)
            }
            result = .array(elements)
        }
        return result
    }

    fileprivate var ofAnotherType: JSON {
        switch self {
        case .string: .number(7)
        case .number, .bool, .null: .string("seven")
        case .array, .object: .bool(true)
        }
    }
}
