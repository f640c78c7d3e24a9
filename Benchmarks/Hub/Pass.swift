import Canonical
import Glibc
import Kafka
import TestHub

/// One program working through what waits in the input, watched from outside.
struct Pass {
    /// Records a second, from the first commit that is seen to the last one.
    let rate: Double
    /// Processor seconds of the program for a million records.
    let cpu: Double
    /// The largest memory of its own, in bytes.
    let memory: Int
    let records: Int64

    /// Runs a program until its group has committed everything; stops it then.
    ///
    /// Starting and joining the group don't count: the watch begins with the first commit.
    static func run(_ plant: Plant, input: String, group: String, _ start: () throws -> Child) throws -> Pass {
        let admin = try plant.admin()
        let partitions = try admin.topics([input], timeout: .seconds(30)).flatMap(\.topicPartitions)
        let ends = try admin.watermarks(of: partitions, timeout: .seconds(30))
        let end = ends.values.reduce(0) { $0 + $1.high }
        func committed() throws -> Int64 {
            // The unstable view: a transaction is nearly always open.
            try admin.committed(group: group, partitions, stable: false, timeout: .seconds(30)).values.reduce(0, +)
        }
        let before = try committed()
        let child = try start()
        var first: (time: Double, cpu: Double, records: Int64)?
        let patience = seconds() + 900
        while true {
            let reached = try committed()
            let cpu = try child.cpu()
            let time = seconds()
            try child.look()
            if first == nil, reached > before { first = (time, cpu, reached) }
            if let first, reached >= end {
                try child.stop()
                let records = reached - first.records
                guard records > 0 else { throw BenchError("\(child.name) took all in one transaction: more records") }
                return Pass(
                    rate: Double(records) / (time - first.time), cpu: (cpu - first.cpu) / Double(records) * 1e6,
                    memory: child.memory, records: records)
            }
            guard time < patience else { throw BenchError("\(child.name) doesn't come to an end: \(child.log)") }
            usleep(20_000)
        }
    }
}
