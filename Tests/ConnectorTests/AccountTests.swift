import Kafka
import Testing

@testable import Connector

@Suite struct AccountTests {
    @Test func whatIsOnItsWayIsCountedUntilTheLastIsKnown() {
        let account = Account()
        #expect(account.isSettled)
        let tokens = (0..<3).map { _ in account.begin() }
        #expect(tokens.allSatisfy { $0 != 0 } && !account.isSettled)
        Account.end(tokens[0], nil)
        Account.end(tokens[1], KafkaError(.timedOut, operation: "first"))
        #expect(!account.isSettled)
        Account.end(tokens[2], KafkaError(.state, operation: "second"))
        #expect(account.isSettled && account.failure?.operation == "first")
    }

    @Test func whatWasNotTakenIsNotWaitedFor() {
        let account = Account()
        _ = account.begin()
        account.cancel()
        #expect(account.isSettled && account.failure == nil)
    }

    @Test func anAccountNobodyHoldsAnyMoreLivesUntilItsRecordsAreKnown() {
        weak var last: Account?
        var token: UInt64 = 0
        do {
            let account = Account()
            token = account.begin()
            last = account
        }
        #expect(last != nil)
        Account.end(token, nil)
        #expect(last == nil)
    }
}
