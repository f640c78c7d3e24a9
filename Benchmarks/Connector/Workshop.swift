import Glibc
import Kafka
import TestHub

/// One connector in an installation of its own, run as `omni connect` runs it.
struct Workshop {
    let plant: Plant
    let bench: Bench
    let name: String
    /// The system's folder.
    var system: String { "\(plant.folder)/system" }

    /// - Parameters:
    ///   - yaml: its `connector.yaml`; `${env:SYSTEM}` is the system's folder.
    ///   - mapping: its `map.jsonata`.
    init(_ bench: Bench, _ name: String, yaml: String, mapping: String) throws {
        self.bench = bench
        self.name = name
        plant = try Plant(partitions: 3, connectors: [name: yaml])
        try Plant.write("\(plant.folder)/Connectors/\(name)/map.jsonata", mapping)
        for folder in ["system", "system/out", "system/in"] { mkdir("\(plant.folder)/\(folder)", 0o755) }
    }

    func start(log: String = "connector.log") throws -> Child {
        let program = "\(bench.programs)/omni"
        guard access(program, X_OK) == 0 else { throw BenchError("there is no \(program): `make build`") }
        return try Child(
            program, ["connect", name, "-C", plant.folder],
            environment: ["DATA": "\(plant.folder)/var", "SYSTEM": system], log: "\(plant.folder)/\(log)")
    }

    /// Looks at the connector until something is so; returns what it took of the processor until then.
    func watch(_ child: Child, seconds patience: Double = 600, until isDone: () throws -> Bool) throws -> Double {
        let end = seconds() + patience
        while true {
            try child.look()
            if try isDone() { return try child.cpu() }
            guard seconds() < end else { throw BenchError("\(name) doesn't come to an end: \(child.log)") }
            usleep(20_000)
        }
    }
}

/// Products of about 1 KB.
enum Articles {
    /// A GTIN-13 of a number, with its check digit.
    static func ean(_ number: Int) -> String {
        let digits = String(number)
        let text = "64" + String(repeating: "0", count: 10 - digits.count) + digits
        let sum = text.utf8.enumerated().reduce(0) { $0 + Int($1.element - 48) * ($1.offset % 2 == 1 ? 3 : 1) }
        return text + String((10 - sum % 10) % 10)
    }

    static let filler = String(repeating: "A corner sofa of birch and wool, made in Lahti. ", count: 12)

    /// An article as a shop's export has it, a line of JSON.
    static func line(_ number: Int) -> String {
        let ean = ean(number)
        return #"{"id":\#(number),"ean":"\#(ean)","name":"Corner sofa \#(number)","description":"\#(filler)","#
            + #""brand":"Saari","category":"sofas","price":\#(100 + number % 900).\#(10 + number % 90),"currency":"EUR","#
            + #""image":"https://img.example.org/p/\#(number)/front.jpg","updated_at":"2026-03-01T12:00:00Z","#
            + #""stock":{"place":"helsinki-1","quantity":\#(number % 100)},"weight":84.5,"#
            + #""labels":[{"code":"FSC","text":"Wood from managed forests"}]}"#
    }

    /// The golden record of an article, and its headers.
    static func golden(_ number: Int, revision: Int) -> (
        key: String, headers: [(name: String, text: String)], value: String
    ) {
        let key = "0" + ean(number)
        let value =
            #"{"gtin":"\#(key)","name":"Corner sofa \#(number)","description":"\#(filler)","brand":"Saari","#
            + #""category":"sofas","price":\#(100 + number % 900).\#(10 + revision % 90),"currency":"EUR","#
            + #""image":"https://img.example.org/p/\#(number)/front.jpg","assortment":["shop","till"],"#
            + #""labels":[{"code":"FSC","text":"Wood from managed forests"}]}"#
        return (
            key,
            [
                ("ce_specversion", "1.0"), ("ce_id", "bench-\(number)-\(revision)"), ("ce_source", "/hub"),
                ("ce_type", "omni.product.golden"), ("ce_subject", key), ("ce_time", "2026-03-01T12:00:00Z"),
                ("ce_dataschema", "urn:omni:product:1"), ("content-type", "application/json"),
                ("ce_revision", "\(revision)"), ("ce_epoch", "1"), ("ce_rules", "bench"),
            ], value
        )
    }
}
