import Glibc
import Testing
import Transports

/// A folder of a test's own, removed at the end.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/omni-connector-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        let remove = try? ChildProcess("/bin/rm", ["-rf", path])
        _ = remove?.wait()
    }
}
