/// What reading configuration brings up: problems, or, while describing, the keys.
final class Journal {
    /// Nothing is read: each call notes the key it would read.
    let describing: Bool
    /// Whether values that aren't set are empty: nothing is going to be used.
    let isLenient: Bool
    private(set) var problems: [Problem] = []
    private(set) var keys: [DeclaredKey] = []

    init(describing: Bool = false, isLenient: Bool = false) {
        self.describing = describing
        self.isLenient = isLenient
    }

    func report(_ message: String, at place: Place?) {
        if !describing { problems.append(Problem(place: place, message: message)) }
    }

    func note(_ path: String, kind: String, standard: Standard, about: String) {
        // A shape that occurs in several variants is described once.
        guard describing, !keys.contains(where: { $0.path == path }) else { return }
        keys.append(DeclaredKey(path: path, kind: kind, standard: standard, about: about))
    }

    /// Throws what was reported, if anything was.
    func check() throws(ConfigurationError) {
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}

/// A key as the reference shows it.
struct DeclaredKey {
    let path: String
    let kind: String
    let standard: Standard
    let about: String
}
