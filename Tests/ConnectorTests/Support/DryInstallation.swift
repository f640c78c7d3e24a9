import Glibc
import Installation
import Logging
import Testing
import Transports

@testable import Connector

/// An installation in a temporary folder with one connector called `test`; nothing is connected.
final class DryInstallation {
    let folder: String
    let installation: Installation

    /// - Parameter files: what lies in `Connectors/test/`, `connector.yaml` among it.
    init(_ files: [String: String]) throws {
        var template = Array("/tmp/omni-dry-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.folder = folder
        for (name, text) in files {
            let path = "\(folder)/Connectors/test/\(name)"
            try Folders.create(String(path[..<path.lastIndex(of: "/")!]))
            try AtomicFile.replace(path, with: Array(text.utf8))
        }
        try Folders.create("\(folder)/Schemas")
        for name in Folders.names(in: "\(Workplace.repository)/Schemas") {
            try AtomicFile.replace(
                "\(folder)/Schemas/\(name)", with: AtomicFile.read("\(Workplace.repository)/Schemas/\(name)"))
        }
        try AtomicFile.replace(
            "\(folder)/omni.yaml", with: Array("broker: { bootstrap.servers: \"127.0.0.1:1\" }\n".utf8))
        installation = try Installation.load(
            folder: folder, surroundings: Surroundings(variable: { _ in nil }, file: { _ in nil }))
    }

    deinit {
        let remove = try? ChildProcess("/bin/rm", ["-rf", folder])
        _ = remove?.wait()
    }

    func fixtures() throws -> Fixtures { try Fixtures(installation, "test") }

    /// What is wrong, as `omni connect` and `omni connector test` say it; empty when both take it.
    func problems() -> [String] {
        [
            Result {
                _ = try ConnectorProcess(
                    installation, "test", log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            },
            Result { _ = try fixtures() },
        ].compactMap { result in
            if case .failure(let error) = result { "\(error)" } else { nil }
        }
    }

    func read(_ name: String) throws -> String {
        String(decoding: try AtomicFile.read("\(folder)/Connectors/test/\(name)"), as: UTF8.self)
    }

    func exists(_ name: String) -> Bool { access("\(folder)/Connectors/test/\(name)", F_OK) == 0 }
}
