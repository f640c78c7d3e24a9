import Glibc
import Testing

@testable import Transports

/// TLS, against openssl's own server.
@Suite(.timeLimit(.minutes(1)), .enabled(if: access("/usr/bin/openssl", X_OK) == 0)) struct HTTPSTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let make = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder["key.pem"],
                "-out", folder["certificate.pem"],
            ], options: .init(errors: .null))
        try #require(make.wait().isSuccess)
    }

    private func withServer(_ body: (Int) throws -> Void) throws {
        let port = try Loopback.freePort()
        let server = try ChildProcess(
            "openssl",
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-quiet", "-key", folder["key.pem"], "-cert",
                folder["certificate.pem"],
            ], options: .init(input: .pipe, output: .null, errors: .null))
        defer { server.terminate(grace: .seconds(5)) }
        #expect(eventually { (try? RawSocket(connectingTo: port)) != nil })
        try body(port)
    }

    private func send(_ url: String, _ options: HTTPClient.Options) throws(HTTPClientError) -> Int {
        try HTTPClient(options).send(.init(.get, url)).status
    }

    @Test func `A server must prove its name by a certificate that is trusted`() async throws {
        try withServer { port in
            var options = HTTPClient.Options()
            options.trustedCertificates = folder["certificate.pem"]
            let trusted = try send("https://localhost:\(port)/", options)
            #expect(trusted == 200)

            let otherName = #expect(throws: HTTPClientError.self) { try send("https://127.0.0.1:\(port)/", options) }
            #expect(otherName?.kind == .tls)
            let untrusted = #expect(throws: HTTPClientError.self) { try send("https://localhost:\(port)/", .init()) }
            #expect(untrusted?.kind == .tls)
            #expect(untrusted?.isOutcomeUnknown == false)

            options.trustedCertificates = folder["absent.pem"]
            let noFile = #expect(throws: HTTPClientError.self) { try send("https://localhost:\(port)/", options) }
            #expect(noFile?.kind == .tls)

            options = .init()
            options.verifiesServers = false
            let unverified = try send("https://127.0.0.1:\(port)/", options)
            #expect(unverified == 200)
        }
    }

    @Test func `A server without TLS is told apart`() async throws {
        let server = HTTPServer { _ in HTTPResponse(204) }
        let port = try server.start()
        defer { server.stop() }
        let error = #expect(throws: HTTPClientError.self) { try send("https://127.0.0.1:\(port)/", .init()) }
        #expect(error?.kind == .tls)
    }
}
