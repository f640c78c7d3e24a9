import Glibc
import Testing

@testable import Transports

/// What a client can know when there is no answer.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientErrorTests {
    private func failure(
        _ request: HTTPClient.Request, _ options: HTTPClient.Options = .init()
    ) async throws -> HTTPClientError? {
        try await onThread {
            do throws(HTTPClientError) {
                _ = try HTTPClient(options).send(request)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test func `Nobody listens: nothing was sent`() async throws {
        let port = try Loopback.freePort()
        let error = try await failure(.init(.post, "http://127.0.0.1:\(port)/secret?key=hunter2", body: [1]))
        #expect(error?.kind == .unreachable)
        #expect(error?.isOutcomeUnknown == false)
        #expect(error?.isRetriable == true)
        #expect(error?.origin == "http://127.0.0.1:\(port)")
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `A name that does not exist is unreachable`() async throws {
        let error = try await failure(.init(.get, "http://no-such-host.invalid/"))
        #expect(error?.kind == .unreachable)
    }

    @Test(arguments: [[], [UInt8](repeating: 1, count: 10)])
    func `A server that never answers leaves the outcome unknown`(body: [UInt8]) async throws {
        let received = Monitor("")
        let isOver = Monitor(false)
        let server = try RawServer { socket, _ in
            let text = socket.receive(until: "\r\n\r\n")
            received.withLock { $0 += text }
            isOver.wait { $0 ? () : nil }
        }
        let error = try await failure(
            .init(.post, "http://127.0.0.1:\(server.port)/", body: body, timeout: .milliseconds(300)))
        isOver.withLock { $0 = true }
        #expect(error?.kind == .timedOut)
        #expect(error?.isOutcomeUnknown == true)
        #expect(received.withLock { $0 }.hasPrefix("POST / HTTP/1.1\r\n"))
    }

    @Test func `An answer that stops halfway leaves the outcome unknown`() async throws {
        let server = try RawServer { socket, _ in
            _ = socket.receive(until: "\r\n\r\n")
            socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        }
        let error = try await failure(.init(.get, "http://127.0.0.1:\(server.port)/"))
        #expect(error?.kind == .brokenOff)
        #expect(error?.isOutcomeUnknown == true)
    }

    @Test func `What does not speak HTTP leaves the outcome unknown`() async throws {
        let server = try RawServer { socket, _ in
            _ = socket.receive(until: "\r\n\r\n")
            socket.send("220 mail.example ESMTP\r\n")
        }
        let error = try await failure(.init(.get, "http://127.0.0.1:\(server.port)/"))
        #expect(error?.kind == .brokenOff)
    }

    /// Answers the first request of each connection, then dies in the middle of the second.
    private func dyingServer(_ requests: Monitor<[String]>) throws -> RawServer {
        try RawServer { socket, _ in
            for isLast in [false, true] {
                let request = socket.receive(until: "\r\n\r\n")
                if request.isEmpty { return }
                requests.withLock { $0.append(String(request.prefix { $0 != "\r\n" })) }
                if isLast { return }
                socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    @Test(arguments: [1, 100_000])
    func `A POST on a kept connection that dies is not sent a second time`(size: Int) async throws {
        let requests = Monitor<[String]>([])
        let server = try dyingServer(requests)
        let url = "http://127.0.0.1:\(server.port)/"
        let error: HTTPClientError? = try await onThread {
            let client = HTTPClient()
            _ = try client.send(.init(.get, url))
            do throws(HTTPClientError) {
                _ = try client.send(.init(.post, url, body: [UInt8](repeating: 65, count: size)))
                return nil
            } catch { return error }
        }
        #expect(error?.kind == .brokenOff)
        #expect(error?.isOutcomeUnknown == true)
        #expect(requests.withLock { $0 } == ["GET / HTTP/1.1", "POST / HTTP/1.1"])
    }

    @Test func `A POST without a body is sent once too, on a connection of its own`() async throws {
        let requests = Monitor<[String]>([])
        let server = try dyingServer(requests)
        let url = "http://127.0.0.1:\(server.port)/"
        try await onThread {
            let client = HTTPClient()
            _ = try client.send(.init(.get, url))
            let answer = try client.send(.init(.post, url))
            #expect(answer.status == 200)
        }
        #expect(requests.withLock { $0 } == ["GET / HTTP/1.1", "POST / HTTP/1.1"])
    }

    @Test func `A GET on a kept connection that dies is sent again`() async throws {
        let requests = Monitor<[String]>([])
        let server = try dyingServer(requests)
        let url = "http://127.0.0.1:\(server.port)/"
        try await onThread {
            let client = HTTPClient()
            for _ in 0..<2 {
                let answer = try client.send(.init(.get, url))
                #expect(answer.status == 200)
            }
        }
        #expect(requests.withLock { $0.count } == 3)
    }

    @Test func `An answer that is longer than wanted is broken off`() async throws {
        let server = HTTPServer { _ in HTTPResponse(200, "text/plain", [UInt8](repeating: 1, count: 1001)) }
        let port = try server.start()
        defer { server.stop() }
        var options = HTTPClient.Options()
        options.largestAnswer = 1000
        let error = try await failure(.init(.post, "http://127.0.0.1:\(port)/", body: [1]), options)
        #expect(error?.kind == .answerTooLarge)
        #expect(error?.isOutcomeUnknown == true)
        options.largestAnswer = 1001
        #expect(try await failure(.init(.get, "http://127.0.0.1:\(port)/"), options) == nil)
    }

    @Test(arguments: [
        "", "nonsense", "ftp://example.com/", "file:///etc/passwd", "http://", "http://user:hunter2@example.com/",
        "http://token@example.com/", "http://127.0.0.1:99999/", "http://127.0.0.1/a b", "http://127.0.0.1/ä",
    ])
    func `A bad URL is told apart, without repeating it`(url: String) async throws {
        let error = try await failure(.init(.get, url))
        #expect(error?.kind == .badURL)
        #expect(error?.isOutcomeUnknown == false)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func `Methods and fields that would smuggle something in are refused`() async throws {
        let url = "http://127.0.0.1:1/"
        let requests: [HTTPClient.Request] = [
            .init(HTTPMethod(rawValue: "GET / HTTP/1.1\r\nX:"), url), .init(HTTPMethod(rawValue: ""), url),
            .init(.get, url, fields: ["X": "secret\r\nY: z"]), .init(.get, url, fields: ["X\n": "y"]),
            .init(.get, url, fields: ["": "y"]), .init(.get, url, fields: ["X": "a\0b"]),
        ]
        for request in requests {
            let error = try await failure(request)
            #expect(error?.kind == .badRequest)
            #expect(error?.description.contains("secret") == false)
        }
    }
}
