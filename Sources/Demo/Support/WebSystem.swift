import Glibc
import Transports

/// A web system that listens.
protocol WebSystem: Sendable {
    var server: HTTPServer { get }
}

/// Waits for the end that a signal brings. Nothing needs to be saved then: every answer was committed before it was given.
func serveForEver() -> Never {
    while true { pause() }
}
