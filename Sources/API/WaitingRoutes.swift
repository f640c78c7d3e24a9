import Document
import Kafka
import Transports

/// What `status` in `/health` says.
enum HubState: String {
    case ok
    case starting
    case waiting = "waiting for the broker"
}

/// Who answers before there is a hub, as long as it waits for the broker or reads what it needs.
struct WaitingRoutes: Sendable {
    let broker: Settings

    var handler: HTTPHandler {
        { [self] request in
            let isAway = BrokerWatch.isAway(broker)
            guard request.path == "/health" else { return (isAway ? Refusal.brokerAway : Refusal.starting).response }
            let state: HubState = isAway ? .waiting : .starting
            let health: JSON = [
                "status": .string(state.rawValue), "partitions": 0, "of": 0, "readable": 0, "waiting": 0,
            ]
            return .json(503, health.utf8)
        }
    }
}
