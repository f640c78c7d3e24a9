import Canonical
import Glibc
import Kafka
import TestHub

/// A connector's source: lines of JSON from a file, parsed, mapped, validated and published. Beside it what publishing
/// alone takes.
enum SourceSpeed: Measurement {
    static let name = "source"
    static let about = "a connector's source path, from a file of JSON lines"

    private static let yaml = """
        system: bench
        connections:
          out: { folder: "${env:SYSTEM}/out" }
        sources:
          articles:
            from: { out: { files: "*.jsonl", settled: 0s } }
            map: map.jsonata
            of: product
        """
    private static let mapping = """
        {
            "product": {
                "gtin": $omni_gtin(ean), "name": name, "description": description, "brand": brand,
                "category": category, "price": price, "currency": currency, "image": image, "labels": labels
            },
            "self": id,
            "at": updated_at
        }
        """

    static func run(_ bench: Bench) throws -> [Figure] {
        let count = bench.count(400_000, atLeast: 40_000)
        let shop = try Workshop(bench, "bench", yaml: yaml, mapping: mapping)
        defer { shop.plant.sweep(bench) }
        let path = "\(shop.system)/out/articles.jsonl"
        guard let file = fopen("\(path).part", "w") else { throw BenchError("can't write \(path)") }
        for number in 0..<count { fputs(Articles.line(number) + "\n", file) }
        fclose(file)
        rename("\(path).part", path)
        let child = try shop.start()
        let cpu = try shop.watch(child) { access("\(shop.system)/out/done/articles.jsonl", F_OK) == 0 }
        try child.stop()
        let limit = try produceAlone(shop.plant, count)
        return [
            Figure(
                name: "source/rate", value: Double(count) / cpu, unit: "records a CPU-s",
                beside: .init(name: "publishing alone", value: Double(count) / limit), target: .atLeast(200_000)),
            Figure(name: "source/memory", value: Double(child.memory) / 1e6, unit: "MB", target: .atMost(40)),
        ]
    }

    /// As many records of the same size, with as many headers, by the same producer.
    private static func produceAlone(_ plant: Plant, _ count: Int) throws -> Double {
        // As a connector has it.
        let producer = try plant.producer(["linger.ms": "100", "queue.buffering.max.kbytes": "16384"])
        let topic = plant.names.input(domain: "product")
        let golden = Articles.golden(1, revision: 1)
        let (value, key) = (Array(golden.value.utf8), Array(golden.key.utf8))
        let start = ownCPU()
        for _ in 0..<count {
            var headers = Headers(capacity: 12)
            for header in golden.headers.prefix(9) { headers.add(header.name, header.text) }
            try producer.produce(to: topic, key: key.span.bytes, value: value.span.bytes, headers: headers)
        }
        try producer.flush(timeout: .seconds(300))
        return ownCPU() - start
    }
}
