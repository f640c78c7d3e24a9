import Kafka
import Logging
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// Which start of this hub process it is, where every start has a transactional id of its own (`per-start` in
/// `omni.yaml`; docs/decisions/0003). It first ends what the one before left open.
///
/// A producer that comes back under its transactional id keeps its producer id. The embedded broker goes on telling
/// every reader about that id's aborted transactions, also readers that are past them (Apache Kafka tells those before
/// them only), and the readers drop all that the successor writes. A fresh id has no past.
///
/// A zombie is fenced all the same: by its transactional id, which the successor takes from it. That holds on one machine,
/// where the file is: without it, it is the first start again, with the first start's id.
struct Incarnation {
    private let file: String
    private let name: String

    /// - Parameters:
    ///   - file: where the number of the last start is kept.
    ///   - name: what the transactional ids begin with.
    init(file: String, name: String) {
        self.file = file
        self.name = name
    }

    /// Ends the last start's transaction, and answers the transactional id of this one.
    func begin(_ settings: Settings, _ insist: Insistence, log: Logger) throws -> String {
        let last = lastNumber()
        if last > 0 {
            // The id is taken from whoever has it, which aborts what it left open.
            let producer = try Producer(settings.merging(["transactional.id": id(last)]), log: log)
            try insist("the last start's transaction") { timeout throws(KafkaError) in
                try producer.initTransactions(timeout: timeout)
            }
        }
        // Only now: a start that fails before this point repeats it.
        try insist.onDisk("the number of this start") { () throws(SystemError) in try keep(last + 1) }
        return id(last + 1)
    }

    private func id(_ number: Int) -> String { "\(name).\(number)" }

    private func lastNumber() -> Int {
        guard let stream = fopen(file, "re") else { return 0 }
        defer { fclose(stream) }
        var number = 0
        while case let digit = fgetc(stream), (48...57).contains(digit), number < 1_000_000_000 {
            number = number * 10 + Int(digit - 48)
        }
        return number
    }

    private func keep(_ number: Int) throws(SystemError) {
        let fresh = file + ".new"
        guard let stream = fopen(fresh, "we") else { throw .last("write", fresh) }
        let isWritten = fputs("\(number)\n", stream) >= 0
        guard fclose(stream) == 0, isWritten else { throw .last("write", fresh) }
        guard rename(fresh, file) == 0 else { throw .last("rename", fresh) }
    }
}
