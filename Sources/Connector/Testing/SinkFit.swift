import Document
import Formats
import Installation
import Mapping
import Transports

/// Whether what a sink's mapping makes can be written into its system at all: found without a record.
struct SinkFit {
    private let sink: SinkSettings
    private let source: [UInt8]

    init(_ sink: SinkSettings, _ source: [UInt8]) { (self.sink, self.source) = (sink, source) }

    /// What the system's side asks of a document: columns that name a row, members that a path names, a file's fields.
    func findings(in result: Outline) -> [MappingFinding] {
        let made = result.items
        guard made.kinds.contains(.object), !made.isOpen else { return [] }
        var findings: [MappingFinding] = []
        for name in sink.needs where !isGiven(name, made) {
            findings.append(
                finding(.error, .missingField, "\"\(name)\" names the record there, and is never given", made.offset))
        }
        findings += columns(made) + places(made)
        guard let fields = sink.fields else { return findings }
        for (name, member) in made.members.sorted(by: { ($0.value.offset ?? 0) < ($1.value.offset ?? 0) })
        where !fields.contains(name) {
            let meant = name.meant(among: fields).map { "; did you mean \"\($0)\"?" } ?? ""
            findings.append(
                finding(.error, .unknownField, "the file has no field \"\(name)\"\(meant)", member.offset))
        }
        return findings
    }

    private func finding(
        _ severity: MappingFinding.Severity, _ rule: MappingFinding.Rule, _ message: String, _ offset: Int?
    ) -> MappingFinding {
        MappingFinding(severity, rule, message, at: offset ?? 0, in: source)
    }

    private func isGiven(_ path: String, _ made: Outline) -> Bool {
        let member = made.members[path] ?? made.members[String(path.prefix { $0 != "." })]
        return !(member?.shape.kinds.isSubset(of: .nothing) ?? true)
    }

    /// Values that a file's column never takes.
    private func columns(_ made: Outline) -> [MappingFinding] {
        (sink.columns ?? []).compactMap { column in
            guard let member = made.members[column.key], let wanted = Outline.Kinds(column: column.value) else {
                return nil
            }
            let given = member.shape.kinds.subtracting([.nothing, .null])
            guard !given.isEmpty, given.isDisjoint(with: wanted) else { return nil }
            return finding(
                member.shape.isSampled ? .warning : .error, .value,
                "the file's \"\(column.key)\" takes \(Outline(wanted).always); this is \(member.shape.always)",
                member.offset)
        }
    }

    /// Names and values that the file's format never takes, at any place of a document.
    private func places(_ made: Outline) -> [MappingFinding] {
        guard case .file(let file) = sink.to.transport, let format = try? FormatCatalog.format(file.format) else {
            return []
        }
        return places(made, below: [], format)
    }

    private func places(_ made: Outline, below path: [String], _ format: any Formats.Format) -> [MappingFinding] {
        guard path.count < 12 else { return [] }
        return made.members.sorted { ($0.value.offset ?? 0) < ($1.value.offset ?? 0) }.flatMap { name, member in
            let here = path + [name]
            let field = here.joined(separator: ".")
            if let reason = format.refusal(of: .null, at: here) {
                return [finding(.error, .unknownField, "the file can't hold \"\(field)\": \(reason)", member.offset)]
            }
            let shape = member.shape.items.something
            if shape.kinds.subtracting(.null) == .boolean, let reason = format.refusal(of: true, at: here) {
                let message = "the file can't hold \(shape.always) as \"\(field)\": \(reason)"
                return [finding(shape.isSampled ? .warning : .error, .value, message, member.offset)]
            }
            let wrong = shape.constants.sorted { $0.value < $1.value }.compactMap { value, offset in
                format.refusal(of: value, at: here).map { reason in
                    finding(.error, .value, "\"\(field)\" can be \(value.text): \(reason)", offset)
                }
            }
            return wrong + (shape.kinds.contains(.object) ? places(shape, below: here, format) : [])
        }
    }
}

extension Outline.Kinds {
    /// What a column of a CSV file takes, by its declaration; nil where that says nothing.
    fileprivate init?(column type: JSON) {
        switch type {
        case "number", "integer": self = .number
        case "text": self = .scalars
        default:
            guard type["date"] != nil else { return nil }
            self = .string
        }
    }
}

extension SinkSettings {
    /// The members of a document without which the record can't be found in the system.
    fileprivate var needs: [String] {
        switch to.transport {
        case .table(let table): table.key.filter { $0 != table.own }
        case .resource(let resource):
            PathTemplate.names(resource.one).filter { $0 != "id" }
                + (resource.find.map(PathTemplate.names) ?? []).filter { $0 != "id" }
        case .file: []
        }
    }

    /// The columns of a file that has no others, with their types.
    fileprivate var columns: [JSON.Member]? {
        guard case .file(let file) = to.transport else { return nil }
        return file.format["csv"]?["fields"]?.object
    }

    /// Their names.
    fileprivate var fields: [String]? { columns?.map(\.key) }
}
