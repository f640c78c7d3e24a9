import Canonical
import Document
import Formats
import Installation
import Mapping
import Transports

extension Fixtures {
    /// What came of an input.
    struct Found: Equatable {
        var results: [JSON] = []
        /// Those that nobody meant.
        var refusals: [String] = []

        mutating func reject(_ reason: String, isMeant: Bool) {
            results.append(["rejected": .string(reason)])
            if !isMeant { refusals.append(reason) }
        }
    }

    /// What comes of a fixture.
    ///
    /// - Throws: ``Unusable`` when the input is none.
    func found(in file: FixtureFile, _ bytes: [UInt8]) throws -> Found {
        do {
            switch file.role {
            case .source(let source): return try found(in: source, bytes, ext: file.ext)
            case .sink(let sink): return try found(in: sink, JSON(parsing: bytes))
            }
        } catch let error as JSONError {
            throw Unusable(description: "fixtures/\(file.part)/\(file.name).in.\(file.ext): \(error)")
        }
    }

    /// What comes of what a source reads.
    func found(in source: SourceSettings, _ bytes: [UInt8], ext: String) throws -> Found {
        var translator = translator(of: source)
        var found = Found()
        var delivery = Delivery()
        delivery.enter("fixture")
        try Self.records(of: source, bytes, ext: ext) { tape, refusal in
            if let refusal { return found.reject(refusal, isMeant: false) }
            if let repeated = delivery.repeats(source.unique, in: tape.root) {
                return found.reject("\(repeated) stands in this delivery already", isMeant: true)
            }
            if Self.translate(&tape, with: &translator, &found) { delivery.take(source.unique, of: tape.root) }
        }
        return found
    }

    func translator(of source: SourceSettings) -> RecordTranslator {
        RecordTranslator(mappings.sources[source.name]!, knowledge, source: source.name)
    }

    /// What comes of one record, which lies on a tape; false when it is refused.
    @discardableResult static func translate(
        _ tape: inout Tape, with translator: inout RecordTranslator, _ found: inout Found
    ) -> Bool {
        switch translator.translate(tape.root, &tape, "fixture", .never, nil) {
        case .failure(let dead):
            found.reject(dead.reason, isMeant: dead.isMeant)
            return false
        case .success(let translation) where !translation.missing.isEmpty:
            found.results.append(["waits": .array(translation.missing.map(JSON.string))])
        case .success(let translation): found.results += translation.events.map(Self.shown)
        }
        return true
    }

    private static func shown(_ event: OutgoingEvent) -> JSON {
        var json: JSON = [
            "type": .string(event.envelope.type.description), "key": .string(event.key),
            "data": (try? JSON(parsing: event.data)) ?? .null,
        ]
        if let own = event.envelope.selfID { json["self"] = .string(own) }
        if event.envelope.isDormant { json["dormant"] = true }
        if event.envelope.time.isKnown { json["time"] = .string(event.envelope.time.rfc3339) }
        return json
    }

    /// The key that a golden record's data give; nil where none follows from them.
    func key(of data: JSON, entity: String) -> String? {
        var tape = Tape()
        guard let rule = knowledge.kinds[entity]?.entity.key, (try? tape.parse(data.utf8)) != nil else { return nil }
        return try? rule.key(of: tape.root, system: settings.system, selfID: nil)
    }

    /// What a sink makes of a golden record, `{"key": …, "revision": …, "data": {…}}`.
    func found(in settings: SinkSettings, _ json: JSON) throws -> Found {
        let golden = Golden(
            entity: settings.of, key: json["key"]?.string ?? "",
            verb: json["verb"]?.string.flatMap(Golden.Verb.init) ?? .golden,
            revision: Int64(json["revision"]?.integer ?? 1), data: (json["data"] ?? .object([])).utf8, time: .never,
            place: "fixture")
        let sink = Sink(
            settings, knowledge.kinds[settings.of]!, knowledge, filter: mappings.filters[settings.name],
            mapping: mappings.sinks[settings.name]!, seenBy: nil, writer: nil)
        if let record = json["record"] { sink.look = { _ in record } }
        switch try sink.plan(golden) {
        case .absent: return Found(results: [["absent": true]])
        case .absentUntilKnown(let reason, _): return Found(results: [["absentUntil": .string(reason)]])
        case .wait(let reason): return Found(results: [["waits": .string(reason)]])
        case .refuse(let reason, let isMeant):
            return Found(results: [["refused": .string(reason)]], refusals: isMeant ? [] : [reason])
        case .write(let writes, let settled):
            var encoder = try encoder(of: settings)
            var found = Found()
            for write in settled.map(\.write) + writes {
                var json: JSON = [write.action == .put ? "put" : "delete": write.document]
                if found.results.count < settled.count { json = ["unchanged": true] }
                if write.action == .put, case .failure(let fault)? = encoder?.encode(write.bytes) {
                    json = ["refused": .string(fault.description)]
                    found.refusals.append(fault.description)
                }
                if let own = write.own { json["self"] = .string(own) }
                found.results.append(json)
            }
            return found
        }
    }

    /// What a sink's file takes of its documents, as it is when it is written; nil for what is no file.
    private func encoder(of sink: SinkSettings) throws -> FileEncoder? {
        guard case .file(let file) = sink.to.transport else { return nil }
        return try FileEncoder(file, sink: sink.name)
    }
}
