import Canonical
import Consistency
import Document
import Hub
import Installation
import Transports

/// What operators ask: why a field holds what it holds, and which copies disagree.
extension Routes {
    func operations(_ router: inout Router) {
        on(&router, .get, "/v1/why/{entity}/{key}/{field}") { request in
            try why(
                request.parameters["entity"] ?? "", request.parameters["key"] ?? "", request.parameters["field"] ?? "")
        }
        on(&router, .get, "/v1/drift") { request in
            try DriftReport(hub: hub, grace: settings.grace).make(entity: request.query["entity"], now: now())
        }
    }

    private func why(_ name: String, _ key: String, _ field: String) throws -> JSON {
        let records = Records(hub: hub)
        let entity = try records.entity(name)
        guard let state = try records.state(entity, key) else { throw Refusal(404, "there is no \(name) '\(key)'") }
        guard entity.engine != .stock else {
            throw Refusal(
                422,
                "a stock position is added up from counts, movements and holds, not chosen: 'get' shows it with its asOf"
            )
        }
        let engine = Engine(model: hub.model, subscribers: hub.subscribers)
        guard let found = try engine.explain(field: field, of: name, state: state) else {
            throw Refusal(404, "nobody said anything about '\(field)' of \(name) '\(key)'")
        }
        let topic = hub.names.input(domain: entity.domain)
        return [
            "entity": .string(name), "key": .string(key), "field": .string(field), "value": found.value ?? .null,
            "rule": .string(found.rule), "revision": .number(Number(Int(found.revision))),
            "claims": .array(
                found.claims.map { claim in
                    [
                        "system": .string(claim.system), "value": claim.value,
                        "at": claim.stamp.isKnown ? .string(claim.stamp.rfc3339) : .null,
                        "verdict": .string(claim.verdict.rawValue), "from": .string("\(topic)\(claim.origin)"),
                    ]
                }),
            "links": .array(
                try engine.links(of: name, state: state).map { link in
                    [
                        "one": .string(link.one.key), "other": .string(link.other.key), "reason": .string(link.reason),
                    ]
                }),
        ]
    }
}
