import Canonical
import Document

// I9: what the importer and the wholesaler were handed is what is golden, all of it and nothing else.

extension HouseAuditor {
    func auditFiles() {
        guard house.trade != .people else { return }
        for system in house.subscribers["product"] ?? [] where ["importer", "wholesaler"].contains(system) {
            var wanted: [String: String] = [:]
            for gtin in house.gtins {
                guard let golden = golden("product", gtin) else { continue }
                wanted[gtin] = ["name", "price", "currency"].map { Self.cell(golden[$0]) }.joined(separator: ",")
            }
            let text = house.scratch.text(of: "products.csv", in: system) ?? ""
            var held: [String: String] = [:]
            for line in text.split(whereSeparator: \.isNewline).dropFirst() {
                let cells = line.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
                held[String(cells[0])] = cells.count > 1 ? String(cells[1]) : ""
            }
            verdict.count("files")
            for gtin in house.gtins {
                verdict.check(
                    "I9", held[gtin] == wanted[gtin],
                    "\(system)'s file says \(held[gtin] ?? "nothing") of \(gtin), golden is \(wanted[gtin] ?? "nothing")"
                )
            }
        }
    }

    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case let value?: value.text
        }
    }
}
