import Canonical
import Digests
import Document
import Formats
import Glibc
package import Installation
import Transports

/// Writes one file with all records, replaced whole: the system finds the old one or the new one, never half of either.
package struct FileWriter: WholeWriter {
    private let path: String
    private let readsBack: Bool
    /// Where the records lie, and are kept for the next process.
    private let place: FileRecords.Place
    private var records: FileRecords
    private var encoder: FileEncoder
    /// Whether the file holds the records.
    private var isWritten = false
    /// The digest of what the file holds, where it is known: at the start, and when it is compared with what is read back.
    private var digest: [UInt8]?
    /// The file as it was found or written last; nil when there was none.
    private var mark: FileMark?

    /// - Parameters:
    ///   - shown: the folder in which the records lie, and are kept for the next process.
    ///   - readsBack: whether a source can tell what the file's records say. Otherwise what was handed over is never
    ///     seen again.
    package init(_ settings: FileWriting, folder: String, shown: String, sink: String, readsBack: Bool) throws {
        self.readsBack = readsBack
        path = "\(folder)/\(settings.file)"
        encoder = try FileEncoder(settings, sink: sink)
        let purpose: JSON = ["file": .string(path), "form": encoder.form]
        place = FileRecords.Place(folder: shown, name: Self.keptName(sink: sink), mark: SHA256.digest(purpose.utf8))
        records = FileRecords(place)
        mark = FileMark(path)
        digest = try? AtomicFile.digest(path)
    }

    /// Under which name it is kept what a sink has shown.
    static func keptName(sink: String) -> String { "\(sink).rows" }

    package mutating func restore(
        most: Int, _ found: ((FoundRecord) throws -> Void) throws -> Void
    ) throws -> Restored {
        var rebuild = FileRebuild(place)
        try found { record in
            do throws(SystemError) { try rebuild.take(record) { encoder.encode($0.bytes) } } catch {
                throw SystemFailure("\(error)")
            }
        }
        // Reading it is worth its time only where something is held back.
        let kept = rebuild.holdsAny ? FileRecords.kept(at: place) : .failure(.missing)
        var result: Restored
        do throws(SystemError) {
            let found: FileRecords
            (found, result) = try rebuild.finish(besides: try? kept.get(), most: most)
            if case .failure(let reason) = kept { result.nothingKept = "\(reason)" }
            result.size.before = mark?.size
            result.isTooMuch = result.refused >= most
            if result.isTooMuch { return result }
            records = found
        } catch {
            throw SystemFailure("\(error)")
        }
        if records.count > 0 || digest != nil {
            try replace()
        } else {
            try translating { try records.keep() }
        }
        result.size.now = mark?.size
        return result
    }

    package mutating func write(_ writes: [Write]) throws -> [Written] {
        var results: [Written] = []
        results.reserveCapacity(writes.count)
        var changes: [FileRecords.Change] = []
        changes.reserveCapacity(writes.count)
        /// Where the results of the changes stand.
        var places: [Int] = []
        places.reserveCapacity(writes.count)
        // By their places: a copy of a write is a dozen of counts.
        for at in writes.indices {
            var bytes: [UInt8]?
            let isDeletion = writes[at].action == .delete
            if !isDeletion {
                switch encoder.encode(writes[at].bytes) {
                case .success(let encoded): bytes = encoded
                case .failure(let fault):
                    results.append(Written(.refused(fault.description)))
                    continue
                }
            }
            places.append(results.count)
            changes.append(
                FileRecords.Change(
                    key: writes[at].key, epoch: writes[at].epoch, revision: writes[at].revision, bytes: bytes))
            results.append(Written(isDeletion ? .absent : .unchanged))
        }
        let outcomes = try merge(changes)
        // What failed before is written now, whatever comes.
        let isUnknown = !isWritten
        var isChanged = isUnknown
        for (place, outcome) in zip(places, outcomes) {
            if outcome == .changed { isChanged = true }
            if outcome == .outdated {
                results[place].status = .outdated
            } else if results[place].status == .unchanged, isUnknown || outcome == .changed {
                results[place].status = .written
            }
        }
        if isChanged { try replace() }
        if readsBack { readBack(changes, places, &results) }
        return results
    }

    private func merge(_ changes: [FileRecords.Change]) throws -> [FileRecords.Outcome] {
        guard !changes.isEmpty else { return [] }
        do throws(SystemError) { return try records.merge(changes) } catch { throw SystemFailure("\(error)") }
    }

    // MARK: Reading back

    /// What the file shows of the records, unless it isn't there any more, or isn't ours any more.
    private mutating func readBack(_ changes: [FileRecords.Change], _ places: [Int], _ results: inout [Written]) {
        guard let digest, (try? AtomicFile.digest(path)) == digest else { return }
        var wanted: [ExactText: [UInt8]] = [:]
        for (change, place) in zip(changes, places) where results[place].status != .outdated {
            wanted[ExactText(change.key)] = change.bytes
        }
        guard let rows = encoder.rows(wanted, among: records, in: path) else { return }
        for (change, place) in zip(changes, places) where [.written, .unchanged].contains(results[place].status) {
            results[place].readBack = rows[ExactText(change.key)]
        }
    }

    // MARK: The file

    private mutating func replace() throws {
        isWritten = false
        // A process that was thought dead must not put its old records over those of the next one. Taking the file away is fine.
        if let found = FileMark(path), found != mark { throw OvertakenFile(path: path) }
        // Before the file: what it shows must be known, and what is known may be shown later.
        try translating { try records.keep() }
        var new: [UInt8]?
        if readsBack || digest != nil {
            var sha = SHA256()
            try translating { try encoder.forEachPiece(of: records) { piece in sha.update(piece) } }
            new = sha.finish()
        }
        if let new, new == digest {
            isWritten = true
            return
        }
        digest = nil
        try translating {
            var failure: FormatError?
            do throws(SystemError) {
                try AtomicFile.replace(path) { file throws(SystemError) in
                    failure = try encoder.pieces(of: records) { piece throws(SystemError) in try file.write(piece) }
                    if failure != nil { throw SystemError("write", path, code: EINVAL) }
                }
            } catch {
                throw failure ?? error as any Error
            }
        }
        (isWritten, digest, mark) = (true, readsBack ? new : nil, FileMark(path))
    }

    private func translating(_ body: () throws -> Void) throws {
        do { try body() } catch let error as SystemError {
            throw SystemFailure("\(error)")
        } catch let error as FormatError {
            throw WrongSetting("\(path): \(error)")
        }
    }
}

/// Somebody else has written the file since this process did: this one has to end, and whoever is started next takes the file up
/// from the golden topic.
package struct OvertakenFile: Error, CustomStringConvertible {
    let path: String

    package var description: String {
        "\(path) was written by somebody else since: one process at a time hands over a file; this one ends, start it again"
    }
}
