import Document
import Testing

@testable import Mapping

/// What a mapping gives for an input, as JSON text; nil for undefined.
func map(
    _ source: String, _ input: String? = nil, bindings: [(name: String, value: JSON)] = [],
    options: MappingOptions = MappingOptions(), limits: EvaluationLimits = .standard
) throws -> String? {
    let mapping = try CompiledMapping(source: source, file: "test.jsonata", options: options)
    let context = EvaluationContext(
        milliseconds: 1_738_324_800_000, bindings: bindings, lookup: TestTables(), hash: TestHash(), limits: limits)
    func result(_ tape: inout Tape) throws -> String? {
        let node = try mapping.evaluate(input: input == nil ? nil : tape.root, tape: &tape, context: context)
        guard let node else { return nil }
        var writer = JSONWriter()
        writer.write(node)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
    var tape = Tape()
    if let input { try tape.parse(Array(input.utf8)) }
    let found = try result(&tape)
    guard let input else { return found }
    // A tape that knows the input's names finds them by another way.
    for _ in 0..<3 { try tape.parse(Array(input.utf8)) }
    #expect(try result(&tape) == found)
    return found
}

/// The error that compiling or evaluating ends in; nil when it ends well.
func mappingError(
    _ source: String, _ input: String? = nil, options: MappingOptions = MappingOptions(),
    limits: EvaluationLimits = .standard
) -> MappingError? {
    do {
        _ = try map(source, input, options: options, limits: limits)
        return nil
    } catch let error as MappingError {
        return error
    } catch MappingFailure.error(let error) {
        return error
    } catch {
        return nil
    }
}

/// Small tables of ids.
struct TestTables: Lookup {
    let system = "till"
    func key(of entity: String, system: String, id: String) -> String? {
        entity == "product" && system == "till" && id == "4711" ? "06438012345675" : nil
    }
    func id(of entity: String, system: String, key: String) -> String? {
        guard entity == "product", key == "06438012345675" else { return nil }
        return system == "till" ? "4711" : system == "shop" ? "A-1" : nil
    }
    func hasTable(_ name: String) -> Bool { name == "vat" }
    func decision(about reservation: String) -> [(column: String, value: String)]? {
        reservation == "8b0f" ? [("state", "confirmed")] : nil
    }
    func row(of table: String, key: String) -> [(column: String, value: String)]? {
        key == "FI-24" ? [("code", "FI-24"), ("rate", "25.5")] : nil
    }
}

/// SHA-1 (FIPS 180-4), for tests only: the product hands in its crypto library's.
struct TestHash: NameHash {
    func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var message = bytes + [0x80]
        while message.count % 64 != 56 { message.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: (bytes.count * 8) >> shift))
        }
        var hash: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        for block in stride(from: 0, to: message.count, by: 64) {
            var words = (0..<16).map { place in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(message[block + 4 * place + $1]) }
            }
            func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 { value << by | value >> (32 - by) }
            for place in 16..<80 {
                words.append(rotated(words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16], 1))
            }
            var (a, b, c, d, e) = (hash[0], hash[1], hash[2], hash[3], hash[4])
            for place in 0..<80 {
                let (f, k): (UInt32, UInt32) =
                    place < 20
                    ? ((b & c) | (~b & d), 0x5A82_7999)
                    : place < 40
                        ? (b ^ c ^ d, 0x6ED9_EBA1)
                        : place < 60 ? ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC) : (b ^ c ^ d, 0xCA62_C1D6)
                let next = rotated(a, 5) &+ f &+ e &+ k &+ words[place]
                (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
            }
            for (place, value) in [a, b, c, d, e].enumerated() { hash[place] = hash[place] &+ value }
        }
        return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    }
}
