import Document

extension Reader {
    /// A map with one entry, whose key names one of the given things: `{ db: { … } }`.
    mutating func one<Value>(
        _ key: String, of names: [String], _ about: String, _ read: (inout Reader) -> Value
    ) -> (name: String, value: Value)? {
        let setting = take(key, kind: "map", default: .required, about)
        if journal.describing {
            var reader = Reader(nil, title: key, path: "\(path).\(key).<connection>", place: nil, journal: journal)
            return ("", read(&reader))
        }
        guard let setting else { return nil }
        guard let entries = setting.entries, entries.count == 1 else {
            report("\(key) takes one connection: { <connection>: { … } }", key: key)
            return nil
        }
        if !names.contains(entries[0].key) {
            let help =
                entries[0].key.meant(among: names).map { "; did you mean \"\($0)\"?" }
                ?? "; there are: \(names.joined(separator: ", "))"
            journal.report("\(title): no connection is called \"\(entries[0].key)\"\(help)", at: entries[0].place)
        }
        var reader = Reader(
            entries[0].value, title: "\(title), \(key)", path: "\(path).\(key).<connection>", place: entries[0].place,
            journal: journal)
        let value = read(&reader)
        reader.finish()
        return (entries[0].key, value)
    }

    /// A map from names to queries.
    mutating func queries(_ key: String, _ about: String) -> [OutboxReading.Lookup] {
        guard let setting = take(key, kind: "map of SQL queries", default: .none, about) else { return [] }
        guard let entries = setting.entries else {
            report("\(key) must be a map of queries", key: key)
            return []
        }
        return entries.compactMap { entry in
            guard case .text(let query, _) = entry.value.content else {
                journal.report("\(title): \(key): a query is a text", at: entry.place)
                return nil
            }
            return OutboxReading.Lookup(name: entry.key, query: query)
        }
    }
}
