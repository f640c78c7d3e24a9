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
        let key = Self.key(reference)
        var headers: [(name: String, text: String)] = [
            ("omni_reason", Self.shortened(reason)), ("omni_source", source), ("omni_reference", key),
        ]
        if isUnread { headers.append(("omni_unread", "true")) }
        if let place { headers.append(("omni_position", Self.shortened(place, to: 500))) }
        guard bytes.count > publisher.largest else {
            return try publisher.write(to: topic, key: key, value: bytes, headers: Headers(headers), on: ticket)
        }
        let digest = Hex.encode(SHA256.digest(bytes))
        // The name is the digest: a repetition finds its file.
        do throws(SystemError) {
            try Folders.create(quarantine, mode: 0o700)
            try AtomicFile.replace("\(quarantine)/\(digest)", with: bytes, mode: 0o600)
        } catch {
            // A full disk may be emptied; the record is read again.
            throw SystemFailure("quarantine: \(error)")
        }
        headers += [
            ("omni_digest", "sha-256=\(digest)"), ("omni_bytes", String(bytes.count)), ("omni_quarantine", digest),
        ]
        log.warning(
            "a record is too large for Kafka; its bytes are in the quarantine folder",
            metadata: ["source": "\(source)", "bytes": "\(bytes.count)", "file": "\(digest)"])
        try publisher.write(to: topic, key: key, value: [], headers: Headers(headers), on: ticket)
    }

    /// As much of a text as the headers have room for.
    private static func shortened(_ text: String, to most: Int = 1500) -> String {
        guard text.utf8.count > most else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: most)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            text.utf8.formIndex(before: &end)
        }
        return String(text[..<end]) + "…"
    }

    /// A reference as a key: what is too long goes by its digest, so that a repetition has the same.
    private static func key(_ reference: String) -> String {
        guard reference.utf8.count > 500 else { return reference }
        return shortened(reference, to: 400) + "#" + Hex.encode(Array(SHA256.digest(Array(reference.utf8)).prefix(16)))
    }
}
