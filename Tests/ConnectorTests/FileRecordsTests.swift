import Canonical
import Testing

@testable import Connector

@Suite struct FileRecordsTests {
    @Test func keysStandInTheirOrderWhateverComesAndGoes() {
        var records = FileRecords()
        var expected: [String: UInt8] = [:]
        var random = SystemRandomNumberGenerator()
        for round in 0..<60 {
            for _ in 0..<20 {
                let number = Int.random(in: 0..<100, using: &random)
                let key = "k\(number)"
                if number % 7 == round % 7 {
                    #expect(records.remove(ExactText(key)) == (expected.removeValue(forKey: key) != nil))
                } else {
                    let byte = UInt8.random(in: 0...3, using: &random)
                    let isNew = expected.updateValue(byte, forKey: key) != byte
                    let entry = FileRecords.Entry(epoch: 0, revision: 1, bytes: [byte])
                    #expect(records.set(ExactText(key), to: entry) == isNew)
                }
            }
            #expect(records.keys().map(\.text) == expected.keys.sorted { $0.comesBefore($1) })
            #expect(records.count == expected.count)
        }
    }
}
