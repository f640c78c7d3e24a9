import Digests
import Glibc
import Testing

@testable import Transports

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    /// Answers with what it was asked, so that the test can look at it.
    private let mirror: HTTPHandler = { request in
        var response = HTTPResponse(201, "application/octet-stream", request.body)
        response.fields["X-Method"] = request.method.rawValue
        response.fields["X-Path"] = request.path
        for name in ["Content-Type", "Authorization", "X-Empty", "Expect", "User-Agent", "X-Name"] {
            if let value = request.fields[name] { response.fields["Seen-\(name)"] = "[\(value)]" }
        }
        for (value, number) in zip(request.fields.all("X-Many"), 0...) { response.fields.add("Seen-\(number)", value) }
        return response
    }

    private func withServer(
        _ handler: HTTPHandler? = nil, _ body: @escaping @Sendable (HTTPClient, String) throws -> Void
    ) async throws {
        let server = HTTPServer(handler: handler ?? mirror)
        let port = try server.start()
        defer { server.stop() }
        try await onThread { try body(HTTPClient(), "http://127.0.0.1:\(port)") }
    }

    static let methods: [(HTTPMethod, Int)] = [
        (.get, 0), (.post, 0), (.post, 1), (.post, 1_000_000), (.put, 0), (.put, 100_000), (.patch, 5), (.delete, 0),
        (.delete, 10), (.get, 3), (.options, 0), (HTTPMethod(rawValue: "PURGE"), 7),
    ]

    @Test(arguments: methods)
    func `A method and a body of any bytes arrive, and the answer comes back`(method: HTTPMethod, size: Int)
        async throws
    {
        try await withServer { client, origin in
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            for _ in 0..<3 {
                let answer = try client.send(.init(method, "\(origin)/a%20b?c=d", body: body))
                #expect(answer.status == 201)
                #expect(answer.isSuccess)
                #expect(answer.fields["x-method"] == method.rawValue)
                #expect(answer.fields["X-PATH"] == "/a%20b")
                #expect(answer.body == body)
                #expect(answer.fields["Seen-Expect"] == nil)
                #expect(answer.fields["Seen-Content-Type"] == nil)
            }
        }
    }

    @Test func `HEAD gives the header alone`() async throws {
        try await withServer { client, origin in
            let answer = try client.send(.init(.head, origin))
            #expect(answer.status == 201)
            #expect(answer.fields["X-Method"] == "HEAD")
            #expect(answer.body.isEmpty)
        }
    }

    @Test func `Fields arrive as they are: empty, repeated, with credentials`() async throws {
        try await withServer { client, origin in
            var fields: HTTPFields = ["X-Empty": "", "Content-Type": "text/csv", "X-Name": "Ä; a=b, \"c\""]
            fields.add("X-Many", "one")
            fields.add("x-many", "two")
            fields["Authorization"] = HTTPClient.basicAuthorization(user: "Aladdin", password: "open sesame")
            let answer = try client.send(.init(.post, origin, fields: fields, body: [1]))
            #expect(answer.fields["Seen-X-Empty"] == "[]")
            #expect(answer.fields["Seen-Content-Type"] == "[text/csv]")
            #expect(answer.fields["Seen-X-Name"] == "[Ä; a=b, \"c\"]")
            #expect(answer.fields["Seen-0"] == "one")
            #expect(answer.fields["Seen-1"] == "two")
            #expect(answer.fields["Seen-Authorization"] == "[Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==]")
            #expect(answer.fields["Seen-User-Agent"] == "[omnigration]")
            // None of it stays for the next request on the same handle.
            let next = try client.send(.init(.get, origin))
            #expect(next.fields["Seen-Authorization"] == nil)
            #expect(next.fields["Seen-Content-Type"] == nil)
        }
        #expect(HTTPClient.bearerAuthorization("abc") == "Bearer abc")
    }

    @Test func `Requests of one thread share a connection`() async throws {
        let connections = Monitor(0)
        let server = try RawServer { socket, _ in
            connections.withLock { $0 += 1 }
            while !socket.receive(until: "\r\n\r\n").isEmpty {
                socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        try await onThread {
            let client = HTTPClient()
            for _ in 0..<20 {
                let answer = try client.send(.init(.get, "http://127.0.0.1:\(server.port)/"))
                #expect(answer.body == Array("ok".utf8))
            }
        }
        #expect(connections.withLock { $0 } == 1)
    }

    @Test func `Many threads share a client`() async throws {
        try await withServer { client, origin in
            try withThreads(8) { thread in
                for number in 0..<50 {
                    let body = Array("\(thread)-\(number)".utf8)
                    let answer = try client.send(.init(.post, origin, body: body))
                    #expect(answer.body == body)
                }
            }
        }
    }

    @Test func `Redirects and errors are answers`() async throws {
        try await withServer({ request in
            request.path == "/moved" ? HTTPResponse(302, fields: ["Location": "/"]) : .text(503, "later")
        }) { client, origin in
            #expect(try client.send(.init(.get, "\(origin)/moved")).status == 302)
            let answer = try client.send(.init(.get, origin))
            #expect(answer.status == 503)
            #expect(!answer.isSuccess)
            #expect(answer.body == Array("later".utf8))
        }
    }

    @Test func `An interim answer is not taken for the answer`() async throws {
        let server = try RawServer { socket, _ in
            _ = socket.receive(until: "\r\n\r\n")
            socket.send(
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA:  b \r\nContent-Length: 0\r\n\r\n")
        }
        let answer = try await onThread { try HTTPClient().send(.init(.get, "http://127.0.0.1:\(server.port)/")) }
        #expect(answer.status == 200)
        #expect(answer.fields["Link"] == nil)
        #expect(answer.fields["A"] == "b")
    }
}
