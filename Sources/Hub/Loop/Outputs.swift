import Canonical
import Consistency
import Digests
import Document
import Kafka

/// The records that a turn's decisions become: noted while it decides, produced in its transaction.
final class Outputs: @unchecked Sendable {
    // Unchecked: what can change is the memory for event ids, which the commit alone uses, one at a time.
    private let names: TopicNames
    private let entities: [Target]
    private let ids = NamedUUIDs(in: EventID.namespace)
    /// The largest value that the broker takes, in bytes.
    let largest: Int

    /// What is the same in all records of an entity.
    private final class Target: Sendable {
        let name: String
        let golden: String
        let identity: String
        let dataSchema: [UInt8]?
        let rules: [UInt8]?
        /// With what the names of its events begin that their ids are made of.
        let idHead: [UInt8]
        /// `ce_type` by kind of output.
        let types: [[UInt8]]

        init(_ name: String, _ names: TopicNames, dataSchema: String?, rules: String?) {
            self.name = name
            golden = names.golden(entity: name)
            identity = names.identity(entity: name)
            self.dataSchema = dataSchema.map { Array($0.utf8) }
            self.rules = rules.map { Array($0.utf8) }
            idHead = Array("/hub\n0\n\(name)/".utf8)
            types = Turn.Output.Kind.allCases.map { kind in
                kind.verb.map { Array(EventType(name, $0).description.utf8) } ?? []
            }
        }
    }

    init(names: TopicNames, model: Model, kinds: KindCatalog, largest: Int) {
        self.names = names
        self.largest = largest
        let known = model.entities.map(\.name)
        entities = (known + (known.contains("reservation") ? [] : ["reservation"])).map { name in
            Target(
                name, names, dataSchema: kinds[name]?.kind.dataSchema, rules: model.entity(name)?.rules.version)
        }
    }

    // MARK: Noting

    /// Notes what a decision asks for.
    ///
    /// - Parameters:
    ///   - epoch: of the partition that decided.
    ///   - trace: the `traceparent` of the event that caused it.
    ///   - topic: what is for another one is left out; nil: nothing is.
    func note(
        _ effects: borrowing Effects, epoch: Int64, trace: UnsafeRawBufferPointer?, into topic: String? = nil,
        in turn: Turn
    ) {
        if effects.list.isEmpty { return }
        // W3C's has 55 bytes; a later version may have more.
        let trace = trace.flatMap { $0.count <= 256 ? turn.overlay.arena.copy($0) : nil }
        func add(
            _ kind: Turn.Output.Kind, _ entity: String, _ key: String, _ revision: Int64,
            _ value: UnsafeRawBufferPointer?
        ) {
            let place = place(of: entity)
            if let topic, topic != self.topic(of: kind, entities[place]) { return }
            turn.outputs.append(
                .init(
                    kind: kind, entity: place, key: turn.overlay.arena.copy(key), value: value,
                    revision: revision, epoch: epoch, traceparent: trace))
        }
        for effect in effects.list {
            switch effect {
            case .golden(let entity, let key, let revision, let document):
                add(.golden, entity, key, revision, copy(effects, document, turn))
            case .decided(let reservation, let revision, let document):
                add(.decided, "reservation", reservation, revision, copy(effects, document, turn))
            case .erased(let entity, let key, let revision):
                add(.erased, entity, key, revision, turn.overlay.arena.copy("{}"))
            case .merged(let entity, let key, let into, let revision):
                let document: JSON = ["into": .string(into)]
                add(.merged, entity, key, revision, turn.overlay.arena.copy(document.text))
            case .tombstone(let entity, let key): add(.tombstone, entity, key, 0, nil)
            case .reference(let entity, let reference, let key):
                let value = key.map { turn.overlay.arena.copy(JSON.object([.init("key", .string($0))]).text) }
                add(.reference, entity, reference.key, 0, value)
            case .due, .rejected: break
            }
        }
    }

    private func copy(_ effects: borrowing Effects, _ document: Range<Int>, _ turn: Turn) -> UnsafeRawBufferPointer {
        effects.bytes.withUnsafeBytes { turn.overlay.arena.copy(UnsafeRawBufferPointer(rebasing: $0[document])) }
    }

    private func topic(of kind: Turn.Output.Kind, _ target: Target) -> String {
        kind == .reference ? target.identity : target.golden
    }

    private func place(of entity: String) -> Int {
        guard let place = entities.firstIndex(where: { $0.name == entity }) else {
            preconditionFailure("an effect of an entity that the model doesn't have: \(entity)")
        }
        return place
    }

    /// The size of what is too large to be written of a decision; nil when all of it fits.
    func excess(of effects: borrowing Effects, _ overlay: Overlay) -> Int? {
        var size = overlay.largest
        for effect in effects.list {
            switch effect {
            case .golden(_, _, _, let document), .decided(_, _, let document): size = max(size, document.count)
            default: break
            }
        }
        return size > largest ? size : nil
    }

    // MARK: Producing

    /// Produces all that a turn has decided, its states last.
    func produce<Producer: TransactionalProducer>(_ turn: Turn, to producer: Producer) throws(KafkaError) {
        var time = turn.now.rfc3339
        let clock = time.withUTF8 { turn.overlay.arena.copy(UnsafeRawBufferPointer($0)) }
        for output in turn.outputs {
            let target = entities[output.entity]
            let topic = topic(of: output.kind, target)
            switch output.kind {
            case .tombstone, .reference:
                try producer.produce(
                    to: topic, partition: nil, key: output.key, lasting: output.value, of: turn, headers: nil)
            case .golden, .decided, .erased, .merged:
                try producer.produce(
                    to: topic, partition: nil, key: output.key, lasting: output.value, of: turn,
                    headers: headers(of: output, target, time: clock))
            }
        }
        for letter in turn.letters {
            var headers = Headers(capacity: letter.headers.count)
            for header in letter.headers { headers.add(header.name, header.value?.span.bytes) }
            try producer.produce(
                to: letter.topic, key: letter.key?.span.bytes, value: letter.value?.span.bytes, headers: headers)
        }
        try produceStates(turn, to: producer)
    }

    private func produceStates<Producer: TransactionalProducer>(
        _ turn: Turn, to producer: Producer
    ) throws(KafkaError) {
        let topics = turn.overlay.partitions.map { names.state(domain: $0.domain) }
        for entry in turn.overlay.entries {
            let place = Int(entry.partition)
            let state: UnsafeRawBufferPointer?
            switch entry.change {
            case .put(let bytes): state = bytes
            case .removed: state = nil
            case .none: continue
            }
            try producer.produce(
                to: topics[place], partition: turn.overlay.partitions[place].partition, key: entry.key, lasting: state,
                of: turn, headers: nil)
        }
    }

    /// The event's attributes, in the order of ``Envelope/names``.
    private func headers(of output: Turn.Output, _ target: Target, time: UnsafeRawBufferPointer) -> Headers {
        let type = target.types[output.kind.rawValue]
        var headers = Headers(capacity: 13)
        headers.add("ce_specversion", constant: "1.0")
        headers.add("ce_id", id: id(of: output, target))
        headers.add("ce_source", constant: "/hub")
        headers.add(constant: "ce_type", type.span.bytes)
        headers.add("ce_subject", output.key)
        headers.add("ce_time", time)
        if output.kind == .golden || output.kind == .decided, let schema = target.dataSchema {
            headers.add(constant: "ce_dataschema", schema.span.bytes)
        }
        headers.add("content-type", constant: "application/json")
        headers.add("ce_revision", number: output.revision)
        if output.epoch > 0 { headers.add("ce_epoch", number: output.epoch) }
        if let rules = target.rules { headers.add(constant: "ce_rules", rules.span.bytes) }
        if let trace = output.traceparent { headers.add("traceparent", trace) }
        return headers
    }

    /// As ``EventID/make(source:reference:index:)`` of `/hub` and `<entity>/<key>/<revision>`.
    private func id(of output: Turn.Output, _ target: Target) -> UUID {
        withUnsafeTemporaryAllocation(byteCount: 32 + target.idHead.count + output.key.count, alignment: 8) { room in
            var name = Piecemeal(room)
            target.idHead.withUnsafeBytes { name.add($0) }
            name.add(output.key)
            name.add(UInt8(ascii: "/"))
            withDigits(of: output.revision) { name.add($0) }
            let bytes = name.bytes
            return ids.named(bytes.span)
        }
    }
}

/// Bytes that are put together in memory of somebody else.
private struct Piecemeal {
    private let room: UnsafeMutableRawBufferPointer
    private var end = 0

    init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: room[end..<end + bytes.count]).copyMemory(from: bytes)
        end += bytes.count
    }

    mutating func add(_ byte: UInt8) {
        room[end] = byte
        end += 1
    }

    var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: UnsafeRawBufferPointer(room).bindMemory(to: UInt8.self)[..<end])
    }
}

/// Lends a number's decimal digits.
private func withDigits<Result>(of number: Int64, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { room in
        var at = 20
        var rest = number.magnitude
        repeat {
            at -= 1
            room[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 {
            at -= 1
            room[at] = UInt8(ascii: "-")
        }
        return body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[at...]))
    }
}

extension Headers {
    fileprivate mutating func add(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        add(constant: name, value.bytes)
    }

    /// Named: two literals would be taken for `String`s, which cost five times as much.
    fileprivate mutating func add(_ name: StaticString, constant text: StaticString) {
        add(name, UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func add(_ name: StaticString, number: Int64) {
        withDigits(of: number) { add(name, $0) }
    }

    fileprivate mutating func add(_ name: StaticString, id: UUID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { text in
            id.write(to: text.baseAddress!)
            add(name, UnsafeRawBufferPointer(text))
        }
    }
}

extension TransactionalProducer {
    /// Most records go where their key decides, at the present time.
    func produce(
        to topic: String, partition: Int32? = nil, key: RawSpan?, value: RawSpan?, headers: consuming Headers? = nil
    ) throws(KafkaError) {
        try produce(
            to: topic, partition: partition, key: key, value: value, headers: headers, timestamp: nil, token: 0)
    }
}
