package import Connector

/// How a connector hands a supplier a file with everything: the file writer itself, in a folder that may be full or away.
package struct FolderWriter: WholeWriter {
    private var file: FileWriter
    private let line: SystemLine
    private let process: SimulatedProcess

    package init(_ file: FileWriter, _ line: SystemLine, _ process: SimulatedProcess) {
        self.file = file
        self.line = line
        self.process = process
    }

    package mutating func restore(
        most: Int, _ found: ((FoundRecord) throws -> Void) throws -> Void
    ) throws -> Restored {
        guard try line.fate(process, "take up the records of a file") != .lost else {
            throw SystemFailure("the folder is full")
        }
        return try file.restore(most: most, found)
    }

    package func mayShow(_ records: [ShownRecord]) -> Bool { file.mayShow(records) }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        let fate = try line.fate(process, "replace a file, for \(writes.count) records")
        guard fate != .lost else { throw SystemFailure("the folder is full") }
        let results = try file.write(writes)
        try line.answer(process, "the file is replaced")
        guard fate == .answered else { throw SystemFailure("the folder can't be synced") }
        return results
    }
}
