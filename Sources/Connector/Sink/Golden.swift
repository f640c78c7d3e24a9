import Canonical
import Document
import Kafka

/// A golden record as it came from its topic, copied out of the batch. A class: it is handed on many times.
final class Golden: Sendable, Equatable {
    /// The entity: `product`.
    let entity: String
    /// Its key.
    let key: String
    /// What happened.
    let verb: Verb
    /// Rising with every change of the key.
    let revision: Int64
    /// The document; `{}` when it was erased.
    let data: [UInt8]
    /// When the hub says it happened.
    let time: Tick
    /// Where it stood: `omni.product[3]@5531`.
    let place: Place
    /// For continuing the trace.
    let traceparent: String?
    /// What the revision is counted from.
    let epoch: Int64
    /// The major version of the document's schema; nil when it isn't known.
    let major: Int?

    init(
        entity: String, key: String, verb: Verb, revision: Int64, data: [UInt8], time: Tick, place: Place,
        traceparent: String? = nil, epoch: Int64 = 0, major: Int? = nil
    ) {
        self.entity = entity
        self.key = key
        self.verb = verb
        self.revision = revision
        self.data = data
        self.time = time
        self.place = place
        self.traceparent = traceparent
        self.epoch = epoch
        self.major = major
    }

    static func == (one: Golden, other: Golden) -> Bool {
        one === other
            || one.place == other.place && one.entity == other.entity && one.key == other.key && one.verb == other.verb
                && one.revision == other.revision && one.epoch == other.epoch && one.data == other.data
                && one.time == other.time && one.traceparent == other.traceparent
    }

    /// A place in a topic, whose name is put together when somebody asks.
    enum Place: Sendable, Equatable, CustomStringConvertible, ExpressibleByStringLiteral {
        case record(topic: String, partition: Int32, offset: Int64)
        /// As it was written down.
        case words(String)

        init(stringLiteral words: String) { self = .words(words) }

        var description: String {
            switch self {
            case .record(let topic, let partition, let offset): "\(topic)[\(partition)]@\(offset)"
            case .words(let words): words
            }
        }
    }

    enum Verb: String, Sendable {
        /// The golden record is this.
        case golden
        /// Every system must delete its copy.
        case erased
        /// There is nothing under this key any more: every system has deleted it (a tombstone), or it is one with
        /// another customer, under whose key its members live on.
        case gone
    }

    /// Reads a record; nil when it is no golden record of ours, with the reason.
    static func read(_ record: borrowing Record, entity: String) -> Result<Golden, Unreadable> {
        guard let key = record.key?.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
            return .failure(Unreadable("has no key of UTF-8"))
        }
        let place = Place.record(topic: record.topic, partition: record.partition, offset: record.offset)
        guard let value = record.value else {
            return .success(
                Golden(
                    entity: entity, key: key, verb: .gone, revision: .max, data: Array("{}".utf8), time: .never,
                    place: place))
        }
        var headers = GoldenHeaders()
        record.forEachHeaderBytes { name, value in
            guard value.baseAddress != nil else { return }
            headers.add(name, value.bindMemory(to: UInt8.self), key)
        }
        do throws(Unreadable) {
            return .success(
                Golden(
                    entity: entity, key: key, verb: try headers.verb(), revision: headers.revision,
                    data: value.withUnsafeBytes { Array($0) }, time: headers.time, place: place,
                    traceparent: headers.traceparent, epoch: headers.epoch, major: headers.major))
        } catch {
            return .failure(error)
        }
    }

    /// Why a record can't be used.
    struct Unreadable: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }
}

// MARK: Parking

extension Golden {
    /// For `omni.parked.<connector>` and for notes. All that its write may come from: repeated, it must give the same (I11).
    var json: JSON {
        var json: JSON = [
            "entity": .string(entity), "key": .string(key), "verb": .string(verb.rawValue),
            "revision": .number(Number(Int(revision))), "epoch": .number(Number(Int(epoch))),
            // What is no JSON stays no document.
            "data": (try? JSON(parsing: data)) ?? .null,
            "place": .string(place.description),
        ]
        if time.isKnown { json["time"] = .number(Number(Int(time.milliseconds))) }
        if let traceparent { json["traceparent"] = .string(traceparent) }
        if let major { json["version"] = .number(Number(major)) }
        return json
    }

    /// Reads what ``json`` gives.
    convenience init?(_ json: JSON) {
        guard let entity = json["entity"]?.string, let key = json["key"]?.string,
            let verb = json["verb"]?.string.flatMap(Verb.init), let revision = json["revision"]?.integer,
            let data = json["data"]
        else { return nil }
        self.init(
            entity: entity, key: key, verb: verb, revision: Int64(revision), data: data.utf8,
            time: json["time"]?.integer.map { Tick(Int64($0)) } ?? .never,
            place: .words(json["place"]?.string ?? ""), traceparent: json["traceparent"]?.string,
            epoch: Int64(json["epoch"]?.integer ?? 0), major: json["version"]?.integer)
    }
}

extension Golden {
    /// Within an epoch the revisions decide.
    func isNewer(than other: Golden) -> Bool { (epoch, revision) > (other.epoch, other.revision) }

    /// Why a connector whose mappings are written for a version of the schema leaves this record alone: they would take
    /// what they don't know for absent. nil: it doesn't.
    func foreignVersion(to known: Int) -> String? {
        guard let major, major > known else { return nil }
        return
            "\(place) is of version \(major) of '\(entity)', and this connector was started with version \(known): restart it "
            + "with the Schemas/ that the hub has (docs/schemas.md, Raising the version)"
    }

    /// Whether both are of one entity.
    func isSameEntity(as other: Golden) -> Bool { entity == other.entity && ExactText(key) == ExactText(other.key) }
}

/// The newest golden record of each entity, in the order in which the newest ones came.
struct Coalescing {
    private(set) var newest: [Golden] = []
    private var placeOf: [Name: Int] = [:]
    private var isGap: Set<Int> = []

    private struct Name: Hashable {
        let entity: String
        let key: ExactText
    }

    /// - Parameter records: what was taken before, in its order.
    init(_ records: [Golden] = []) { for golden in records { add(golden) } }

    /// Makes room for so many records at once.
    mutating func reserve(_ count: Int) {
        newest.reserveCapacity(count)
        placeOf.reserveCapacity(count)
    }

    /// Forgets what was taken of an entity: this record, which came later, is dealt with elsewhere.
    mutating func drop(before golden: Golden) {
        let name = Name(entity: golden.entity, key: ExactText(golden.key))
        if let place = placeOf.removeValue(forKey: name) { isGap.insert(place) }
    }

    /// Takes a record; an older one of the same entity goes.
    mutating func add(_ golden: Golden) {
        let name = Name(entity: golden.entity, key: ExactText(golden.key))
        if let place = placeOf[name] {
            // A replay may bring an older one behind a newer one.
            if golden.verb != .gone, newest[place].verb != .gone, newest[place].isNewer(than: golden) {
                return
            }
            isGap.insert(place)
        }
        placeOf[name] = newest.count
        newest.append(golden)
    }

    /// The records, oldest first.
    var records: [Golden] {
        isGap.isEmpty ? newest : newest.indices.filter { !isGap.contains($0) }.map { newest[$0] }
    }
}
