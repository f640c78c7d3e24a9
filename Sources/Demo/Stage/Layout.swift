/// Where everything of one run lies and listens, and the environment that tells the hub and the connectors so.
///
/// Pure: it opens nothing.
package struct Layout: Sendable {
    /// The run's own folder.
    package let folder: String
    /// `host:port` of the broker.
    package let broker: String
    /// Whether that is the embedded one.
    package var isEmbedded = true
    /// With what the run's topics begin.
    package let prefix: String
    package let ports: Ports
    package let secrets: Secrets

    /// Ports on 127.0.0.1.
    package struct Ports: Sendable {
        package var api: Int
        package var shop: Int
        package var crm: Int
        /// Where the shop's connector takes webhooks.
        package var webhooks: Int
    }

    /// Tokens of this run alone.
    package struct Secrets: Sendable {
        package var shop: String
        package var crm: String
        package var webhooks: String
    }

    package var brokerFolder: String { folder + "/broker" }
    package var data: String { folder + "/data" }
    package var logs: String { folder + "/logs" }
    package var apiURL: String { "http://127.0.0.1:\(ports.api)" }
    package var shopURL: String { "http://127.0.0.1:\(ports.shop)" }
    package var crmURL: String { "http://127.0.0.1:\(ports.crm)" }
    package var tillDatabase: String { folder(of: "till") + "/till.db" }

    /// The folder of one of the five systems.
    package func folder(of system: String) -> String { "\(folder)/systems/\(system)" }

    /// The file to which a process writes.
    package func log(of process: String) -> String { "\(logs)/\(process).log" }

    /// The file where the supervisor notes a process's id.
    package func pidFile(of process: String) -> String { "\(data)/run/\(process).pid" }

    /// What `omni.yaml` and `Connectors/*/connector.yaml` ask the environment for.
    package var variables: [String: String] {
        [
            "OMNI_BROKER": broker, "OMNI_PREFIX": prefix, "OMNI_DATA": data, "OMNI_API": "127.0.0.1:\(ports.api)",
            "OMNI_TRANSACTIONAL_ID": isEmbedded ? "per-start" : "stable", "TILL_DB": tillDatabase,
            "SHOP_URL": shopURL, "SHOP_TOKEN": secrets.shop,
            "SHOP_WEBHOOK_LISTEN": "127.0.0.1:\(ports.webhooks)", "SHOP_WEBHOOK_SECRET": secrets.webhooks,
            "CRM_URL": crmURL, "CRM_TOKEN": secrets.crm, "CRM_COMPARE": "2s",
            "IMPORTER_FOLDER": folder(of: "importer"), "WHOLESALER_FOLDER": folder(of: "wholesaler"),
        ]
    }

    /// A process's own environment with the run's variables over it.
    package func environment(over own: [String: String]) -> [String: String] { own.merging(variables) { $1 } }

    /// The variables that a configuration's text wants from the environment and has no default for: `${env:NAME}`.
    static func required(by text: String) -> Set<String> {
        var names: Set<String> = []
        var rest = text[...]
        while let open = rest.firstRange(of: "${env:") {
            let isLiteral = rest[..<open.lowerBound].hasSuffix("$")
            rest = rest[open.upperBound...]
            guard let close = rest.firstIndex(of: "}") else { break }
            let inside = rest[..<close]
            if !isLiteral, !inside.contains(":-") { names.insert(String(inside)) }
        }
        return names
    }
}
