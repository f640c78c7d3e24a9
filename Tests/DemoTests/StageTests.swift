import Document
import Glibc
import Testing

@testable import Demo

/// The run's environment, its waiting, and what it shows.
@Suite struct StageTests {
    static let layout = Layout(
        folder: "/tmp/run", broker: "127.0.0.1:9000", prefix: "demo-1",
        ports: .init(api: 1, shop: 2, crm: 3, webhooks: 4), secrets: .init(shop: "s", crm: "c", webhooks: "w"))

    @Test(arguments: [
        ("a: ${env:ONE}\nb: ${env:TWO}/x", ["ONE", "TWO"]), ("a: ${env:ONE:-default}", []), ("a: $${env:ONE}", []),
        ("a: ${file:ONE}", []), ("a: ${env:ONE", []), ("", []),
    ])
    func variablesWithoutADefaultAreRequired(text: String, names: [String]) {
        #expect(Layout.required(by: text).sorted() == names)
    }

    /// The repository's own installation: a connector that wants another variable must be told to the demo.
    @Test func theInstallationWantsNothingElse() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let connectors = try Folder.names(in: root + "/Connectors")
        #expect(connectors.count >= 5)
        for file in [root + "/omni.yaml"] + connectors.map({ "\(root)/Connectors/\($0)/connector.yaml" }) {
            let required = Layout.required(by: try Self.text(of: file))
            #expect(required.subtracting(Self.layout.variables.keys).isEmpty, "\(file)")
        }
    }

    private static func text(of file: String) throws -> String {
        let stream = try #require(fopen(file, "r"))
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func theRunsVariablesWinOverTheProcesssOwn() {
        let environment = Self.layout.environment(over: ["OMNI_PREFIX": "production", "PATH": "/bin"])
        #expect(environment["OMNI_PREFIX"] == "demo-1")
        #expect(environment["PATH"] == "/bin")
        #expect(environment["OMNI_API"] == "127.0.0.1:1")
        #expect(environment["TILL_DB"] == "/tmp/run/systems/till/till.db")
    }

    @Test func aKeptFolderMustBeNew() throws {
        let folder = try TemporaryFolder()
        var settings = StageSettings(executable: "/bin/true", installation: folder.path, environment: [:])
        settings.keep = folder.path + "/run"
        let stage = try Stage(settings)
        #expect(throws: StageFailure.self, "it isn't empty any more") { try Stage(settings) }
        #expect(throws: StageFailure.self, "there is no omni.yaml") { try stage.checkInstallation() }
        stage.removeFolder()
        #expect(Folder.holds(folder.path + "/run"), "a kept folder stays")
    }

    @Test func aProcessThatEndsIsToldWithItsLastWords() throws {
        let folder = try TemporaryFolder()
        var settings = StageSettings(executable: "/bin/ls", installation: folder.path, environment: [:])
        settings.keep = folder.path + "/run"
        let stage = try Stage(settings)
        defer { stage.stop() }
        try stage.startSystem("shop", port: 1, token: "t")
        let failure = try eventually { () -> StageFailure? in
            do { try stage.check() } catch { return error as? StageFailure }
            return nil
        }
        #expect(failure.description.contains("the process 'shop' ended: exit code"))
        #expect(failure.description.contains("ls"), "what it said last")
    }

    @Test func foldersAreRemovedAndLinksAreNotFollowed() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder.path + "/kept")
        try Folder.create(folder.path + "/gone/deep")
        #expect(symlink(folder.path + "/kept", folder.path + "/gone/deep/link") == 0)
        Folder.remove(folder.path + "/gone")
        #expect(try Folder.names(in: folder.path) == ["kept"])
    }

    @Test func waitingEndsWithWhatWasSeen() {
        var looks = 0
        let patience = Patience(screen: Screen(descriptor: -1)) {}
        let found = try? patience.wait(for: "three", within: .seconds(10), every: .zero) { () -> Look<Int> in
            looks += 1
            return looks == 3 ? .there(looks) : .notYet("\(looks)")
        }
        #expect(found == 3)
        do {
            _ = try patience.wait(for: "never", within: .zero, every: .milliseconds(1)) { Look<Int>.notYet("two") }
            Issue.record("it came true")
        } catch let error as TooLate {
            #expect(error.seen == "two")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func whoWantsItToEndNeedNotWait() {
        let patience = Patience(screen: Screen(descriptor: -1)) { throw Interrupted() }
        #expect(throws: Interrupted.self) {
            try patience.wait(for: "never", within: .seconds(60)) { Look<Int>.notYet("") }
        }
    }

    @Test func changesAreShownByCopy() {
        let before: Watch.Picture = [
            .init(subject: "product 1", field: "price"): "899", .init(subject: "product 1", field: "name"): "Sofa",
            .init(subject: "product 2", field: "price"): "5",
        ]
        var after = before
        after[.init(subject: "product 1", field: "price")] = "849"
        after[.init(subject: "product 2", field: "price")] = nil
        after[.init(subject: "product 3", field: "name")] = "Lamp"
        #expect(
            Watch.changes(from: before, to: after) == [
                "product 1  price 899 → 849", "product 2  price 5 → –", "product 3  name – → Lamp",
            ])
        #expect(Watch.changes(from: after, to: after).isEmpty)
    }

    @Test func columnsAreAsWideAsTheirContent() {
        var columns = Columns([("", .left), ("golden", .left), ("till", .right)])
        columns.add([.init("Sofa"), .init("899.00"), .init("9", mark: .agrees)])
        columns.add([.init("Long name"), .init("–"), .init("1234", mark: .differs)])
        columns.add([.init("x"), .init("·"), .init("·")])
        #expect(
            columns.lines(on: Screen(descriptor: -1)) == [
                "             golden  till", "  Sofa       899.00     9 ✓", "  Long name  –       1234 ✗",
                "  x          ·          ·",
            ])
    }

    @Test(arguments: [(0, "0.000 s"), (42, "0.042 s"), (9_999, "9.999 s"), (12_345, "12.3 s"), (-5, "0.000 s")])
    func timesAreShort(milliseconds: Int, text: String) {
        #expect(Screen.seconds(.milliseconds(milliseconds)) == text)
    }

    @Test(arguments: [("899", "899.00"), ("219.9", "219.90"), ("233.37", "233.37")])
    func pricesHaveTwoDecimals(number: String, text: String) {
        #expect(VerdictTable.price(Number(number).map { .number($0) }) == text)
        #expect(VerdictTable.price(nil) == "–")
    }
}
