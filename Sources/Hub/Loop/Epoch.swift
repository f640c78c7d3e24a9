import Canonical

/// When a changelog partition's state began, in milliseconds since 1970: what golden records' revisions are counted from.
///
/// Whoever starts over, with other topics or emptied ones, counts revisions from 1 again; a sink that compares them tells by
/// the epoch that these are newer all the same (docs/contracts.md, Revisions).
struct Epoch {
    let milliseconds: Int64

    init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 8 else { return nil }
        milliseconds = bytes.reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    var bytes: [UInt8] { withUnsafeBytes(of: milliseconds.littleEndian) { Array($0) } }
}

extension TransactionLoop {
    /// The epoch in which a partition that was taken counts its revisions.
    func epoch(of partition: DomainPartition) -> Int64 {
        if !newEpochs.isEmpty, let epoch = newEpochs[partition] { return epoch }
        return epochs[partition, default: 0]
    }

    /// Begins an epoch with the partition's next transaction, which notes it: the first one; or another, as its revisions go
    /// back, and sinks that compare them would take what is decided from now on for outdated (I9).
    func renewEpoch(of partition: DomainPartition) throws {
        let before = try store.stateBytes(partition, Array(Note.epoch.utf8)).flatMap { Epoch($0)?.milliseconds }
        newEpochs[partition] = max(clock.time(clocks.now()).tick.milliseconds, (before ?? 0) + 1)
    }
}
