import Document
import Glibc
import Testing

@testable import Installation

/// An installation in a temporary folder, removed at the end.
final class Folder {
    let path: String
    private var files: [String] = []

    init(_ contents: [String: String]) throws {
        var template = Array("/tmp/omni-installation-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
        for (name, text) in contents {
            var parent = path
            for part in name.split(separator: "/").dropLast() {
                parent += "/\(part)"
                if mkdir(parent, 0o755) == 0 { files.append(String(parent.dropFirst(path.count + 1))) }
            }
            let file = try #require(fopen("\(path)/\(name)", "w"))
            fputs(text, file)
            fclose(file)
            files.append(name)
        }
    }

    deinit {
        for file in files.reversed() { remove("\(path)/\(file)") }
        remove(path)
    }

    func load(_ environment: String? = nil, variables: [String: String] = [:]) throws -> Installation {
        let folder = path
        return try Installation.load(
            folder: path, environment: environment,
            surroundings: Surroundings(
                variable: { variables[$0] }, file: { try? readText(at: $0.hasPrefix("/") ? $0 : "\(folder)/\($0)") }))
    }

    /// What is wrong with it, one problem a line.
    func problems(_ connector: String? = nil, variables: [String: String] = [:]) throws -> String {
        let error = try #require(throws: ConfigurationError.self) {
            let installation = try load(variables: variables)
            if let connector { _ = try installation.connector(connector) }
        }
        return error.description
    }
}

let plain = "broker:\n  bootstrap.servers: 127.0.0.1:9092\n"

@Suite struct OmniYAMLTests {
    @Test func whatIsntWrittenHasItsDefault() throws {
        let settings = try Folder(["omni.yaml": plain]).load().settings
        #expect(settings.prefix == "omni")
        #expect(settings.broker.map(\.name) == ["bootstrap.servers"])
        #expect(settings.broker[0].value.reveal() == "127.0.0.1:9092")
        #expect(settings.topics.partitions(of: "stock") == 6)
        #expect(settings.grace.of("till") == .seconds(300))
    }

    @Test func customersHaveOnePartitionWhateverTheStandard() throws {
        let folder = try Folder(["omni.yaml": plain + "topics: { standard: 12, partitions: { stock: 3 } }"])
        let topics = try folder.load().settings.topics
        #expect(topics.partitions(of: "product") == 12)
        #expect(topics.partitions(of: "stock") == 3)
        #expect(topics.partitions(of: "customer") == 1)
    }

    @Test func anEnvironmentIsLaidOver() throws {
        let folder = try Folder([
            "omni.yaml": plain + "prefix: omni\napi: { listen: 127.0.0.1:1, token: a }\n",
            "omni.live.yaml": "prefix: live\nbroker: { security.protocol: ssl }\napi: { token: null }\n",
        ])
        let settings = try folder.load("live").settings
        #expect(settings.prefix == "live")
        #expect(settings.broker.map(\.name) == ["bootstrap.servers", "security.protocol"])
        #expect(settings.api.listen == "127.0.0.1:1")
        #expect(settings.api.token == nil)
    }

    @Test func placeholdersAreResolved() throws {
        let folder = try Folder([
            "omni.yaml": plain
                + "prefix: ${env:PREFIX:-omni}-x\ndata: '${env:DATA}/$${store}'\napi: { token: '${file:token}' }\n",
            "token": "s3cret\n",
        ])
        let settings = try folder.load(variables: ["DATA": "/var/omni"]).settings
        #expect(settings.prefix == "omni-x")
        #expect(settings.data == "/var/omni/${store}")
        #expect(settings.api.token?.reveal() == "s3cret")
    }

    @Test(arguments: [
        ("prefix: omni\n", #"omni.yaml:1: omni.yaml: broker lacks "bootstrap.servers""#),
        (plain + "prefixx: omni\n", #"omni.yaml:3: omni.yaml: unknown key "prefixx"; did you mean "prefix"?"#),
        (
            plain + "topics:\n  replikation: 3\n",
            #"omni.yaml:4: topics: unknown key "replikation"; did you mean "replication"?"#
        ),
        (plain + "topics:\n  standard: many\n", "omni.yaml:4: topics: standard must be a whole number, 1 to 10000"),
        (plain + "topics:\n  partitions: { customer: 4 }\n", "omni.yaml:4: topics: customer has one partition"),
        (plain + "grace: 5m\n", "omni.yaml:3: grace must be a map of keys"),
        (plain + "grace: { standard: 5 }\n", "omni.yaml:3: grace: standard must be a time such as"),
        (plain + "log: { level: inof }\n", #"did you mean "info"?"#),
        (plain + "data: ${env:NOWHERE}\n", "omni.yaml:3: the environment variable NOWHERE is not set"),
        (plain + "data: ${nowhere}\n", #"omni.yaml:3: "${nowhere}" is neither"#),
        (plain + "data: [\n", "omni.yaml:4:1: a value is missing"),
        (plain + "data: a\ndata: b\n", #"the key "data" is written twice"#),
    ])
    func aMistakeIsNamedWithItsLineAndRemedy(text: String, expected: String) throws {
        let problems = try Folder(["omni.yaml": text]).problems()
        #expect(problems.contains(expected), "\(problems)")
    }

    @Test func everyProblemIsToldAtOnce() throws {
        let problems = try Folder(["omni.yaml": plain + "a1: 1\nb2: 2\nprefix: 'a b'\n"]).problems()
        #expect(problems.split(separator: "\n").count == 3)
    }

    @Test func secretsAreNeverShown() throws {
        let folder = try Folder(["omni.yaml": plain + "  sasl.password: hunter2\napi: { token: hunter2 }\n"])
        let settings = try folder.load().settings
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("hunter2") && !"\(settings)".contains("hunter2"))
        #expect(settings.broker.last?.value.reveal() == "hunter2")
    }
}
