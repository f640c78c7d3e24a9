import CLinux
import Glibc

@testable import Transports

/// A TCP connection without any manners: sends what it is told, and reads what comes, for ten seconds at most.
final class RawSocket: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init(connectingTo port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let failed = withLoopback(port) { address, length in connect(descriptor, address, length) }
        guard failed == 0 else { throw SystemError.last("connect", "127.0.0.1:\(port)") }
        self.init(descriptor)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        var text = text
        let sent = text.withUTF8 { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        // A server may have closed already: what it said is what the tests look at.
        _ = sent
    }

    /// The next bytes; empty at the end, or when nothing comes for too long.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = retryingInterrupts { recv(descriptor, &buffer, buffer.count, 0) }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    func receiveToEnd() -> String {
        var all = ""
        while true {
            let text = receive()
            if text.isEmpty { return all }
            all += text
        }
    }

    /// Reads until `end` has come, or nothing comes any more.
    func receive(until end: String) -> String {
        var all = ""
        while !all.contains(end) {
            let text = receive()
            if text.isEmpty { break }
            all += text
        }
        return all
    }
}

/// A TCP server that treats each connection as a test wants it.
final class RawServer: Sendable {
    let port: Int
    private let listener: Int32
    private let thread: NamedThread

    /// `serve` gets each connection with its number, from 0, on a thread of its own; the socket closes after it.
    init(_ serve: @escaping @Sendable (RawSocket, Int) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard withLoopback(0, { address, length in bind(listener, address, length) }) == 0, listen(listener, 64) == 0
        else { throw SystemError.last("bind", "127.0.0.1") }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &length) }
        }
        self.listener = listener
        port = Int(in_port_t(bigEndian: address.sin_port))
        thread = try NamedThread("raw-server") {
            var number = 0
            while true {
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0 else { return }
                let socket = RawSocket(accepted)
                let current = number
                _ = try? NamedThread("raw-connection") { serve(socket, current) }
                number += 1
            }
        }
    }

    /// A port on which connecting succeeds, while nobody ever answers, ends with this object.
    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        thread.join()
        close(listener)
    }
}

func withLoopback<Result>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
