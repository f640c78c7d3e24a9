import Digests
import Glibc
import Testing

@testable import Transports

/// The server as a client without manners sees it.
@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    /// Answers with what it was asked.
    private let echo: HTTPHandler = { request in
        var response = HTTPResponse.text(200, "\(request.method) \(request.path) \(request.body.count)")
        response.fields["X-Body"] = Hex.encode(request.body)
        return response
    }

    private func withServer(
        _ limits: HTTPServerLimits = .init(), _ handler: HTTPHandler? = nil,
        _ body: @escaping @Sendable (Int) throws -> Void
    ) async throws {
        let server = HTTPServer(limits: limits, handler: handler ?? echo)
        try await onThread {
            let port = try server.start()
            defer { server.stop(grace: .seconds(1)) }
            try body(port)
        }
    }

    private static let end = "\r\n\r\n"

    @Test func `A connection serves many requests, pipelined ones in their order`() async throws {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            for number in 0..<200 {
                socket.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = socket.receive(until: "GET /\(number) 0")
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(!answer.contains("Connection: close"))
            }
            let pipelined = (0..<50).map { "POST /p\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" }
            socket.send(pipelined.joined())
            let answers = socket.receive(until: "POST /p49 3")
            let bodies = answers.matches(of: /POST \/p(\d+) 3/).map { Int($0.1) }
            #expect(bodies == Array(0..<50))
        }
    }

    @Test func `A connection too many is closed, and one that ends makes room`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 2
        try await withServer(limits) { port in
            let ask = { (socket: RawSocket) in
                socket.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                return socket.receive(until: "GET /a 0")
            }
            let first = try RawSocket(connectingTo: port)
            #expect(ask(first).hasPrefix("HTTP/1.1 200"))
            do {
                let second = try RawSocket(connectingTo: port)
                #expect(ask(second).hasPrefix("HTTP/1.1 200"))
                #expect(try RawSocket(connectingTo: port).receiveToEnd() == "")
                #expect(ask(first).hasPrefix("HTTP/1.1 200"))
            }
            #expect(try eventually { try ask(RawSocket(connectingTo: port)).hasPrefix("HTTP/1.1 200") })
        }
    }

    @Test func `A chunked body arrives whole, byte for byte`() async throws {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in ["4\r\nWiki\r\n", "6;x=y\r\npedia \r\n", "E\r\nin \r\n\r\nchunks.\r\n"] { socket.send(piece) }
            socket.send("0\r\nTrailer: x\r\n\r\n")
            let answer = socket.receive(until: "POST /c 24")
            #expect(answer.contains("X-Body: \(Hex.encode(Array("Wikipedia in \r\n\r\nchunks.".utf8)))\r\n"))
            #expect(answer.hasSuffix("POST /c 24"))
        }
    }

    @Test func `HEAD gets GET's header without a body, and the connection goes on`() async throws {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
            let header = socket.receive(until: Self.end)
            #expect(header.contains("Content-Length: 9\r\n"))
            #expect(header.hasSuffix(Self.end))
            socket.send("GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(socket.receiveToEnd().hasSuffix("\r\n\r\nGET /g 0"))
        }
    }

    @Test func `Connections close when the client says so, and HTTP/1.0 closes unless it says otherwise`() async throws
    {
        try await withServer { port in
            for request in [
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
            ] {
                let socket = try RawSocket(connectingTo: port)
                socket.send(request)
                #expect(socket.receiveToEnd().contains("Connection: close\r\n"))
            }
            let socket = try RawSocket(connectingTo: port)
            for _ in 0..<2 {
                socket.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(socket.receive(until: "GET / 0").contains("Connection: keep-alive\r\n"))
            }
        }
    }

    @Test func `A body that is announced too long is refused before it is sent`() async throws {
        var limits = HTTPServerLimits()
        limits.body = 1000
        try await withServer(limits) { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
            let answer = socket.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("Connection: close\r\n"))
            let exact = try RawSocket(connectingTo: port)
            exact.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + String(repeating: "x", count: 1000))
            #expect(exact.receive(until: "POST / 1000").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `A chunked body that grows too long is refused, and its sender still sees the answer`() async throws {
        var limits = HTTPServerLimits()
        limits.body = 1000
        try await withServer(limits) { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<1000 { socket.send("1000\r\n" + String(repeating: "x", count: 4096) + "\r\n") }
            #expect(socket.receiveToEnd().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `A client that asks before it sends a body is told to go on`() async throws {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n")
            #expect(socket.receive(until: Self.end) == "HTTP/1.1 100 Continue\r\n\r\n")
            socket.send("abc")
            #expect(socket.receive(until: "POST /e 3").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    struct Malformed: CustomTestStringConvertible {
        let testDescription: String
        let request: String
        let status: String

        init(_ name: String, _ status: String, _ request: String) {
            testDescription = name
            self.request = request
            self.status = status
        }
    }

    static let malformed = [
        Malformed("nonsense", "400", "not HTTP at all\r\n\r\n"),
        Malformed("no Host", "400", "GET / HTTP/1.1\r\n\r\n"),
        Malformed("two Hosts", "400", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        Malformed("a bad name", "400", "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n"),
        Malformed("a bad length", "400", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n"),
        Malformed(
            "two lengths", "400", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"),
        Malformed(
            "a length and chunks", "400",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Malformed("a bad chunk", "400", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Malformed(
            "a long field", "431", "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n"),
        Malformed("a long target", "431", "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(
            "many fields", "431", "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n"),
    ]

    @Test(arguments: malformed)
    func `What is malformed or oversized is refused, and the connection closed`(case malformed: Malformed) async throws
    {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send(malformed.request)
            let answer = socket.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(malformed.status) "))
            #expect(answer.contains("Connection: close\r\n"))
            // The server is as good as before.
            let next = try RawSocket(connectingTo: port)
            next.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(next.receive(until: "GET /next 0").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `A client that is slow to send a request is turned away`() async throws {
        var limits = HTTPServerLimits()
        limits.receiving = .milliseconds(50)
        try await withServer(limits) { port in
            let slowBody = try RawSocket(connectingTo: port)
            slowBody.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(slowBody.receiveToEnd().hasPrefix("HTTP/1.1 408 "))
            let slowHeader = try RawSocket(connectingTo: port)
            slowHeader.send("POST / HTT")
            #expect(slowHeader.receiveToEnd() == "")
        }
    }

    @Test func `A connection without a request is dropped, whether it had one before or not`() async throws {
        var limits = HTTPServerLimits()
        limits.idle = .milliseconds(50)
        try await withServer(limits) { port in
            #expect(try RawSocket(connectingTo: port).receiveToEnd() == "")
            // Again, should this thread have slept between connecting and sending.
            let isAnswered = try eventually {
                let kept = try RawSocket(connectingTo: port)
                kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return kept.receiveToEnd().hasSuffix("GET / 0")
            }
            #expect(isAnswered)
        }
    }

    @Test func `A client that takes no answer is dropped`() async throws {
        var limits = HTTPServerLimits()
        limits.sending = .milliseconds(50)
        let size = 32 << 20
        let server = HTTPServer(limits: limits) { _ in
            HTTPResponse(200, "text/plain", [UInt8](repeating: 120, count: size))
        }
        try await onThread {
            let socket = try RawSocket(connectingTo: try server.start())
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(socket.receive(until: Self.end).contains("Content-Length: \(size)\r\n"))
            // Reads nothing more until the server has given up; the kernel buffers less than the whole.
            #expect(eventually { server.openConnections == 0 })
            #expect(socket.receiveToEnd().utf8.count < size / 2)
            server.stop()
        }
    }

    @Test func `Errors of a handler become statuses, and tell the client nothing`() async throws {
        struct Secret: Error { let password = "hunter2" }
        let handler: HTTPHandler = { request in
            switch request.path {
            case "/refused": throw HTTPRefusal(409, "There is one sofa only.")
            case "/failed": throw Secret()
            case "/split": return HTTPResponse(200, fields: ["X": "a\r\nSet-Cookie: b"])
            default: return HTTPResponse(204, body: [1])
            }
        }
        try await withServer(.init(), handler) { port in
            let socket = try RawSocket(connectingTo: port)
            func ask(_ path: String) -> String {
                socket.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                return socket.receive(until: Self.end)
            }
            let refused = ask("/refused")
            #expect(refused.hasPrefix("HTTP/1.1 409 "))
            if !refused.hasSuffix("sofa only.") { #expect(socket.receive(until: "only.").hasSuffix("sofa only.")) }
            let failed = ask("/failed")
            #expect(failed.hasPrefix("HTTP/1.1 500 "))
            #expect(!failed.contains("hunter2"))
            if !failed.hasSuffix("error.\n") { #expect(socket.receive(until: "error.\n") == "Internal error.\n") }
            let split = ask("/split")
            #expect(split.hasPrefix("HTTP/1.1 500 "))
            #expect(!split.contains("Set-Cookie"))
            if !split.hasSuffix("error.\n") { #expect(socket.receive(until: "error.\n") == "Internal error.\n") }
            let empty = ask("/")
            #expect(empty.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(empty.hasSuffix(Self.end) && !empty.contains("Content-Length"))
        }
    }

    @Test func `A request in the form for proxies is understood`() async throws {
        try await withServer { port in
            let socket = try RawSocket(connectingTo: port)
            socket.send("GET http://shop.example/articles?x=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            #expect(socket.receive(until: "GET /articles 0").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `A port that is taken is an error that names it`() async throws {
        try await withServer { port in
            let second = HTTPServer(port: port, handler: { _ in HTTPResponse(204) })
            let error = #expect(throws: SystemError.self) { try second.start() }
            #expect(error?.code == EADDRINUSE)
            #expect(error?.subject == "127.0.0.1:\(port)")
        }
    }
}
