/// Somebody else does this process' work by now: it has to end, and whoever is started next takes up what was left.
package struct Overtaken: Error, CustomStringConvertible {
    package let description: String

    private init(_ what: String) {
        description =
            "\(what) was written by somebody else since: one process at a time does so; this one ends, start it again"
    }

    /// A file that is handed over whole.
    static func file(_ path: String) -> Overtaken { Overtaken(path) }

    /// A table that is read and written.
    static func table(_ name: String) -> Overtaken { Overtaken("the table \"\(name)\"") }
}
