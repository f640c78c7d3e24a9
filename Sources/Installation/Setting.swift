public import Document

/// One value of a configuration file, with the place it was written at.
///
/// Scalars keep the text as written: what it means is decided by the key that reads it, so `no` in a list of countries
/// stays Norway.
public struct Setting: Sendable, Equatable {
    /// What was written.
    public var content: Content
    /// Where.
    public var place: Place

    /// What was written.
    public enum Content: Sendable, Equatable {
        /// Nothing, `~` or `null`.
        case null
        /// A scalar. `plain`: written without quotes, so it may be a number or a truth value.
        case text(String, plain: Bool)
        /// A list.
        case list([Setting])
        /// A map, in the order written.
        case map([Entry])
    }

    /// One entry of a map.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public var key: String
        /// Where the key was written.
        public var place: Place
        /// The value.
        public var value: Setting
    }

    /// A value at a place.
    public init(_ content: Content, at place: Place) {
        self.content = content
        self.place = place
    }

    /// The entry of that name, when this is a map that has one.
    public subscript(_ key: String) -> Setting? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The entries, when this is a map.
    public var entries: [Entry]? { if case .map(let entries) = content { entries } else { nil } }

    /// The value as JSON: plain scalars that are JSON numbers, `true` or `false` become those.
    public var json: JSON {
        switch content {
        case .null: return .null
        case .list(let elements): return .array(elements.map(\.json))
        case .map(let entries): return .object(entries.map { JSON.Member($0.key, $0.value.json) })
        case .text(let text, let plain):
            guard plain else { return .string(text) }
            if text == "true" || text == "false" { return .bool(text == "true") }
            return Number(text).map(JSON.number) ?? .string(text)
        }
    }

    /// This value with another laid over it: maps merge key by key, anything else is replaced, null removes a key.
    public func overridden(by other: Setting) -> Setting {
        guard case .map(var entries) = content, case .map(let overrides) = other.content else { return other }
        for override in overrides {
            let at = entries.firstIndex { $0.key == override.key }
            switch (at, override.value.content) {
            case (let at?, .null): entries.remove(at: at)
            case (nil, .null): break
            case (let at?, _): entries[at].value = entries[at].value.overridden(by: override.value)
            case (nil, _): entries.append(override)
            }
        }
        return Setting(.map(entries), at: place)
    }
}

/// A line of a file, or a place in it.
public struct Place: Sendable, Hashable, CustomStringConvertible {
    /// The file's path as it should be shown: relative to the installation's folder.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The column, in characters from 1, where the line isn't enough to find it.
    public var column: Int?

    /// A line of a file, or a place in it.
    public init(file: String, line: Int, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `omni.yaml:12`, `omni.yaml:12:7`.
    public var description: String { "\(file):\(line)" + (column.map { ":\($0)" } ?? "") }
}
