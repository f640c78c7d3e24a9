/// How rough one simulation is. Each seed draws its own: most bugs show where some things happen often and others never.
package struct Profile {
    /// How many calls lie between two disturbances, on average.
    package var calm: Int
    /// What a disturbance is, by weight.
    package var crashes: Int
    package var freezes: Int
    package var yields: Int
    package var pauses: Int
    /// How often a call to the broker fails, in a million.
    package var faults: Int
    /// How often a call to the local store fails, in a million.
    package var storeFaults: Int
    /// How often a hub process joins or leaves by itself, in a million of a scheduler's rounds.
    package var comings: Int
    /// How often machines' clocks jump, in a million of a scheduler's rounds.
    package var jumps: Int
    /// How often the broker compacts, in a million of a scheduler's rounds.
    package var compactions: Int
    /// How many records a poll hands out at most.
    package var batch: Int
    /// Hub processes at a time.
    package var hubs: Int
    /// Partitions of a domain.
    package var partitions: Int
    /// How long the markers of a transaction take at most, in milliseconds.
    package var markers: Int
    /// Whether a topic may take nothing for a while.
    package var hasRefusals: Bool

    /// A quiet one: nothing goes wrong.
    package static let quiet = Profile(
        calm: 1 << 40, crashes: 0, freezes: 0, yields: 1, pauses: 0, faults: 0, storeFaults: 0, comings: 0, jumps: 0,
        compactions: 0, batch: 2_000, hubs: 1, partitions: 1, markers: 1,
        hasRefusals: false)

    /// As rough as a seed wants it.
    package static func drawn(_ random: Randomness) -> Profile {
        Profile(
            calm: random.pick([20, 60, 200, 1_000]),
            crashes: random.pick([0, 1, 3, 10]),
            freezes: random.pick([0, 0, 1, 4]),
            yields: random.pick([10, 20]),
            pauses: random.pick([0, 5]),
            faults: random.pick([0, 0, 2_000, 20_000, 100_000]),
            storeFaults: random.pick([0, 0, 0, 500, 5_000, 50_000]),
            comings: random.pick([0, 1_000, 10_000, 40_000]),
            jumps: random.pick([0, 0, 0, 2_000]),
            compactions: random.pick([0, 5_000, 50_000]),
            batch: random.pick([1, 3, 10, 40, 2_000]),
            hubs: random.pick([1, 2, 2, 3]),
            partitions: random.pick([1, 2, 3]),
            markers: random.pick([0, 5, 50, 3_000]),
            hasRefusals: true)
    }
}
