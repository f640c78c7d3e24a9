import Canonical
import Consistency
import Document
import Hub

/// Where a product is, how much of it, and how old that knowledge is.
struct Availability {
    let hub: HubProcess

    /// Every place that knows the product.
    func of(_ product: String, now: Tick) throws -> JSON {
        var places: [JSON] = []
        guard let entity = hub.model.entity("stock") else { throw Refusal(404, "this installation keeps no stock") }
        let topic = hub.names.input(domain: entity.domain)
        let engine = Engine(model: hub.model, subscribers: [:])
        var failure: (any Error)?
        if !hub.readable.contains(where: { $0.domain == "stock" }) { try Records(hub: hub).requireAll(of: "stock") }
        let known = hub.readable.filter { $0.domain == "stock" }
        let isPartial = known.count < hub.allPartitions.count { $0.domain == "stock" }
        for partition in known.sorted(by: { $0.partition < $1.partition }) {
            try hub.store.scan(partition, keysFrom: Array("\(product)@".utf8)) { _, state in
                do {
                    let golden = try engine.golden(of: entity.name, state: Array(state))
                    guard let document = golden?.document else { return true }
                    var place = Self.dated(try JSON(parsing: document), now)
                    let source = try Engine.source(ofPosition: Array(state))
                    place["source"] = source.map { .string($0.system) } ?? .null
                    place["from"] = source.map { .string("\(topic)\($0.origin)") } ?? .null
                    places.append(place)
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        }
        if let failure { throw failure }
        if places.isEmpty, !isPartial, let products = hub.model.entity("product"),
            try Records(hub: hub).record(products, product) == nil
        {
            throw Refusal(404, "there is no product '\(product)', and no stock of it")
        }
        places.sort { ($0["place"]?.string ?? "") < ($1["place"]?.string ?? "") }
        var answer: JSON = ["product": .string(product), "places": .array(places)]
        // Other places may be other hubs': nobody may take this for all there is.
        if isPartial { answer["partial"] = true }
        return answer
    }

    private static func dated(_ position: JSON, _ now: Tick) -> JSON {
        guard case .object(var members) = position else { return position }
        members.removeAll { $0.key == "product" }
        if let asOf = position["asOf"]?.string.flatMap({ Tick(rfc3339: $0) }) {
            members.append(.init("ageMs", .number(Number(Int(max(0, now.milliseconds - asOf.milliseconds))))))
        }
        return .object(members)
    }
}
