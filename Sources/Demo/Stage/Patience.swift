/// What looking once shows.
enum Look<Value> {
    /// What was waited for.
    case there(Value)
    /// Not yet: what was seen instead, for whoever asks why.
    case notYet(String)
}

/// Somebody pressed Ctrl-C, or asked the demonstration to end.
struct Interrupted: Error {}

/// A step that didn't come true in time.
struct TooLate: Error {
    let step: String
    let limit: Duration
    let seen: String
}

/// Waits for conditions, each with a deadline, as long as nobody asks to stop and every process lives.
struct Patience {
    let screen: Screen
    /// Throws when it makes no sense to wait any longer.
    let check: () throws -> Void

    /// Looks again and again until it is there.
    ///
    /// An error counts as what was seen: systems are away for moments here, on purpose.
    func wait<Value>(
        for step: String, within limit: Duration, every pace: Duration = .milliseconds(15),
        _ look: () throws -> Look<Value>
    ) throws -> Value {
        let start = ContinuousClock.now
        var nextWord = start + .seconds(1)
        defer { screen.busy(nil) }
        while true {
            try check()
            let seen: String
            do {
                switch try look() {
                case .there(let value): return value
                case .notYet(let what): seen = what
                }
            } catch let error as Interrupted {
                throw error
            } catch {
                seen = "\(error)"
            }
            let now = ContinuousClock.now
            if now - start > limit { throw TooLate(step: step, limit: limit, seen: seen) }
            if now > nextWord {
                screen.busy("\(step): \(seen)")
                nextWord = now + .milliseconds(250)
            }
            Clock.rest(pace)
        }
    }
}
