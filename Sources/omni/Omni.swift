import ArgumentParser

/// The one executable: the hub, the connectors, and the operator's commands.
@main
struct Omni: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "omni",
        abstract: "Keeps every system's copy of product, stock and customer the same, and proves it.")
}
