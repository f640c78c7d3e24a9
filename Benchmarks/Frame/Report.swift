import Document
import Glibc
import TestBroker

extension Bench {
    /// Prints the table, and behind it one JSON object, on a line of its own.
    func report() {
        let rows = figures.map { figure in
            [
                figure.name, "\(short(figure.value)) \(figure.unit)",
                figure.beside.map { "\(short($0.value)) \($0.name)" } ?? "", relation(figure),
                figure.target?.text ?? "", figure.isMet.map { $0 ? "met" : "NOT MET" } ?? "",
            ]
        }
        print(table([["figure", "value", "beside", "reached", "target", ""]] + rows))
        print(json.text)
    }

    private func relation(_ figure: Figure) -> String {
        switch figure.target {
        case .excessAtMost: (figure.reached < 0 ? "" : "+") + short(figure.reached)
        case .atLeast, .atMost: ""
        case .ratioAtLeast, .ratioAtMost, nil: figure.beside.map { "\(short(figure.value / $0.value))x" } ?? ""
        }
    }

    /// The first column to the left, numbers to the right.
    private func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let fill = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + fill : fill + text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private var json: JSON {
        let broker: JSON = self.broker.isEmbedded ? "embedded" : .string(self.broker.bootstrapServers)
        return [
            "cores": .number(Number(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))), "broker": broker,
            "scale": number(scale), "figures": .array(figures.map(json(of:))),
        ]
    }

    private func json(of figure: Figure) -> JSON {
        var members: [JSON.Member] = [
            .init("name", .string(figure.name)), .init("value", number(figure.value)),
            .init("unit", .string(figure.unit)),
        ]
        if let beside = figure.beside {
            members.append(.init("beside", ["name": .string(beside.name), "value": number(beside.value)]))
        }
        if let target = figure.target, let isMet = figure.isMet {
            members.append(.init("target", .string(target.text)))
            members.append(.init("reached", number(figure.reached)))
            members.append(.init("met", .bool(isMet)))
        }
        return .object(members)
    }

    private func number(_ value: Double) -> JSON {
        Number((value * 1000).rounded() / 1000).map { .number($0) } ?? .null
    }
}
