import Canonical
import Consistency
import Document
import Kafka
import Mapping
import Schema

/// The gate: what may reach the engine. Connectors have checked before, but anybody may write into `omni.in.*`.
struct Intake: ~Copyable {
    /// What becomes of a record.
    enum Verdict {
        /// The engine decides it.
        case event(Envelope)
        /// It lies under the wrong key or in the wrong partition: write it again, under this key.
        case stray(key: String)
        /// It is of a schema version that this hub doesn't know yet: it waits, and so does what comes behind it.
        case early(Envelope, major: Int)
        /// It can't be used.
        case refused(String)
    }

    let kinds: KindCatalog
    private let lifts: Lifts
    private var evaluator = MappingEvaluator()
    private var reader = Envelope.Reader(isBrief: true)
    /// Mostly the next record's, too.
    private var latestKind: KindCatalog.Entry?

    init(kinds: KindCatalog, lifts: Lifts) {
        self.kinds = kinds
        self.lifts = lifts
    }

    /// Checks a record of a domain's input; parses its data onto the tape.
    mutating func check(
        _ record: borrowing Record, domain: String, partitions: Int32, tape: inout Tape
    ) -> Verdict {
        let found = envelope(record)
        return check(
            key: record.key, value: record.value, envelope: found, place: (domain, record.partition, partitions),
            tape: &tape)
    }

    /// What the repetitions of the event that was checked last are known by.
    var identity: UInt64? { reader.identity }
    /// Its trace; empty when it has none.
    var trace: [UInt8] { reader.trace }

    /// Checks a record that has waited, as it was checked when it came.
    mutating func check(
        _ record: WaitingRecord, partition: DomainPartition, partitions: Int32, tape: inout Tape
    ) -> Verdict {
        check(
            key: record.key.span.bytes, value: record.value.span.bytes,
            envelope: Result { () throws(EnvelopeError) in try record.envelope() },
            place: (partition.domain, partition.partition, partitions), tape: &tape)
    }

    private mutating func check(
        key: RawSpan?, value: RawSpan?, envelope found: consuming Result<Envelope, EnvelopeError>,
        place: (domain: String, partition: Int32, of: Int32), tape: inout Tape
    ) -> Verdict {
        guard let value else { return .refused("no value: a deletion is an event of its own") }
        guard let keyBytes = key else { return .refused("no key: the key is the event's subject") }
        guard let key = Self.text(keyBytes) else { return .refused("the key is not text in UTF-8") }
        if let flaw = StateKey.flaw(of: key) { return .refused("the key \(flaw)") }
        let envelope: Envelope
        switch consume found {
        case .success(let read): envelope = read
        case .failure(let error): return .refused(error.description)
        }
        // It becomes part of a key, too: of the store's index and of the topic of references.
        guard (envelope.selfID?.utf8.count ?? 0) + envelope.source.system.utf8.count <= StateKey.longest else {
            return .refused("ce_self: with the system's name it is longer than \(StateKey.longest) bytes")
        }
        // Several numbers are kept a line each.
        guard envelope.selfID?.utf8.contains(where: { $0 < 0x20 }) != true else {
            return .refused("ce_self: it holds a control character")
        }
        guard let kind = kind(envelope.type.dataKind) else {
            return .refused(
                "ce_type: there is no kind '\(envelope.type.kind)'; there are: \(kinds.names.joined(separator: ", "))")
        }
        guard kind.kind.domain == place.domain else {
            return .refused(
                "'\(kind.kind.name)' belongs to the domain '\(kind.kind.domain)', this topic to '\(place.domain)'")
        }
        do throws(JSONError) {
            try value.withUnsafeBytes { bytes throws(JSONError) in try tape.parse(bytes) }
        } catch {
            return .refused("not JSON: \(error)")
        }
        if let major = envelope.schemaMajor, major < kind.kind.major {
            do throws(LiftFault) { try lift(envelope, kind.kind, from: major, &tape) } catch {
                return .refused(error.description)
            }
        }
        return verdict(envelope, kind, tape.root, key: key, keyBytes, partition: place.partition, of: place.of)
    }

    /// Puts in place of data of an earlier version, as far as that is kept, what they say in the present one.
    private mutating func lift(
        _ envelope: Envelope, _ kind: Kind, from major: Int, _ tape: inout Tape
    ) throws(LiftFault) {
        guard let ladder = lifts[kind.name] else { return }
        let time = envelope.time.isKnown ? Int(envelope.time.milliseconds) : 0
        var lifted: [UInt8]?
        switch envelope.type.verb {
        case .stated, .requested, .released:
            lifted = try ladder.lifted(tape.root, from: major, at: time, on: &tape, by: &evaluator)
        case .written:
            // What a copy holds is told in the version of the connector that looked.
            guard let held = tape.root["held"], held.kind == .object else { return }
            var report = JSON(tape.root)
            let now = try ladder.lifted(held, from: major, at: time, on: &tape, by: &evaluator, isWhole: false)
            guard let now, let held = try? JSON(parsing: now) else { return }
            report["held"] = held
            lifted = report.utf8
        default: return
        }
        guard let lifted else { return }
        guard (try? tape.parse(lifted)) != nil else { throw ladder.tooDeep(from: major) }
    }

    private mutating func kind(_ name: String) -> KindCatalog.Entry? {
        if let latestKind, latestKind.kind.name == name { return latestKind }
        latestKind = kinds[name]
        return latestKind
    }

    /// The text; nil when it is not in UTF-8.
    private static func text(_ bytes: RawSpan) -> String? {
        bytes.withUnsafeBytes { bytes in
            // Most keys are ASCII, and short: then nothing is allocated.
            bytes.allSatisfy { $0 < 0x80 }
                ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        }
    }

    private func verdict(
        _ envelope: consuming Envelope, _ kind: KindCatalog.Entry, _ data: Node, key: String, _ keyBytes: RawSpan,
        partition: Int32,
        of partitions: Int32
    ) -> Verdict {
        var wanted = envelope.subject
        var early: Int?
        switch envelope.type.verb {
        case .stated, .requested, .released:
            if let major = envelope.schemaMajor, major > kind.kind.major {
                // What its data hold, and so what key they have, only a newer hub can say.
                early = major
                break
            }
            let violations = kind.schema.violations(of: data)
            guard violations.isEmpty else {
                return .refused(Self.version(envelope, kind.kind) + violations.summary())
            }
            let isRight = keyBytes.withUnsafeBytes {
                kind.entity.key.isPlainly($0.bindMemory(to: UInt8.self), of: data)
            }
            if isRight {
                wanted = key
                break
            }
            do throws(KeyError) {
                wanted = try kind.entity.key.key(of: data, system: envelope.source.system, selfID: envelope.selfID)
            } catch {
                return .refused(error.description)
            }
        case .written:
            // So are the fields of what a copy holds.
            if let major = envelope.schemaMajor, major > kind.kind.major { early = major }
        case .deleted: break
        case .golden, .erased, .merged, .decided:
            return .refused("ce_type: '\(envelope.type)' comes out of the hub, never in")
        }
        if let flaw = StateKey.flaw(of: wanted) { return .refused("the key of these data \(flaw)") }
        let place = Partitioner.partition(key: keyBytes, count: partitions)
        // Byte by byte: what only looks alike is another key, in another partition. And the engine goes by the subject.
        guard wanted.isExactly(key), wanted.isExactly(envelope.subject),
            place == partition
        else { return .stray(key: wanted) }
        return early.map { .early(envelope, major: $0) } ?? .event(envelope)
    }

    /// A record's key where it is one and lies where it belongs; for what is left to do about a record that is refused.
    func key(of record: borrowing Record, partitions: Int32) -> String? {
        guard let bytes = record.key, Partitioner.partition(key: bytes, count: partitions) == record.partition,
            let key = bytes.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }), StateKey.flaw(of: key) == nil
        else { return nil }
        return key
    }

    /// Data of an older version that isn't kept are read with the schema that is there now: who reads why they are refused has to know.
    private static func version(_ envelope: Envelope, _ kind: Kind) -> String {
        guard let major = envelope.schemaMajor, major < kind.major else { return "" }
        return "of version \(major), which isn't kept (Schemas/\(kind.entity).v\(major).schema.json, docs/schemas.md), "
            + "and so read with version \(kind.major): "
    }

    private mutating func envelope(_ record: borrowing Record) -> Result<Envelope, EnvelopeError> {
        reader.reset()
        record.forEachHeaderBytes { name, value in
            guard value.baseAddress != nil else { return }
            reader.add(name, value.bindMemory(to: UInt8.self))
        }
        do throws(EnvelopeError) { return .success(try reader.envelope()) } catch { return .failure(error) }
    }
}
