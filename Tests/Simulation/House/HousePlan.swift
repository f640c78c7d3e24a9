package import Canonical
import Installation

/// What all houses share: this repository's own connectors, rules and mappings, as far as they speak of the entities that are simulated.
package struct HousePlan: Sendable {
    package let model: Model
    package let kinds: KindCatalog
    package let names: TopicNames
    package let connectors: [ConnectorPlan]
    package let subscribers: [String: [String]]

    /// The sources and sinks that have a simulated system behind them.
    private static let parts: [String: Set<String>] = [
        "retailer": ["articles", "products"], "ecommerce": ["products"], "importer": ["prices", "products"],
    ]

    /// - Parameter repository: the folder of this repository.
    package init(repository: String) throws {
        let nowhere = ["OMNI_BROKER": "127.0.0.1:1"]
        let variables = [
            "TILL_DB": "/nowhere/till", "SHOP_URL": "http://shop", "SHOP_TOKEN": "token",
            "SHOP_WEBHOOK_SECRET": "secret",
            "IMPORTER_FOLDER": "/nowhere/importer", "CRM_URL": "http://crm", "CRM_TOKEN": "token",
        ].merging(nowhere) { $1 }
        let installation = try Installation.load(
            folder: repository, surroundings: Surroundings(variable: { variables[$0] }, file: { _ in nil }))
        model = try installation.model()
        kinds = try KindCatalog(model)
        names = TopicNames(prefix: "house")
        var connectors: [ConnectorPlan] = []
        var subscribers: [String: Set<String>] = [:]
        for (name, parts) in Self.parts.sorted(by: { $0.key < $1.key }) {
            var settings = try installation.connector(name)
            settings.sources.removeAll { !parts.contains($0.name) }
            settings.sinks.removeAll { !parts.contains($0.name) }
            // A simulation has minutes, not days.
            settings.onError.longest = .seconds(10)
            for index in settings.sources.indices {
                settings.sources[index].page = 4
                if settings.sources[index].compare != nil { settings.sources[index].compare = .seconds(25) }
            }
            for sink in settings.sinks { subscribers[sink.of, default: []].insert(settings.system) }
            connectors.append(try ConnectorPlan(settings, model, kinds, names))
        }
        self.connectors = connectors
        self.subscribers = subscribers.mapValues { $0.sorted() }
    }
}
