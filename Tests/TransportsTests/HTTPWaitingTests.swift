import Glibc
import Testing

@testable import Transports

/// Handlers that wait, clients that leave, servers that stop.
@Suite(.timeLimit(.minutes(1))) struct HTTPWaitingTests {
    /// Lets handlers wait until it is opened.
    private actor Gate {
        private var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        private var next = 0
        private var isOpen = false
        private(set) var cancelled = 0

        var count: Int { waiting.count }

        func pass() async throws {
            if isOpen { return }
            let id = next
            next += 1
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { waiting[id] = $0 }
            } onCancel: {
                Task { await self.cancel(id) }
            }
        }

        func open() {
            isOpen = true
            for continuation in waiting.values { continuation.resume() }
            waiting = [:]
        }

        private func cancel(_ id: Int) {
            cancelled += 1
            waiting.removeValue(forKey: id)?.resume(throwing: CancellationError())
        }
    }

    @Test func `Two hundred waiting requests hold up nobody, and all get their answer`() async throws {
        let gate = Gate()
        let server = HTTPServer { request in
            if request.path == "/wait" { try await gate.pass() }
            return .text(200, request.query["n"] ?? "now")
        }
        let port = try server.start()
        defer { server.stop() }
        let sockets = try (0..<200).map { number in
            let socket = try RawSocket(connectingTo: port)
            socket.send("POST /wait?n=\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
            return socket
        }
        #expect(await eventually { await gate.count == 200 })
        let client = HTTPClient()
        let now = try await onThread { try client.send(.init(.get, "http://127.0.0.1:\(port)/")) }
        #expect(now.body == Array("now".utf8))
        await gate.open()
        for (number, socket) in sockets.enumerated() {
            #expect(socket.receive(until: "\r\n\r\n\(number)").hasSuffix("\r\n\r\n\(number)"))
        }
    }

    @Test func `Handlers that block take turns on the server's threads, and hold up no other server`() async throws {
        let entered = Monitor(0)
        let isOpen = Monitor(false)
        let server = HTTPServer(threads: 2) { request in
            entered.withLock { $0 += 1 }
            isOpen.wait { $0 ? () : nil }
            return .text(200, "blocked \(request.path)")
        }
        let other = HTTPServer { _ in .text(200, "quick") }
        try await onThread {
            let port = try server.start()
            defer { server.stop() }
            let sockets = try (0..<8).map { number in
                let socket = try RawSocket(connectingTo: port)
                socket.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                return socket
            }
            #expect(eventually { entered.withLock { $0 == 2 } })
            let quick = try RawSocket(connectingTo: try other.start())
            quick.send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(quick.receive(until: "quick").hasSuffix("quick"))
            other.stop()
            #expect(entered.withLock { $0 } == 2)
            isOpen.withLock { $0 = true }
            for (number, socket) in sockets.enumerated() {
                #expect(socket.receive(until: "blocked /\(number)").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test func `A client that goes away cancels its request`() async throws {
        let gate = Gate()
        let server = HTTPServer { _ in
            try await gate.pass()
            return HTTPResponse(204)
        }
        let port = try server.start()
        defer { server.stop() }
        var socket: RawSocket? = try RawSocket(connectingTo: port)
        socket?.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        #expect(await eventually { await gate.count == 1 })
        socket = nil
        #expect(await eventually { await gate.cancelled == 1 })
        #expect(await gate.count == 0)
    }

    @Test func `A server that stops answers what it has begun, and takes nothing new`() async throws {
        let gate = Gate()
        let server = HTTPServer { _ in
            try await gate.pass()
            return .text(200, "answered")
        }
        let port = try server.start()
        let busy = try RawSocket(connectingTo: port)
        let idle = try RawSocket(connectingTo: port)
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { await gate.count == 1 })
        let isStopped = Monitor(false)
        let stopper = try NamedThread("stopper") {
            // Longer than a crowded machine keeps this test waiting.
            server.stop(grace: .seconds(600))
            isStopped.withLock { $0 = true }
        }
        #expect(idle.receiveToEnd() == "")
        #expect(eventually { (try? RawSocket(connectingTo: port)) == nil })
        #expect(!isStopped.withLock { $0 })
        await gate.open()
        let answer = busy.receiveToEnd()
        #expect(answer.hasSuffix("answered"))
        #expect(answer.contains("Connection: close\r\n"))
        stopper.join()
        server.stop()
    }

    @Test func `A server that stops cancels what outlasts its grace`() async throws {
        let gate = Gate()
        let server = HTTPServer { _ in
            try await gate.pass()
            return .text(200, "answered")
        }
        let port = try server.start()
        let busy = try RawSocket(connectingTo: port)
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { await gate.count == 1 })
        try await onThread { server.stop(grace: .milliseconds(10)) }
        #expect(busy.receiveToEnd() == "")
        #expect(await eventually { await gate.cancelled == 1 })
    }

    @Test func `A handler that heeds no cancellation ends after the server, and harms nothing`() async throws {
        let isBusy = Monitor(false)
        let isOpen = Monitor(false)
        let isDone = Monitor(false)
        let server = HTTPServer { _ in
            isBusy.withLock { $0 = true }
            isOpen.wait { $0 ? () : nil }
            isDone.withLock { $0 = true }
            return HTTPResponse(204)
        }
        let port = try server.start()
        let busy = try RawSocket(connectingTo: port)
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { isBusy.withLock { $0 } })
        try await onThread { server.stop(grace: .zero) }
        #expect(!isDone.withLock { $0 })
        isOpen.withLock { $0 = true }
        #expect(eventually { isDone.withLock { $0 } })
    }
}
