package import Canonical
import Document

#if canImport(Glibc)
    import Glibc
#endif

/// The entities of the simulation: this repository's schemas of products and stock, under rules of every strategy.
package enum SimulatedModel {
    /// The systems, in the order of the rules.
    package static let systems = ["importer", "shop", "till"]

    private static let rules: [String: JSON] = [
        "product": [
            "key": "gtin", "default": ["latest": "any"], "delete": ["owner": "importer"],
            "fields": [
                "name": ["priority": ["shop", "importer", "till"]], "description": ["owner-only": "shop"],
                "price": ["latest": ["till", "importer"]], "currency": ["with": "price"],
                "brand": "most-complete", "costPrice": "max", "labels": ["union": ["by": "code"]],
            ],
        ],
        "stock": ["ledger": ["skew": "1s", "horizon": "30d", "remember": "30d", "backorder": 0]],
    ]

    /// Loads it from the folder of the schemas.
    package static func load(_ folder: String = repository + "/Schemas") throws -> Model {
        var sources: [Model.Source] = []
        for entity in ["product", "stock", "reservation"] {
            let schema = try JSON(parsing: try read("\(folder)/\(entity).schema.json"))
            sources.append(Model.Source(entity: entity, schema: withoutReferences(schema), rules: rules[entity]))
        }
        return try Model(sources)
    }

    /// There are no other entities here that could be referred to.
    private static func withoutReferences(_ value: JSON) -> JSON {
        if let members = value.object {
            return .object(
                members.filter { $0.key != "x-reference" }.map { .init($0.key, withoutReferences($0.value)) })
        }
        if let elements = value.array { return .array(elements.map { withoutReferences($0) }) }
        return value
    }

    /// A schema that can't be read.
    struct Unreadable: Error { let file: String }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Unreadable(file: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    /// The repository's root.
    package static var repository: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    }

    /// A GTIN of 14 digits with its check digit.
    package static func gtin(_ number: Int) -> String {
        let body = "0200000" + String(number + 100_000)
        let sum = body.utf8.enumerated().reduce(0) { $0 + Int($1.element - 48) * ($1.offset % 2 == 0 ? 3 : 1) }
        return body + String((10 - sum % 10) % 10)
    }
}
