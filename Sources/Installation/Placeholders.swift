import Glibc

/// Where `${env:NAME}` and `${file:PATH}` take their values from.
public struct Surroundings: Sendable {
    /// The value of an environment variable; nil when it isn't set.
    public var variable: @Sendable (String) -> String?
    /// The content of a file; nil when it can't be read. The path is absolute, or relative to the installation's folder.
    public var file: @Sendable (String) -> String?

    /// Looks values up with the given functions.
    public init(
        variable: @escaping @Sendable (String) -> String?, file: @escaping @Sendable (String) -> String?
    ) {
        self.variable = variable
        self.file = file
    }

    /// The process's environment, and the files of this machine.
    public static func process(folder: String) -> Surroundings {
        Surroundings(
            variable: { getenv($0).map { String(cString: $0) } },
            file: { try? readText(at: $0.hasPrefix("/") ? $0 : folder + "/" + $0) })
    }

    /// Defaults where there are any, else an empty text: for looking at configuration that isn't going to be used, as
    /// tests of fixtures do.
    public static let unneeded = {
        var surroundings = Surroundings(variable: { _ in nil }, file: { _ in "" })
        surroundings.isLenient = true
        return surroundings
    }()

    /// Whether a variable that isn't set is empty, instead of a problem.
    var isLenient = false
}

extension Setting {
    /// Replaces `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `$${` (a literal `${`) in every text.
    func resolved(_ surroundings: Surroundings, problems: inout [Problem]) -> Setting {
        switch content {
        case .null: return self
        case .list(let elements):
            return Setting(.list(elements.map { $0.resolved(surroundings, problems: &problems) }), at: place)
        case .map(let entries):
            return Setting(
                .map(
                    entries.map {
                        Entry(
                            key: $0.key, place: $0.place, value: $0.value.resolved(surroundings, problems: &problems))
                    }), at: place)
        case .text(let text, let plain):
            guard text.contains("${") else { return self }
            return Setting(.text(expand(text, surroundings, &problems), plain: plain), at: place)
        }
    }

    private func expand(_ text: String, _ surroundings: Surroundings, _ problems: inout [Problem]) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${") {
            let before = rest[..<open.lowerBound]
            if before.hasSuffix("$") {
                result += before.dropLast() + "${"
                rest = rest[open.upperBound...]
                continue
            }
            result += before
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                problems.append(Problem(place: place, message: "\"${\" without its \"}\"; write $${ for a literal ${"))
                return text
            }
            result += value(of: rest[open.upperBound..<close], surroundings, &problems)
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private func value(of inside: Substring, _ surroundings: Surroundings, _ problems: inout [Problem]) -> String {
        if inside.hasPrefix("env:") {
            let name = inside.dropFirst(4)
            if let split = name.firstRange(of: ":-") {
                return surroundings.variable(String(name[..<split.lowerBound])) ?? String(name[split.upperBound...])
            }
            if let value = surroundings.variable(String(name)) { return value }
            if surroundings.isLenient { return "" }
            problems.append(
                Problem(
                    place: place,
                    message: "the environment variable \(name) is not set; set it, or write ${env:\(name):-default}"))
            return ""
        }
        if inside.hasPrefix("file:") {
            let path = inside.dropFirst(5)
            guard let content = surroundings.file(String(path)) else {
                problems.append(Problem(place: place, message: "cannot read the file \(path)"))
                return ""
            }
            var end = content[...]
            while end.last?.isNewline == true { end.removeLast() }
            return String(end)
        }
        problems.append(
            Problem(place: place, message: "\"${\(inside)}\" is neither ${env:NAME} nor ${file:PATH}"))
        return ""
    }
}
