import Testing

@testable import Kafka

/// librdkafka looks once a second whether its full queue was read; a part of the queue later it is told (decision 7).
@Suite struct FetchReminderTests {
    @Test func itIsDueOnceAQuarterOfTheQueueWasRead() {
        var reminder = FetchReminder(["queued.max.messages.kbytes": "4096"])
        var answers: [Bool] = []
        for _ in 0..<8 { answers.append(reminder.isDue(after: 256 << 10)) }
        #expect(answers == [false, false, false, true, false, false, false, true])
    }

    @Test(arguments: ["", "0", "none"]) func anyQueueHasAQuarter(text: String) {
        var reminder = FetchReminder(text.isEmpty ? [:] : ["queued.max.messages.kbytes": text])
        let answers = [reminder.isDue(after: 0), reminder.isDue(after: 16 << 20)]
        #expect(answers == [false, true])
    }
}
