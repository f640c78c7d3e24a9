import CYAML

/// Reads YAML (as libyaml understands it: 1.1, and what of 1.2 looks the same) into ``Setting``s.
enum YAML {
    /// The document in a text; an empty one is an empty map.
    static func parse(_ text: String, file: String) throws(ConfigurationError) -> Setting {
        var composer = YAMLComposer(YAMLEvents(text, file: file), file: file)
        return try composer.document() ?? Setting(.map([]), at: Place(file: file, line: 1))
    }
}

/// Puts libyaml's events together to one document.
private struct YAMLComposer: ~Copyable {
    private var events: YAMLEvents
    private let file: String
    private var anchors: [String: Setting] = [:]
    /// Deeper than anything that is meant.
    private static let deepest = 100

    init(_ events: consuming YAMLEvents, file: String) {
        self.events = events
        self.file = file
    }

    /// The one document of the text; nil when there is none.
    mutating func document() throws(ConfigurationError) -> Setting? {
        var document: Setting?
        while true {
            let event = try events.next()
            switch event.content {
            case .end: return document
            case .frame: continue
            default:
                guard document == nil else {
                    throw error("there is a second document in this file; keep one", event)
                }
                document = try value(event, depth: 0)
            }
        }
    }

    private mutating func value(_ event: YAMLEvent, depth: Int) throws(ConfigurationError) -> Setting {
        guard depth < Self.deepest else { throw error("this is nested deeper than \(Self.deepest) levels", event) }
        let content: Setting.Content
        switch event.content {
        case .scalar(let text, let plain):
            let isNull = plain && ["", "~", "null"].contains(text)
            content = isNull ? .null : .text(text, plain: plain)
        case .alias(let name):
            guard let known = anchors[name] else {
                throw error("there is no such anchor above; a text that begins with * stands in quotes", event)
            }
            return known
        case .list: content = .list(try elements(depth: depth + 1))
        case .map: content = .map(try entries(depth: depth + 1))
        case .close, .frame, .end: throw error("a value is missing here", event)
        }
        let setting = Setting(content, at: place(event))
        if let anchor = event.anchor { anchors[anchor] = setting }
        return setting
    }

    private mutating func elements(depth: Int) throws(ConfigurationError) -> [Setting] {
        var elements: [Setting] = []
        while true {
            let event = try events.next()
            if event.content == .close { return elements }
            elements.append(try value(event, depth: depth))
        }
    }

    private mutating func entries(depth: Int) throws(ConfigurationError) -> [Setting.Entry] {
        var entries: [Setting.Entry] = []
        while true {
            let event = try events.next()
            if event.content == .close { return entries }
            guard case .text(let key, _) = try value(event, depth: depth).content else {
                throw error("a key must be a text; put it in quotes", event)
            }
            if entries.contains(where: { $0.key == key }) {
                throw error("the key \"\(key)\" is written twice in one map; keep one of them", event)
            }
            entries.append(
                Setting.Entry(key: key, place: place(event), value: try value(try events.next(), depth: depth)))
        }
    }

    private func place(_ event: YAMLEvent) -> Place { Place(file: file, line: event.line) }

    private func error(_ message: String, _ event: YAMLEvent) -> ConfigurationError {
        ConfigurationError(message, at: Place(file: file, line: event.line, column: event.column))
    }
}

/// One event of libyaml's, copied.
private struct YAMLEvent {
    enum Content: Equatable {
        case scalar(String, plain: Bool)
        case alias(String)
        case list, map
        /// The end of a list or of a map.
        case close
        /// The beginning of the text, or an end or beginning of a document.
        case frame
        case end
    }

    let content: Content
    let anchor: String?
    /// From 1.
    let line: Int
    /// In characters, from 1.
    let column: Int
}

/// Owns a parser of libyaml and the text that it reads.
private struct YAMLEvents: ~Copyable {
    // On the heap: libyaml keeps pointers into its own structure and into the text.
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let file: String

    init(_ text: String, file: String) {
        self.file = file
        self.text = .allocate(capacity: text.utf8.count)
        _ = self.text.initialize(from: text.utf8)
        guard yaml_parser_initialize(parser) == 1 else { fatalError("There is no memory for a parser of YAML.") }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    mutating func next() throws(ConfigurationError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(event)
    }

    /// What ended the parser.
    private var problem: ConfigurationError {
        let problem = YAMLProblem(String(decoding: text, as: UTF8.self), file: file)
        let state = parser.pointee
        // What can't be read as characters has a byte's place, and nothing else.
        if state.error == YAML_READER_ERROR { return problem.error(atByte: state.problem_offset) }
        return problem.error(
            state.problem.map { String(cString: $0) } ?? "", at: .init(state.problem_mark),
            since: state.context.map { _ in .init(state.context_mark) })
    }
}

extension YAMLProblem.Mark {
    fileprivate init(_ mark: yaml_mark_t) { self.init(line: Int(mark.line), column: Int(mark.column)) }
}

extension YAMLEvent {
    init(_ event: yaml_event_t) {
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            anchor = scalar.anchor
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            content = .scalar(text, plain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_ALIAS_EVENT: content = .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            anchor = event.data.sequence_start.anchor
            content = .list
        case YAML_MAPPING_START_EVENT:
            anchor = event.data.mapping_start.anchor
            content = .map
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: content = .close
        case YAML_NO_EVENT, YAML_STREAM_END_EVENT: content = .end
        default: content = .frame
        }
        self.anchor = Self.text(anchor)
        line = Int(event.start_mark.line) + 1
        column = Int(event.start_mark.column) + 1
    }

    private static func text(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }
}
