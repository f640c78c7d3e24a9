import Document

/// What a machine tells of its work. With ``Silence`` all of it compiles to nothing.
protocol Log {
    /// Whether nobody listens, so that the first violation may end it.
    static var isSilent: Bool { get }

    mutating func enter(_ name: Node, isKnown: Bool)
    mutating func enter(_ position: Int)
    mutating func leave()
    /// The value at the current place is personal.
    mutating func markPersonal()
    mutating func add(_ finding: Finding, _ place: Int32, _ node: Node)
    /// Keeps what comes next apart: its findings, if they matter, and its marks.
    func branch(keepingFindings: Bool) -> Self
    /// Takes over a branch's marks.
    mutating func takeMarks(of branch: Self)
}

/// Nobody listens.
struct Silence: Log {
    static var isSilent: Bool { true }
    @inline(__always) mutating func enter(_ name: Node, isKnown: Bool) {}
    @inline(__always) mutating func enter(_ position: Int) {}
    @inline(__always) mutating func leave() {}
    @inline(__always) mutating func markPersonal() {}
    @inline(__always) mutating func add(_ finding: Finding, _ place: Int32, _ node: Node) {}
    @inline(__always) func branch(keepingFindings: Bool) -> Silence { self }
    @inline(__always) mutating func takeMarks(of branch: Silence) {}
}

/// What was found not to fit, before it is put in words.
enum Finding {
    /// The instruction's own words suffice.
    case plain(String)
    /// A value out of a choice: the branches' logs tell which came closest.
    case noBranch(count: Int, closest: [ViolationLog.Entry])
    /// A value out of a list, and the one that was meant, where one is near.
    case choice(String, meant: String?)
}

/// Gathers violations.
struct ViolationLog: Log {
    static var isSilent: Bool { false }

    struct Step {
        let text: String
        let isKnown: Bool
    }

    struct Entry {
        let path: [Step]
        let place: Int32
        let finding: Finding
        let kind: Tag
        let excerpt: String
    }

    private(set) var entries: [Entry] = []
    private var isTruncated = false
    private var path: [Step] = []
    private var personal: Set<[String]> = []
    private var limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func enter(_ name: Node, isKnown: Bool) { path.append(Step(text: name.string ?? "", isKnown: isKnown)) }
    mutating func enter(_ position: Int) { path.append(Step(text: String(position), isKnown: true)) }
    mutating func leave() { path.removeLast() }
    mutating func markPersonal() { personal.insert(path.map(\.text)) }

    mutating func add(_ finding: Finding, _ place: Int32, _ node: Node) {
        guard entries.count < limit else {
            isTruncated = true
            return
        }
        entries.append(
            Entry(path: path, place: place, finding: finding, kind: node.kind, excerpt: Self.excerpt(of: node)))
    }

    func branch(keepingFindings: Bool) -> ViolationLog {
        var branch = self
        branch.entries = []
        if !keepingFindings { branch.limit = 0 }
        return branch
    }

    mutating func takeMarks(of branch: ViolationLog) { personal.formUnion(branch.personal) }

    // MARK: Words

    /// A scalar's text, cut; of containers only the size: what is inside may be personal.
    private static func excerpt(of node: Node) -> String {
        switch node.kind {
        case .array: return "an array of \(node.count)"
        case .object: return "an object of \(node.count)"
        case .null, .link: return "null"
        case .false: return "false"
        case .true: return "true"
        case .number, .string:
            // A code point takes four bytes at most: enough for 48 whole ones, of however long a text.
            let start = String(decoding: node.utf8.prefix(200), as: UTF8.self).unicodeScalars.prefix(48)
            let cut = String(String.UnicodeScalarView(start))
            let text = node.kind == .string ? JSON.string(cut).text : cut
            return cut.utf8.count < node.utf8.count ? text + "…" : text
        }
    }

    func write(to report: inout Report, places: [KeywordPlace]) {
        for entry in entries {
            guard report.violations.count < report.limit else {
                report.isTruncated = true
                return
            }
            report.violations.append(violation(entry, places))
        }
        report.isTruncated = report.isTruncated || isTruncated
    }

    private func violation(_ entry: Entry, _ places: [KeywordPlace]) -> Violation {
        let keyword = places[Int(entry.place)]
        let isPersonal = depthOfPersonal(entry.path) != nil
        let message: String
        switch entry.finding {
        case .plain(let text): message = text + (isPersonal ? "" : known(entry, keyword))
        case .choice(let text, let meant):
            // A suggestion would tell what the value looks like.
            message = text + (isPersonal ? "" : meant.map { "; did you mean \(JSON.string($0).text)?" } ?? "")
        case .noBranch(let count, let closest):
            let reasons = closest.map { nested in
                let inner = violation(nested, places)
                return "\(inner.instancePath.isEmpty ? "the document" : inner.instancePath) \(inner.message)"
            }
            message = "must fit one of \(count) alternatives; the closest: " + reasons.joined(separator: "; ")
        }
        return Violation(
            instancePath: pathText(entry.path), schemaPath: "\(keyword.file)#\(keyword.pointer)",
            keyword: keyword.keyword, message: message, excerpt: isPersonal ? Self.mask(entry.kind) : entry.excerpt)
    }

    /// What a member that must not be there should have been called, most likely.
    private func known(_ entry: Entry, _ keyword: KeywordPlace) -> String {
        guard !keyword.names.isEmpty, let name = entry.path.last, !name.isKnown else { return "" }
        return name.text.meant(among: keyword.names).map { ": did you mean '\($0)'?" }
            ?? ": the schema has no such field"
    }

    /// How many steps lead to personal data, when the path leads there.
    private func depthOfPersonal(_ path: [Step]) -> Int? {
        guard !personal.isEmpty else { return nil }
        let texts = path.map(\.text)
        return (0...texts.count).first { personal.contains(Array(texts[..<$0])) }
    }

    private func pathText(_ path: [Step]) -> String {
        let depth = depthOfPersonal(path) ?? path.count
        return path.enumerated().map { place, step in
            "/" + (place >= depth && !step.isKnown ? "*" : JSONPointer.escape(step.text))
        }.joined()
    }

    private static func mask(_ kind: Tag) -> String {
        switch kind {
        case .null, .link: "null"
        case .false, .true: "a truth value (masked)"
        case .number: "a number (masked)"
        case .string: "a string (masked)"
        case .array: "an array (masked)"
        case .object: "an object (masked)"
        }
    }
}
