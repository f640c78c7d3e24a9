/// What is configured doesn't fit the system: nothing passes by itself, somebody must change one of them.
struct WrongSetting: Error, CustomStringConvertible {
    /// What doesn't fit, and what would.
    let description: String

    init(_ description: String) { self.description = description }
}
