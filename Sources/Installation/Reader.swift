import Document

/// Reads one section (a map) of a configuration file, key by key.
///
/// The same calls that read a section also declare it: against a describing journal nothing is read, and every call notes
/// the key for the reference. So the reference can't drift from the code.
///
/// Problems are collected, not thrown: a person sees all of them at once. After one, the value is a stand-in.
struct Reader {
    let journal: Journal
    /// The section; nil when it is absent or only described.
    let section: Setting?
    /// The section's path in the reference: `sources.<name>`.
    let path: String
    /// The section as messages name it: `source "prices"`.
    let title: String
    private let place: Place?
    private var known: [String] = []

    init(_ setting: Setting?, title: String, path: String, place: Place?, journal: Journal) {
        self.journal = journal
        self.title = title
        self.path = path
        self.place = setting?.place ?? place
        if let setting, setting.entries == nil {
            if setting.content != .null { journal.report("\(title) must be a map of keys", at: setting.place) }
            section = nil
        } else {
            section = setting
        }
    }

    /// Where the section was written.
    var here: Place? { place }

    /// Whether the key is written here. While describing, every key counts as written.
    func has(_ key: String) -> Bool { journal.describing || section?[key] != nil }

    /// Reports a problem of the section.
    func report(_ message: String, key: String? = nil) {
        journal.report("\(title): \(message)", at: key.flatMap { section?[$0]?.place } ?? place)
    }

    /// The value at a key, noted as known; reports it missing when there is no default.
    mutating func take(_ key: String, kind: String, default standard: Standard, _ about: String) -> Setting? {
        known.append(key)
        journal.note(path.isEmpty ? key : "\(path).\(key)", kind: kind, standard: standard, about: about)
        guard let value = section?[key], value.content != .null else {
            if case .required = standard, let entry = section?.entries?.first(where: { $0.key == key }) {
                journal.report(
                    "\(title): \"\(key)\" has no value (\(about.firstSentence)); write one behind it", at: entry.place)
            } else if case .required = standard {
                report("lacks \"\(key)\" (\(about.firstSentence)); add \"\(key): …\"")
            }
            return nil
        }
        return value
    }

    /// Refuses every key that was not asked for.
    func finish() {
        guard !journal.describing else { return }
        for entry in section?.entries ?? [] where !known.contains(entry.key) {
            let near = entry.key.meant(among: known)
            let help =
                near.map { "did you mean \"\($0)\"?" }
                ?? "here may stand: \(known.sorted().joined(separator: ", "))"
            journal.report("\(title): unknown key \"\(entry.key)\"; \(help)", at: entry.place)
        }
    }

    // MARK: Sections

    /// A section inside this one. Absent, it is read as empty.
    mutating func inner<Value>(
        _ key: String, title: String? = nil, _ about: String, _ read: (inout Reader) -> Value
    ) -> Value {
        let setting = take(key, kind: "section", default: .none, about)
        return descend(setting, key: key, title: title ?? key, read)
    }

    /// A section inside this one, or nil when it isn't written.
    mutating func optionalInner<Value>(
        _ key: String, title: String? = nil, _ about: String, _ read: (inout Reader) -> Value
    ) -> Value? {
        let written = section?[key] != nil
        let setting = take(key, kind: "section", default: .none, about)
        guard written || journal.describing else { return nil }
        return descend(setting, key: key, title: title ?? key, read)
    }

    /// A map from names to sections.
    mutating func named<Value>(
        _ key: String, one: String, _ about: String, _ read: (String, inout Reader) -> Value
    ) -> [(name: String, value: Value)] {
        let setting = take(key, kind: "map", default: .none, about)
        if journal.describing {
            return [("<name>", descend(nil, key: "\(key).<name>", title: one) { read("<name>", &$0) })]
        }
        guard let setting else { return [] }
        guard let entries = setting.entries else {
            journal.report("\(key) must be a map from names to sections", at: setting.place)
            return []
        }
        return entries.map { entry in
            (
                entry.key,
                descend(entry.value, key: "\(key).<name>", title: "\(one) \"\(entry.key)\"", at: entry.place) {
                    read(entry.key, &$0)
                }
            )
        }
    }

    private func descend<Value>(
        _ setting: Setting?, key: String, title: String, at place: Place? = nil, _ read: (inout Reader) -> Value
    ) -> Value {
        var reader = Reader(
            setting, title: title, path: path.isEmpty ? key : "\(path).\(key)", place: place ?? self.place,
            journal: journal)
        let value = read(&reader)
        reader.finish()
        return value
    }
}

/// What a key means when it isn't written.
enum Standard {
    /// It must be written.
    case required
    /// Nothing: the feature is off, or decided elsewhere as the text says.
    case none
    /// This value.
    case value(String)
}

extension String {
    /// Up to the first full stop, for messages.
    var firstSentence: String {
        guard let end = firstRange(of: ". ") else { return hasSuffix(".") ? String(dropLast()) : self }
        return String(self[..<end.lowerBound])
    }
}
