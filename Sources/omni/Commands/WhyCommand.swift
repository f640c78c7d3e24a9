import ArgumentParser
import Canonical
import Document
import Installation
import Operations

/// `omni why ENTITY KEY FIELD`: who said what, and who won.
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Explains why a field of a golden record holds what it holds.",
        discussion: """
            EXAMPLE
              omni why product 09521234567899 price
              omni why customer 5f0c… address --show-personal-data
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The entity, for example 'product'.")
    var entity: String

    @Argument(help: "The golden record's key.")
    var key: String

    @Argument(help: "The field, for example 'price'.")
    var field: String

    func run() throws {
        let installation = try global.installation(isShort: true)
        let isPersonal = try installation.model().entity(entity)?.personal.contains(field) ?? false
        var answer = try APIClient(installation).get(["v1", "why", entity, key, field])
        if isPersonal, !output.showsPersonalData { answer = masked(answer) }
        if output.json {
            say(answer.text)
            return
        }
        say(
            "\(answer["value"]?.text ?? "null")   rule \(answer["rule"]?.string ?? "?"), revision \(answer["revision"]?.text ?? "?")"
        )
        var table = TextTable([
            ("", .left), ("value", .right), ("system", .left), ("when", .left), ("", .left), ("from", .left),
        ])
        for claim in answer["claims"]?.array ?? [] {
            let won = claim["verdict"] == "won"
            table.add([
                won ? "▸" : " ", claim["value"]?.text ?? "", claim["system"]?.string ?? "",
                claim["at"]?.string ?? "nobody knows", won ? "" : "(\(claim["verdict"]?.string ?? ""))",
                claim["from"]?.string ?? "",
            ])
        }
        say(table.text)
        for link in answer["links"]?.array ?? [] {
            say(
                "\(link["one"]?.string ?? "") and \(link["other"]?.string ?? "") are one: the same \(link["reason"]?.string ?? "")"
            )
        }
    }

    private func masked(_ answer: JSON) -> JSON {
        var answer = answer
        answer["value"] = answer["value"].map(Mask.hidden)
        answer["claims"] = .array(
            (answer["claims"]?.array ?? []).map { claim in
                var claim = claim
                claim["value"] = claim["value"].map(Mask.hidden)
                return claim
            })
        return answer
    }
}
