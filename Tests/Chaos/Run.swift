import Demo
import Digests
import Document
import Glibc
import Logging
import Transports

/// One run: set up, work and trouble at once, rest, audit.
struct Run {
    private let options: Chaos
    private let seed: UInt64
    private let layout: Layout
    private let start = ContinuousClock.now

    init(_ options: Chaos) throws {
        self.options = options
        seed = options.seed ?? SecureRandom.bytes(4).reduce(0) { $0 << 8 | UInt64($1) }
        layout = try Layout.fresh(in: try Self.folder(options.keep), broker: options.broker)
        for folder in [layout.brokerFolder, layout.data, layout.logs] { mkdir(folder, 0o755) }
    }

    private static func folder(_ kept: String?) throws -> String {
        if let kept {
            guard mkdir(kept, 0o755) == 0, let path = realpath(kept, nil) else {
                throw ChaosFailure("--keep: \(kept) can't be made; name a new folder")
            }
            return String(cString: path)
        }
        var template = Array("/tmp/omni-chaos-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func perform() throws -> Report {
        guard let installation = realpath(options.installation, nil), let omni = realpath(options.omni, nil) else {
            throw ChaosFailure("there is no installation at \(options.installation), or no program \(options.omni)")
        }
        say("seed \(seed), \(options.seconds) s, \(layout.folder)")
        let doors = [FaultyDoor(before: layout.shopURL), FaultyDoor(before: layout.crmURL)]
        defer { for door in doors { door.stop() } }
        let cast = Cast(
            layout, installation: String(cString: installation), omni: String(cString: omni),
            variables: ["SHOP_URL": try doors[0].start(), "CRM_URL": try doors[1].start()])
        defer { cast.stop() }
        let report = try perform(cast, doors)
        if report.folder == nil { remove() }
        return report
    }

    private func perform(_ cast: Cast, _ doors: [FaultyDoor]) throws -> Report {
        let (systems, day, witness) = try setUp(cast)
        let audience = try Audience(systems.views)
        try cast.startOmni()
        try wait(for: "the hub", within: .seconds(90)) { WebClient(url: layout.apiURL, token: "").isUp }
        let journal = try Journal(layout.folder + "/journal.jsonl")
        let trouble = try Troublemaker(cast, doors: doors, brokerKill: options.brokerKill) { say($0) }
        let work = Workload(systems: systems, day: day, journal: journal, cast: cast)
        let workers = try work.start(seed: seed)
        if options.trouble { try trouble.start(seed: seed, pause: 400...2_500) }
        let end = ContinuousClock.now + .seconds(options.seconds)
        while ContinuousClock.now < end { Clock.rest(.milliseconds(200)) }
        say("the trouble ends")
        try trouble.stop()
        for worker in workers { worker.stop() }
        say("the input ends")
        var report = Report()
        report.seed = seed
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        report.troubles = trouble.made
        let audit = { () throws -> [Check] in
            try Auditor(
                topics: Topics(broker: layout.broker, prefix: layout.prefix), journal: journal.contents, day: day,
                systems: systems, audience: audience, till: witness.entries()
            ).checks()
        }
        try rest(cast, &report, audit)
        let contents = journal.contents
        report.changes =
            contents.changes.count + contents.requests.count + contents.releases.count + contents.nonsense.count
            + (try witness.entries().count)
        if !report.isGood || options.keep != nil { report.folder = layout.folder }
        return report
    }

    private func setUp(_ cast: Cast) throws -> (Systems, FirstDay, TillWitness) {
        try cast.startBroker()
        for (name, url) in [("shop", layout.shopURL), ("crm", layout.crmURL)] {
            try cast.startSystem(name)
            try wait(for: "the \(name)", within: .seconds(20)) { WebClient(url: url, token: "").isUp }
        }
        let systems = try Systems(layout)
        let day = try FirstDay(systems, products: options.products, people: 12)
        let witness = TillWitness(systems.till)
        try witness.install()
        return (systems, day, witness)
    }

    // MARK: Coming to rest

    /// Waits until every group is level and every check is good, and stays so for a moment; for so long at most.
    private func rest(_ cast: Cast, _ report: inout Report, _ audit: () throws -> [Check]) throws {
        let began = ContinuousClock.now
        let deadline = began + .seconds(options.patience)
        var words = ""
        while true {
            do {
                report.behind = try behind(cast)
                report.drift = try drift(cast, &report)
                if report.behind == 0, report.drift == 0 || ContinuousClock.now >= deadline {
                    report.checks = try audit()
                    if report.isGood {
                        report.rest = (ContinuousClock.now - began) / .seconds(1)
                        // Whatever moves on by itself would show now.
                        Clock.rest(.seconds(1))
                        report.behind = try behind(cast)
                        report.drift = try drift(cast, &report)
                        report.checks = try audit()
                        if report.isGood { return }
                    }
                }
            } catch {
                words = "\(error)"
            }
            if ContinuousClock.now >= deadline { break }
            Clock.rest(.milliseconds(500))
        }
        report.rest = nil
        if !words.isEmpty { say("last: \(words)") }
        report.checks = try audit()
    }

    /// Offsets that are not read yet, of all groups; nil while any is unknown.
    private func behind(_ cast: Cast) throws -> Int? {
        guard let answer = try cast.ask(["lag", "--json"]), let json = try? JSON(parsing: answer.text) else {
            return nil
        }
        let groups = json.array ?? []
        guard !groups.isEmpty else { return nil }
        return groups.reduce(0) { sum, group in sum.flatMap { sum in group["behind"]?.integer.map { sum + $0 } } }
    }

    /// Copies that drift, as the hub sees it.
    private func drift(_ cast: Cast, _ report: inout Report) throws -> Int? {
        guard let answer = try cast.ask(["drift", "--json"]), let json = try? JSON(parsing: answer.text) else {
            return nil
        }
        report.drifting = (json["entities"]?.array ?? []).flatMap { entity in
            (entity["copies"]?.array ?? []).map { copy in
                let fields = (copy["fields"]?.array ?? []).compactMap { $0["field"]?.string }.joined(separator: ", ")
                return
                    "\(copy["condition"]?.string ?? "") \(copy["system"]?.string ?? "") \(entity["entity"]?.string ?? "") "
                    + "\(copy["key"]?.string ?? "") \(fields) \(copy["reason"]?.string ?? "")"
            }
        }
        return json["drifting"]?.integer
    }

    private func wait(for what: String, within limit: Duration, _ look: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + limit
        while try !look() {
            guard ContinuousClock.now < deadline else { throw ChaosFailure("waited \(limit) for \(what)") }
            Clock.rest(.milliseconds(50))
        }
    }

    // MARK: Telling

    private func say(_ text: String) {
        let tenths = Int((ContinuousClock.now - start) / .milliseconds(100))
        let time = "\(tenths / 10).\(tenths % 10)"
        let line = Array("\(String(repeating: " ", count: max(0, 7 - time.count)))\(time)  \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }

    private func remove() {
        guard let child = try? ChildProcess("/bin/rm", ["-rf", layout.folder]) else { return }
        _ = child.wait()
    }
}
