package import Canonical
import Installation

/// What all houses share: this repository's own connectors, rules and mappings, as far as they speak of what is simulated.
package struct HousePlan: Sendable {
    /// What a house deals with.
    package enum Trade: String, CaseIterable, Sendable {
        case goods
        case people
        case both
    }

    package let model: Model
    package let kinds: KindCatalog
    package let names: TopicNames
    /// The connectors of each trade, by their names.
    private let connectors: [Trade: [ConnectorPlan]]

    /// The sources and sinks that have a simulated system behind them.
    private static let goods: [String: Set<String>] = [
        "retailer": ["articles", "counts", "products"], "ecommerce": ["products"], "importer": ["prices", "products"],
        "wholesaler": ["articles", "products"],
    ]
    private static let people: [String: Set<String>] = [
        "retailer": ["customers", "people"], "ecommerce": ["customers", "people"], "crm": ["contacts", "people"],
    ]

    /// - Parameter repository: the folder of this repository.
    package init(repository: String) throws {
        let variables = [
            "OMNI_BROKER": "127.0.0.1:1", "TILL_DB": "/nowhere/till", "SHOP_URL": "http://shop", "SHOP_TOKEN": "token",
            "SHOP_WEBHOOK_SECRET": "secret", "IMPORTER_FOLDER": "/nowhere/importer",
            "WHOLESALER_FOLDER": "/nowhere/wholesaler", "CRM_URL": "http://crm", "CRM_TOKEN": "token",
        ]
        let installation = try Installation.load(
            folder: repository, surroundings: Surroundings(variable: { variables[$0] }, file: { _ in nil }))
        model = try installation.model()
        kinds = try KindCatalog(model)
        names = TopicNames(prefix: "house")
        var connectors: [Trade: [ConnectorPlan]] = [:]
        for trade in Trade.allCases {
            var parts = trade == .people ? [:] : Self.goods
            if trade != .goods { parts.merge(Self.people) { $0.union($1) } }
            for (name, parts) in parts.sorted(by: { $0.key < $1.key }) {
                let settings = Self.simulated(try installation.connector(name), parts)
                connectors[trade, default: []].append(try ConnectorPlan(settings, model, kinds, names))
            }
        }
        self.connectors = connectors
    }

    private static func simulated(_ settings: ConnectorSettings, _ parts: Set<String>) -> ConnectorSettings {
        var settings = settings
        settings.sources.removeAll { !parts.contains($0.name) }
        settings.sinks.removeAll { !parts.contains($0.name) }
        // A simulation has minutes, not days.
        settings.onError.longest = .seconds(10)
        for index in settings.sources.indices {
            settings.sources[index].page = 4
            // Of three products one is a third: a share says nothing of so few. Lists of suppliers keep theirs: what the importer
            // withdraws goes everywhere, and of that more is known to go wrong still (docs/decisions/0010).
            if case .poll = settings.sources[index].from.transport { settings.sources[index].deletesAtMost = 100 }
            if settings.sources[index].compare != nil { settings.sources[index].compare = .seconds(25) }
        }
        return settings
    }

    /// The connectors of a house.
    ///
    /// - Parameter isThere: whether a connector is in it.
    package func connectors(_ trade: Trade, _ isThere: (String) -> Bool) -> [ConnectorPlan] {
        connectors[trade]!.filter { isThere($0.settings.name) }
    }

    /// Who is given what.
    static func subscribers(_ connectors: [ConnectorPlan]) -> [String: [String]] {
        var subscribers: [String: Set<String>] = [:]
        for connector in connectors {
            for sink in connector.settings.sinks {
                subscribers[sink.of, default: []].insert(connector.settings.system)
            }
        }
        return subscribers.mapValues { $0.sorted() }
    }
}
