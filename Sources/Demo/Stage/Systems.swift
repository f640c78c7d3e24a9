import Document
import Transports

/// The five systems: the hands of those who work there, and what each of them shows.
package struct Systems {
    package let importer: Importer
    package let wholesaler: Wholesaler
    package let till: Till
    package let shop: WebClient
    package let crm: WebClient
    package let views: [any SystemView]

    /// Opens the offices and the till. The shop and the CRM are processes that must be running already.
    ///
    /// The till comes last: what it says is younger than what the others say, whoever else is faster that day.
    package init(_ layout: Layout) throws {
        importer = try Importer(folder: layout.folder(of: "importer"))
        wholesaler = try Wholesaler(folder: layout.folder(of: "wholesaler"))
        shop = WebClient(url: layout.shopURL, token: layout.secrets.shop)
        crm = WebClient(url: layout.crmURL, token: layout.secrets.crm)
        Clock.rest(.milliseconds(2))
        till = try Till(folder: layout.folder(of: "till"))
        views = [
            TillView(folder: layout.folder(of: "till")), ShopView(shop), CRMView(crm), DeskView(importer),
            DeskView(wholesaler),
        ]
    }

    /// What one of them shows.
    func view(_ system: String) throws -> any SystemView {
        guard let view = views.first(where: { $0.system == system }) else {
            throw DemoError("There is no system \(system).")
        }
        return view
    }

    /// One copy; nil when the system has none.
    func row(_ entity: String, _ key: String, in system: String) throws -> SystemRow? {
        try view(system).rows(of: entity).first { $0.key == key }
    }
}
