import Document

extension Reader {
    /// A text that must be written, or has a default.
    mutating func text(_ key: String, default standard: String? = nil, _ about: String) -> String {
        let setting = take(
            key, kind: "text", default: standard.map(Standard.value) ?? .required, about)
        return setting.flatMap { scalar($0, key) } ?? standard ?? ""
    }

    /// A text that may be left out.
    mutating func optionalText(_ key: String, _ about: String) -> String? {
        take(key, kind: "text", default: .none, about).flatMap { scalar($0, key) }
    }

    /// A list of texts; one text alone is a list of one.
    mutating func texts(_ key: String, required: Bool = false, _ about: String) -> [String] {
        guard let setting = take(key, kind: "list of texts", default: required ? .required : .none, about) else {
            return []
        }
        if case .list(let elements) = setting.content { return elements.compactMap { scalar($0, key) } }
        return scalar(setting, key).map { [$0] } ?? []
    }

    /// A secret that may be left out.
    mutating func secret(_ key: String, _ about: String) -> Secret? { secret(key, default: .none, about) }

    /// A secret that must be written.
    mutating func requiredSecret(_ key: String, _ about: String) -> Secret {
        secret(key, default: .required, about) ?? Secret("")
    }

    private mutating func secret(_ key: String, default standard: Standard, _ about: String) -> Secret? {
        guard let setting = take(key, kind: "secret", default: standard, about), let text = scalar(setting, key) else {
            return nil
        }
        // Compose makes an empty text of a variable that nobody has set; with it anybody could sign.
        if text.isEmpty, !journal.isLenient {
            report("\(key) is empty: is the variable or file set that it comes from?", key: key)
        }
        return Secret(text)
    }

    /// A map from names to texts, any names.
    mutating func secrets(_ key: String, _ about: String) -> [(name: String, value: Secret)] {
        guard let setting = take(key, kind: "map of texts", default: .none, about) else { return [] }
        guard let entries = setting.entries else {
            report("\(key) must be a map of texts", key: key)
            return []
        }
        return entries.compactMap { entry in scalar(entry.value, entry.key).map { (entry.key, Secret($0)) } }
    }

    /// A map from names to integers.
    mutating func integers(_ key: String, in bounds: ClosedRange<Int>, _ about: String) -> [String: Int] {
        values(key, kind: "map of whole numbers", "whole numbers, \(bounds.lowerBound) to \(bounds.upperBound)", about)
        {
            Int($0).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// A map from names to spans of time.
    mutating func durations(_ key: String, _ about: String) -> [String: Duration] {
        values(key, kind: "map of times", "times such as 30s, 5m, 12h", about) { Duration(written: $0) }
    }

    private mutating func values<Value>(
        _ key: String, kind: String, _ expected: String, _ about: String, _ parse: (String) -> Value?
    ) -> [String: Value] {
        guard let setting = take(key, kind: kind, default: .none, about) else { return [:] }
        var values: [String: Value] = [:]
        for entry in setting.entries ?? [] {
            guard let text = scalar(entry.value, entry.key) else { continue }
            values[entry.key] = parse(text)
            if values[entry.key] == nil {
                journal.report("\(title): \(key) takes \(expected)", at: entry.value.place)
            }
        }
        if setting.entries == nil { report("\(key) must be a map of \(expected)", key: key) }
        return values
    }

    /// Any value, as JSON, with its place.
    mutating func any(_ key: String, kind: String = "any", required: Bool = false, _ about: String) -> Setting? {
        take(key, kind: kind, default: required ? .required : .none, about)
    }

    /// `true` or `false`.
    mutating func flag(_ key: String, default standard: Bool, _ about: String) -> Bool {
        guard let setting = take(key, kind: "true or false", default: .value("\(standard)"), about),
            let text = scalar(setting, key)
        else { return standard }
        if text == "true" || text == "false" { return text == "true" }
        report("\(key) must be true or false", key: key)
        return standard
    }

    /// An integer within bounds.
    mutating func integer(
        _ key: String, default standard: Int, in bounds: ClosedRange<Int>, _ about: String
    ) -> Int {
        optionalInteger(key, standard: .value("\(standard)"), in: bounds, about) ?? standard
    }

    /// An integer within bounds, or nil.
    mutating func optionalInteger(
        _ key: String, standard: Standard = .none, in bounds: ClosedRange<Int>, _ about: String
    ) -> Int? {
        let kind = "\(bounds.lowerBound)" + (bounds.upperBound == .max ? " or more" : " to \(bounds.upperBound)")
        guard let setting = take(key, kind: kind, default: standard, about), let text = scalar(setting, key)
        else { return nil }
        if let value = Int(text), bounds.contains(value) { return value }
        report("\(key) must be a whole number, \(kind)", key: key)
        return nil
    }

    /// A span of time.
    mutating func duration(_ key: String, default standard: String, _ about: String) -> Duration {
        optionalDuration(key, standard: .value(standard), about) ?? Duration(written: standard)!
    }

    /// A span of time, or nil.
    mutating func optionalDuration(_ key: String, standard: Standard = .none, _ about: String) -> Duration? {
        guard let setting = take(key, kind: "time", default: standard, about), let text = scalar(setting, key)
        else { return nil }
        if let value = Duration(written: text) { return value }
        report("\(key) must be a time such as 50ms, 30s, 5m, 12h, 7d, daily, hourly", key: key)
        return nil
    }

    /// One of a few words.
    mutating func choice<Choice>(_ key: String, default standard: Choice?, _ about: String) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        let words = Choice.allCases.map(\.rawValue)
        let setting = take(
            key, kind: words.joined(separator: " | "),
            default: standard.map { .value($0.rawValue) } ?? .required, about)
        let fallback = standard ?? Choice.allCases.first!
        guard let setting, let text = scalar(setting, key) else { return fallback }
        if let value = Choice(rawValue: text) { return value }
        let help = text.meant(among: words).map { "; did you mean \"\($0)\"?" } ?? ""
        report("\(key) must be one of \(words.joined(separator: ", "))\(help)", key: key)
        return fallback
    }

    /// Which one of several keys is written: exactly one must be. While describing, nil: every variant is read.
    func oneOf(_ keys: [String]) -> String? {
        guard !journal.describing else { return nil }
        let written = keys.filter { section?[$0] != nil }
        if written.count == 1 { return written[0] }
        let list = keys.map { "\"\($0)\"" }.joined(separator: ", ")
        report(written.isEmpty ? "needs one of \(list)" : "takes only one of \(list)", key: written.last)
        return written.first
    }

    private func scalar(_ setting: Setting, _ key: String) -> String? {
        if case .text(let text, _) = setting.content { return text }
        journal.report("\(title): \(key) must be a single value", at: setting.place)
        return nil
    }
}

extension Duration {
    /// Reads `50ms`, `30s`, `5m`, `12h`, `7d`, or the words `hourly`, `daily`, `weekly`.
    public init?(written text: String) {
        switch text {
        case "hourly": self = .seconds(3600)
        case "daily": self = .seconds(86400)
        case "weekly": self = .seconds(7 * 86400)
        default:
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            guard let count = Int(digits), count < 1 << 40 else { return nil }
            switch text.dropFirst(digits.count) {
            case "ms": self = .milliseconds(count)
            case "s": self = .seconds(count)
            case "m", "min": self = .seconds(count * 60)
            case "h": self = .seconds(count * 3600)
            case "d": self = .seconds(count * 86400)
            default: return nil
            }
        }
    }
}
