import Document
import Formats

/// The formats of systems' files.
enum Documents {
    /// Options that change how bytes are read.
    private static let options: [String: [JSON]] = [
        "csv": [.null, ["delimiter": ";"], ["quote": "none"], ["empty": "null", "short-rows": "fill"]],
        "json-lines": [.null], "xml": [.null, ["record": "/a/b"], ["record": "/a/b", "arrays": ["c"]]],
        "edifact": [.null, ["envelope": "optional"]],
    ]

    /// Reads all records. Each is a value on the tape; positions rise; the reader comes to an end.
    static func read(_ name: String, _ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let choices = options[name]!
        // swift-format-ignore: NeverUseForceTry
        let format = try! FormatCatalog.format(named: name, options: choices[Int(first) % choices.count])
        Array(bytes.dropFirst()).withUnsafeBytes { bytes in
            guard var reader = try? format.reader(over: bytes) else { return }
            var tape = Tape()
            // A record takes a byte at least, and so does what is refused.
            for _ in 0...(bytes.count + 8) {
                do throws(FormatError) {
                    guard try reader.next(into: &tape) != nil else { return }
                    var writer = JSONWriter()
                    writer.write(tape.root)
                    var again = Tape()
                    check((try? again.parse(writer.bytes)) != nil, "a record is no JSON")
                } catch {
                    _ = error.description
                    if error.scope == .file { return }
                }
            }
            check(false, "the reader doesn't come to an end")
        }
    }
}
