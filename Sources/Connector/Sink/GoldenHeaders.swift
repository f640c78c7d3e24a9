import Canonical
import Glibc

/// What of a golden record's headers a sink needs, read where they lie.
struct GoldenHeaders {
    private var type: Type?
    private var isSubjectKey: Bool?
    private(set) var revision: Int64 = 0
    private(set) var epoch: Int64 = 0
    private(set) var time = Tick.never
    private(set) var traceparent: String?
    /// The major version of the document's schema; nil when none is named.
    private(set) var major: Int?
    private var failure: String?

    private enum `Type` {
        case verb(EventType.Verb)
        case other
    }

    /// Takes one header; the bytes are read during the call only. Those that a sink doesn't need are skipped.
    mutating func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ key: String) {
        switch name.count {
        case 7 where Self.equal(name, "ce_type"): type = Self.verb(value).map { .verb($0) } ?? .other
        case 7 where Self.equal(name, "ce_time"):
            if let tick = Tick(rfc3339: value) { time = tick } else { failure = "header 'ce_time': is no time" }
        case 8 where Self.equal(name, "ce_epoch"): epoch = integer(value, "ce_epoch")
        case 10 where Self.equal(name, "ce_subject"): isSubjectKey = key.utf8.elementsEqual(value)
        case 11 where Self.equal(name, "ce_revision"): revision = integer(value, "ce_revision")
        case 11 where Self.equal(name, "traceparent"): traceparent = String(decoding: value, as: UTF8.self)
        case 13 where Self.equal(name, "ce_dataschema"):
            major = value.lastIndex(of: UInt8(ascii: ":")).flatMap {
                Int(String(decoding: value[($0 + 1)...], as: UTF8.self))
            }
        default: break
        }
    }

    /// What happened, when all that is needed is there.
    func verb() throws(Golden.Unreadable) -> Golden.Verb {
        if let failure { throw Golden.Unreadable(failure) }
        guard let type else { throw Golden.Unreadable("header 'ce_type': is missing") }
        guard let isSubjectKey else { throw Golden.Unreadable("header 'ce_subject': is missing") }
        guard isSubjectKey else { throw Golden.Unreadable("ce_subject isn't the key") }
        switch type {
        case .verb(.golden), .verb(.decided): return .golden
        case .verb(.erased): return .erased
        case .verb(.merged): return .gone
        case .verb, .other: throw Golden.Unreadable("ce_type is no golden record's")
        }
    }

    /// The verb of `omni.<kind>.<verb>`.
    private static func verb(_ type: UnsafeBufferPointer<UInt8>) -> EventType.Verb? {
        guard type.starts(with: "omni.".utf8), let dot = type.lastIndex(of: UInt8(ascii: ".")), dot > 5 else {
            return nil
        }
        // What most are.
        if Self.equal(UnsafeBufferPointer(rebasing: type[(dot + 1)...]), "golden") { return .golden }
        return EventType.Verb(rawValue: String(decoding: type[(dot + 1)...], as: UTF8.self))
    }

    private mutating func integer(_ text: UnsafeBufferPointer<UInt8>, _ name: String) -> Int64 {
        // What most are: digits, and few enough.
        if !text.isEmpty, text.count < 19, text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) {
            return text.reduce(0) { $0 * 10 + Int64($1 &- UInt8(ascii: "0")) }
        }
        guard let number = Int64(String(decoding: text, as: UTF8.self)) else {
            failure = "header '\(name)': must be an integer"
            return 0
        }
        return number
    }

    private static func equal(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard let start = name.baseAddress else { return text.utf8CodeUnitCount == 0 }
        return text.utf8CodeUnitCount == name.count && memcmp(text.utf8Start, start, name.count) == 0
    }
}
