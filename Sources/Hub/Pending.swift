import Canonical
import Consistency
extension Engine {
    static func indexEntries(domain: String, key: UnsafeRawBufferPointer, state: UnsafeRawBufferPointer) -> [IndexEntry]
    { [] }
    static func indexEntries(domain: String, key: String, state: [UInt8]) -> [IndexEntry] { [] }
    mutating func expire(
        _ key: String, domain: String, state: inout some StateAccess, now: Tick, effects: inout Effects
    ) throws(StateError) {}
    static func due(domain: String, key: String, state: UnsafeRawBufferPointer) -> Tick? { nil }
}
