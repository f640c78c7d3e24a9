import Canonical
import Digests
package import Document
package import Installation
import Transports

/// Records of an HTTP API: what is new since the cursor, page by page; from time to time everything; and at once what a
/// webhook hints at.
package struct PollSource: SourceTransport {
    private let settings: SourceSettings
    private let poll: PollReading
    private let system: HTTPSystem
    private let hints: Hints?
    private let registration: Registration?
    private let clock: LoopClock
    private var registerAt: ContinuousClock.Instant?

    /// What the system is told of where to send webhooks.
    package struct Registration {
        let settings: WebhookReading.Registration
        let url: String
        let secret: Secret

        /// The body with its texts filled in.
        var body: JSON { Self.filled(settings.body, ["{url}": url, "{secret}": secret.reveal()]) }

        private static func filled(_ value: JSON, _ words: [String: String]) -> JSON {
            switch value {
            case .string(let text): .string(words.reduce(text) { $0.replacing($1.key, with: $1.value) })
            case .array(let elements): .array(elements.map { filled($0, words) })
            case .object(let members): .object(members.map { JSON.Member($0.key, filled($0.value, words)) })
            default: value
            }
        }
    }

    /// What is being read.
    private enum Run: Equatable {
        /// What is new since the cursor.
        case new
        /// Everything; handed over, or only looked at for its cursor (`start: now`).
        case everything(isSilent: Bool)
    }
    private var run: Run?
    /// The next page's path.
    private var next: String?
    /// How many pages of this run were read.
    private var pages = 0
    /// What the page before showed.
    private var last: [UInt8]?
    /// Where this run begins.
    private var start: JSON?
    /// The largest cursor seen in this run.
    private var cursor: JSON?
    /// When the last run began.
    private var polled: ContinuousClock.Instant?
    /// When the last look at everything began that is acknowledged, and the one that is being made (I9).
    private var compared: ContinuousClock.Instant?
    private var comparing: ContinuousClock.Instant?
    /// What stands at the cursor, and what of it is acknowledged.
    private var edge = CursorEdge()
    private var knownEdge = CursorEdge()
    /// Whether this run has shown anything that the one before hadn't.
    private var isNews = false

    package init(
        _ settings: SourceSettings, _ poll: PollReading, _ system: HTTPSystem, hints: Hints?,
        registration: Registration?, clock: LoopClock = .machine
    ) {
        self.clock = clock
        self.registration = registration
        self.settings = settings
        self.poll = poll
        self.system = system
        self.hints = hints
    }

    package mutating func read(from position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void) throws -> PageEnd
    {
        try register()
        if run == nil, !isPollDue, let hints, position != nil, let hinted = try readHints(hints, take) {
            return hinted
        }
        if run == nil { begin(position) }
        return try page(position, take)
    }

    package mutating func acknowledge() throws {
        if run == nil {
            knownEdge = edge
            (compared, comparing) = (comparing ?? compared, nil)
        }
        hints?.confirmTaken()
    }

    package mutating func hear(ofWrites numbers: Set<String>) {
        edge.forget(numbers)
        knownEdge.forget(numbers)
    }

    package mutating func rewind() {
        (run, next, last, comparing) = (nil, nil, nil, nil)
        // What the failed page listed isn't known: a webhook's page, which lists nothing, would confirm it (I1, I2).
        edge = knownEdge
        hints?.refuseTaken()
    }

    package mutating func wait(_ stop: StopSignal) throws {
        if let hints { hints.wait(for: settings.every, stop) } else { stop.wait(for: settings.every) }
    }

    /// Tells the system where to send webhooks, and tells it again from time to time; between two runs, as a run that fails begins
    /// anew.
    private mutating func register() throws {
        guard run == nil, let registration, registerAt.map({ clock.now() >= $0 }) ?? true else { return }
        // A refusal is told of now and then; in between polling finds what no webhook tells (trap 4).
        registerAt = clock.now() + min(registration.settings.every, .seconds(60))
        let answer: HTTPSystem.Answer
        do throws(Unanswered) {
            answer = try system.send(.post, registration.settings.path, body: registration.body)
        } catch {
            throw SystemFailure(error.description)
        }
        guard answer.isSuccess else { throw system.failure(.post, answer) }
        registerAt = clock.now() + registration.settings.every
    }

    // MARK: Runs

    /// Whether hints have to wait: under lasting load there is always one, and they don't tell everything (trap 4).
    private var isPollDue: Bool { polled.map { clock.now() >= $0 + settings.every } ?? true }

    private mutating func begin(_ position: JSON?) {
        polled = clock.now()
        start = position?["cursor"]
        cursor = start
        pages = 0
        edge = CursorEdge()
        isNews = false
        if position == nil {
            run = .everything(isSilent: settings.start == .now)
        } else {
            run = poll.since == nil || isComparisonDue ? .everything(isSilent: false) : .new
        }
        comparing = run == .new ? nil : clock.now()
        next = poll.path
        if run == .new, let since = poll.since, let value = cursor?.plain {
            next = Self.adding(since.parameter, value, to: poll.path)
        }
    }

    /// At the start, and then from time to time.
    private var isComparisonDue: Bool {
        guard let interval = settings.compare else { return false }
        return compared.map { clock.now() >= $0 + interval } ?? true
    }

    private mutating func page(
        _ position: JSON?, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd {
        let path = next ?? poll.path
        let cycle = position?["cycle"]?.integer ?? 0
        let answer = try system.get(path)
        guard answer.isSuccess else { throw system.failure(.get, answer) }
        var tape = Tape()
        do { try tape.parse(answer.body) } catch { throw SystemFailure("the answer is not JSON: \(error)") }
        guard let list = Members.find(poll.items, in: tape.root), list.kind == .array else {
            // Systems at work on themselves answer so too: the connector's other sources and its sinks go on.
            throw SystemFailure("the answer holds no list at \"\(poll.items)\"; if that lasts, change \"items\"")
        }
        pages += 1
        var end = PageEnd()
        let isSilent = run == .everything(isSilent: true)
        if run == .everything(isSilent: false), settings.of != nil { end.delivery = "everything@\(cycle)" }
        var largest = cursor
        for element in list.elements {
            end.records += 1
            let digest = Self.digest(element)
            var isRepeated = false
            if let since = poll.since, !since.member.isEmpty {
                largest = Self.larger(largest, element, since.member)
                let record = CursorEdge.Record(element, digest: digest, id: poll.id, cursor: since.member)
                isRepeated = run == .new && knownEdge.holds(record)
                edge.add(record, largest: largest)
            }
            if isRepeated { continue }
            isNews = true
            if !isSilent { try hand(element, digest, "\(cycle)", end.delivery, take) }
        }
        finish(&end, tape.root, answer, cycle: cycle, largest: largest)
        try checkProgress(from: path, answer.body, records: end.records)
        return end
    }

    /// A page that leads to itself, or shows what the page before it showed, would be read for ever.
    private mutating func checkProgress(from path: String, _ body: [UInt8], records: Int) throws {
        guard let next else {
            last = nil
            return
        }
        let digest = SHA256.digest(body)
        guard next != path, records == 0 || digest != last else {
            throw SystemFailure("its pages never end: the next page is the one before; change \"pages\" or \"since\"")
        }
        last = digest
    }

    /// Finds the next page, or ends the run.
    private mutating func finish(
        _ end: inout PageEnd, _ root: Node, _ answer: HTTPSystem.Answer, cycle: Int, largest: JSON?
    ) {
        var following: String?
        if let since = poll.since, !since.answer.isEmpty {
            // The answer's cursor is both where to go on now and where to begin the next time.
            let shown = Members.find(since.answer, in: root).map(JSON.init)
            if let shown, shown.plain != nil { cursor = shown }
            if end.records > 0, let value = cursor?.plain {
                following = Self.adding(since.parameter, value, to: poll.path)
            }
        } else {
            cursor = largest
            following = afterwards(root, answer, records: end.records)
        }
        next = following
        guard following == nil else { return }
        let isWhole = run != .new
        run = nil
        end.isIdle = true
        // Nothing has come, so nothing is to be noted.
        if !isWhole, !isNews, cursor == start { return }
        end.endsDelivery = isWhole && end.delivery != nil
        end.isPatchwork = pages > 1
        var position: JSON = ["cycle": .number(Number(cycle + 1))]
        if let cursor { position["cursor"] = cursor }
        end.position = position
    }

    private func afterwards(_ root: Node, _ answer: HTTPSystem.Answer, records: Int) -> String? {
        switch poll.pages {
        case nil: return nil
        case .next(let member): return Members.find(member, in: root)?.string.flatMap { $0.isEmpty ? nil : $0 }
        case .link: return answer.fields.all("Link").lazy.compactMap(LinkField.next).first
        case .number(let parameter, let first):
            guard records > 0 else { return nil }
            let page = (next ?? poll.path).split(whereSeparator: { $0 == "&" || $0 == "?" }).last.flatMap {
                part -> Int? in
                part.hasPrefix("\(parameter)=") ? Int(part.dropFirst(parameter.utf8.count + 1)) : nil
            }
            return Self.adding(parameter, String((page ?? first) + 1), to: base)
        case .cursor(let parameter, let member):
            guard records > 0, let value = Members.find(member, in: root).map(JSON.init)?.plain else { return nil }
            return Self.adding(parameter, value, to: base)
        }
    }

    /// The run's first page, to which further parameters are added.
    private var base: String {
        guard run == .new, let since = poll.since, let value = start?.plain else { return poll.path }
        return Self.adding(since.parameter, value, to: poll.path)
    }

    private static func digest(_ element: Node) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(element)
        return SHA256.digest(writer.bytes)
    }

    private func hand(
        _ element: Node, _ digest: [UInt8], _ read: String, _ delivery: String?,
        _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws {
        var tape = Tape()
        tape.setRoot(tape.append(copyOf: element))
        let digest = Hex.encode(Array(digest.prefix(6)))
        let id = Members.find(poll.id, in: element).flatMap(Reference.text)
        var record = ReadRecord(
            reference: "\(poll.path)/\(id ?? "?")@\(read)#\(digest)",
            place: .words("\(poll.path), record \(id ?? "without number")"),
            content: id == nil ? .unreadable("the record has no number at \"\(poll.id)\"") : .document)
        record.delivery = delivery
        if let since = poll.since, !since.member.isEmpty, let at = Members.find(since.member, in: element)?.string {
            record.stamp = Tick(rfc3339: at) ?? .never
        }
        try take(record, &tape)
    }

    // MARK: Hints

    private func readHints(
        _ hints: Hints, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws -> PageEnd? {
        let taken = hints.take(atMost: settings.page)
        guard !taken.isEmpty, let webhook = poll.webhook else { return nil }
        var end = PageEnd()
        for hint in taken {
            end.records += 1
            let read = "hook:\(hint.digest)"
            var tape = Tape()
            try tape.parse(hint.body)
            guard let template = webhook.fetch else {
                guard let fact = Members.find(webhook.record, in: tape.root) else {
                    try refuse(hint, "the webhook holds no record at \"\(webhook.record)\"", &tape, take)
                    continue
                }
                try hand(fact, Self.digest(fact), read, nil, take)
                continue
            }
            guard let id = Members.find(webhook.id, in: tape.root).flatMap(Reference.text),
                let path = PathTemplate.fill(template, { $0 == "id" ? id : nil })
            else {
                try refuse(hint, "the webhook holds no number at \"\(webhook.id)\"", &tape, take)
                continue
            }
            let answer = try system.get(path)
            if answer.status == 404 || answer.status == 410 {
                try take(
                    ReadRecord(reference: "\(poll.path)/\(id)@\(read)", content: .gone(own: id)), &tape)
                continue
            }
            guard answer.isSuccess else {
                try refuse(hint, "the system answered \(answer.status) when the record was fetched", &tape, take)
                continue
            }
            var record = Tape()
            do { try record.parse(answer.body) } catch { throw SystemFailure("the answer is not JSON: \(error)") }
            try hand(record.root, Self.digest(record.root), read, nil, take)
        }
        return end
    }

    /// A webhook that leads to nothing ends as a dead letter too (I2), and is answered: repeating it changes nothing.
    private func refuse(
        _ hint: Hints.Hint, _ reason: String, _ tape: inout Tape, _ take: (ReadRecord, inout Tape) throws -> Void
    ) throws {
        var record = ReadRecord(
            reference: "\(poll.path)/?@hook:\(hint.digest)", place: .words("a webhook"), content: .unreadable(reason))
        try hint.body.withUnsafeBytes { body in
            record.raw = body
            try take(record, &tape)
        }
    }

    // MARK: Texts

    static func adding(_ parameter: String, _ value: String, to path: String) -> String {
        path + (path.contains("?") ? "&" : "?") + parameter + "=" + PercentEncoding.encode(value)
    }

    /// The larger of two cursors: numbers by value, texts by their bytes, as dates of one form order.
    private static func larger(_ known: JSON?, _ element: Node, _ member: String) -> JSON? {
        guard let found = Members.find(member, in: element).map(JSON.init), found.plain != nil else { return known }
        switch (known, found) {
        case (.number(let one)?, .number(let other)): return one < other ? found : known
        case (.string(let one)?, .string(let other)):
            return one.utf8.lexicographicallyPrecedes(other.utf8) ? found : known
        default: return found
        }
    }
}
