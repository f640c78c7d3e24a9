import Canonical
import Digests
import Kafka
import Logging
import Transports

/// Where records go that can't be used: `omni.dead.<connector>`, with the reason, the position and the bytes (I2).
///
/// What is too large for a Kafka record goes to a file in the quarantine folder, synced to disk, and the dead letter
/// carries its digest.
struct DeadLetters: Sendable {
    let topic: String
    let quarantine: String
    let publisher: Publisher
    let log: Logger

    /// Writes a dead letter.
    ///
    /// - Parameters:
    ///   - reason: why; may quote the record, as it lies beside the record's bytes. Not logged.
    ///   - place: where the record stood, for people: `prices.csv, line 7`.
    ///   - isUnread: whether the bytes are a note of ours, as the record's own can't be had.
    func bury(
        _ bytes: [UInt8], of source: String, reference: String, reason: String, place: String?,
        isUnread: Bool = false, on ticket: Publisher.Ticket
    ) throws {
        var headers: [(name: String, text: String)] = [
            ("omni_reason", String(reason.prefix(2000))), ("omni_source", source), ("omni_reference", reference),
        ]
        if isUnread { headers.append(("omni_unread", "true")) }
        if let place { headers.append(("omni_position", place)) }
        guard bytes.count > publisher.largest else {
            return try publisher.write(to: topic, key: reference, value: bytes, headers: headers, on: ticket)
        }
        let digest = Hex.encode(SHA256.digest(bytes))
        // The name is the digest: a repetition finds its file.
        try Folders.create(quarantine)
        try AtomicFile.replace("\(quarantine)/\(digest)", with: bytes)
        headers += [
            ("omni_digest", "sha-256=\(digest)"), ("omni_bytes", String(bytes.count)), ("omni_quarantine", digest),
        ]
        log.warning(
            "a record is too large for Kafka; its bytes are in the quarantine folder",
            metadata: ["source": "\(source)", "bytes": "\(bytes.count)", "file": "\(digest)"])
        try publisher.write(to: topic, key: reference, value: [], headers: headers, on: ticket)
    }
}
