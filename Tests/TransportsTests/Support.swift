import Glibc
import Testing

@testable import Transports

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/omni-transports-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress.unsafelyUnwrapped) != nil }
        guard made else { throw SystemError.last("mkdtemp", "/tmp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String) throws {
        let file = try Descriptor(opening: self[name], O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try file.write(text.utf8.span)
    }

    func names(_ folder: String = ".") throws -> [String] { try Path.names(in: self[folder]).map(\.name) }

    func text(_ name: String) throws -> String { String(decoding: try AtomicFile.read(self[name]), as: UTF8.self) }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for (name, _) in (try? Path.names(in: path)) ?? [] {
            if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        rmdir(path)
    }
}

/// Waits for a condition, for ten seconds at most.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(2_000)
    }
    return try condition()
}

/// The same, for conditions that only tasks can look at.
func eventually(_ condition: @Sendable () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return try await condition()
}

/// Runs blocking work beside the shared threads of the tests, of which there are as few as cores.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        do {
            _ = try NamedThread("test") { continuation.resume(with: Swift.Result { try body() }) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
