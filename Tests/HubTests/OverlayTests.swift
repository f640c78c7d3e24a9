import Canonical
import Consistency
import Testing

@testable import Hub

struct OverlayTests {
    private let one = DomainPartition("stock", 0)
    private let two = DomainPartition("stock", 1)

    /// Keys are bytes. Swift takes differently composed texts for the same.
    @Test func keysThatOnlyLookAlikeAreApart() {
        let overlay = Overlay()
        overlay.put(one, "Malm\u{F6}", [1])
        overlay.put(one, "Malmo\u{308}", [2])
        #expect(overlay.state(one, "Malm\u{F6}") == [1])
        #expect(overlay.state(one, "Malmo\u{308}") == [2])
    }

    @Test func aKeyIsOfItsPartition() {
        let overlay = Overlay()
        overlay.put(one, "k", [1])
        #expect(overlay.state(two, "k") == nil)
        overlay.put(two, "k", nil)
        #expect(overlay.state(one, "k") == [1])
        #expect(overlay.isRemoved(two, "k"))
    }

    @Test func whatADecisionHasChangedIsUndoneAndNothingElse() {
        let overlay = Overlay()
        overlay.put(one, "a", [1])
        overlay.put(one, "b", [2])
        overlay.begin()
        overlay.put(one, "a", [3])
        overlay.put(one, "a", nil)
        overlay.put(one, "c", [4])
        overlay.undo()
        #expect(overlay.state(one, "a") == [1])
        #expect(overlay.state(one, "b") == [2])
        #expect(overlay.state(one, "c") == nil && !overlay.isRemoved(one, "c"))
    }

    /// Names are kept only if every change of the turn has kept them.
    @Test func oneChangeOfNamesIsEnough() {
        let overlay = Overlay()
        func put(_ keepsNames: Bool) {
            Array("k".utf8).withUnsafeBytes { overlay.put(one, $0, $0, keepsNames: keepsNames) }
        }
        put(true)
        #expect(overlay.entries[0].keepsNames)
        put(false)
        put(true)
        #expect(!overlay.entries[0].keepsNames)
    }

    /// Against the plainest model there is, beyond the first table's size and the first piece of memory.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func itAgreesWithADictionary(seed: UInt64) {
        var random = Seeded(seed)
        let overlay = Overlay()
        for _ in 0..<2 {
            var model: [String: [UInt8]?] = [:]
            for _ in 0..<4_000 {
                let partition = Bool.random(using: &random) ? one : two
                let key = "key-\(Int.random(in: 0..<3_000, using: &random))"
                let state: [UInt8]? =
                    Int.random(in: 0..<5, using: &random) == 0
                    ? nil : [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: 700)
                overlay.put(partition, key, state)
                model["\(partition) \(key)"] = .some(state)
            }
            for number in 0..<3_000 {
                for partition in [one, two] {
                    let known = model["\(partition) key-\(number)"]
                    #expect(overlay.state(partition, "key-\(number)") == known ?? nil)
                    #expect(overlay.isRemoved(partition, "key-\(number)") == (known == .some(nil)))
                }
            }
            #expect(overlay.entries.count == model.count)
            overlay.reset()
            #expect(overlay.entries.isEmpty && overlay.state(one, "key-1") == nil)
        }
    }
}

extension Overlay {
    fileprivate func state(_ partition: DomainPartition, _ key: String) -> [UInt8]? {
        guard case .put(let bytes) = Array(key.utf8).withUnsafeBytes({ change(partition, $0) }) else { return nil }
        return Array(bytes)
    }

    fileprivate func isRemoved(_ partition: DomainPartition, _ key: String) -> Bool {
        guard case .removed = Array(key.utf8).withUnsafeBytes({ change(partition, $0) }) else { return false }
        return true
    }
}
