import Glibc

/// Waits for the end that a signal brings. Nothing needs to be saved then: every answer was committed before it was given.
func serveForEver() -> Never {
    // A webhook's receiver that hangs up must not end the shop.
    signal(SIGPIPE, SIG_IGN)
    while true { pause() }
}
