import Document
import Formats

/// All that a reader made of an input.
struct Reading {
    var records: [JSON] = []
    var positions: [RecordPosition] = []
    var errors: [FormatError] = []
    var notices: [FormatNotice] = []
    /// What was read of records that were refused, as JSON texts.
    var rests: [String] = []

    /// The records as JSON texts.
    var texts: [String] { records.map(\.text) }

    init(_ format: any Format, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            do throws(FormatError) {
                var reader = try format.reader(over: buffer)
                var tape = Tape()
                while step(&reader, &tape) {}
            } catch {
                errors.append(error)
            }
        }
    }

    /// Reads one record; false at the end.
    private mutating func step(_ reader: inout any RecordReader, _ tape: inout Tape) -> Bool {
        defer { notices += reader.takeNotices() }
        do throws(FormatError) {
            guard let position = try reader.next(into: &tape) else { return false }
            records.append(JSON(tape.root))
            positions.append(position)
        } catch {
            errors.append(error)
            if error.leavesRest { rests.append(JSON(tape.root).text) }
        }
        return true
    }

    init(_ format: any Format, _ text: String) { self.init(format, Array(text.utf8)) }

    /// Reads with a format as configurations name it.
    init(_ configuration: JSON, _ text: String) throws {
        self.init(try FormatCatalog.format(configuration), Array(text.utf8))
    }

    init(_ configuration: JSON, _ bytes: [UInt8]) throws {
        self.init(try FormatCatalog.format(configuration), bytes)
    }
}

/// Writes documents with a format as configurations name it.
func written(_ configuration: JSON, _ documents: [JSON]) throws -> [UInt8] {
    try written(FormatCatalog.format(configuration), documents)
}

func written(_ format: any Format, _ documents: [JSON]) throws -> [UInt8] {
    var writer = try format.writer()
    for document in documents {
        var tape = Tape()
        let node = tape.append(document)
        tape.setRoot(node)
        try writer.write(tape.root)
    }
    try writer.finish()
    return writer.take()
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// A text of up to so many pieces.
    mutating func text(of pieces: [String], upTo count: Int) -> String {
        (0..<below(count + 1)).map { _ in pieces[below(pieces.count)] }.joined()
    }
}
