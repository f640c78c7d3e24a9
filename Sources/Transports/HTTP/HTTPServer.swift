public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers a request, on one of its server's own threads. It may suspend for as long as it likes, hundreds at a time:
/// that takes no thread. It may also block for a moment, on a database or a file, as many at a time as there are
/// threads, while the others wait for their turn. Its task is cancelled when the client goes away.
public typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// What a client may ask of a server before it is turned away.
public struct HTTPServerLimits: Sendable {
    /// The longest body in bytes; above it 413.
    public var body = 8 << 20
    /// The longest of target and header fields in bytes; above it 431.
    public var header = 32 << 10
    /// The most header fields; above it 431.
    public var headerFields = 100
    /// The most connections at a time; one more is closed at once.
    public var connections = Int.max
    /// How long a connection may stay open without a request.
    public var idle = Duration.seconds(60)
    /// How long a request may take from its first byte to its last; above it 408.
    public var receiving = Duration.seconds(30)
    /// How long a client may take to accept a response.
    public var sending = Duration.seconds(30)

    /// The usual limits.
    public init() {}
}

/// A small HTTP/1.1 server (RFC 9112) on SwiftNIO: keep-alive, pipelining, chunked requests, limits for everything a
/// client sends. Plain text only: TLS ends before it.
///
///     let server = HTTPServer(handler: router.handler)
///     let port = try server.start()
///     …
///     server.stop()
public final class HTTPServer: Sendable {
    private let host: String
    private let wantedPort: Int
    private let threads: Int
    private let settings: ConnectionSettings
    private let state = Monitor(State.fresh)

    private enum State: Sendable {
        case fresh
        case running(any Channel, MultiThreadedEventLoopGroup, HandlerThreads)
        case stopped
    }

    /// A server, not yet started.
    /// - Parameters:
    ///   - host: The address to listen on.
    ///   - port: 0 lets the system choose.
    ///   - threads: How many handlers may run, or block, at the same time; any number may be suspended.
    ///   - limits: What a client may ask.
    ///   - logger: Gets the errors that handlers throw. No path, query, field or body is ever logged.
    ///   - handler: See `HTTPHandler`.
    public init(
        host: String = "127.0.0.1", port: Int = 0, threads: Int = 4, limits: HTTPServerLimits = HTTPServerLimits(),
        logger: Logger = Logger(label: "http"), handler: @escaping HTTPHandler
    ) {
        self.host = host
        wantedPort = port
        self.threads = threads
        settings = ConnectionSettings(
            limits: limits, logger: logger, handler: handler, connections: Connections(atMost: limits.connections))
    }

    deinit { stop(grace: .zero) }

    var openConnections: Int { settings.connections.count }

    /// Starts to listen. Once only.
    /// - Returns: The port.
    /// - Throws: `SystemError` when the address is taken, or not this machine's.
    @discardableResult
    public func start() throws -> Int {
        try state.withLock { state in
            guard case .fresh = state else { preconditionFailure("A server is started once.") }
            let threads = try HandlerThreads(count: threads)
            // One thread reads and writes for all.
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            do {
                let channel = try Self.bootstrap(group, threads, settings).bind(host: host, port: wantedPort).wait()
                state = .running(channel, group, threads)
                return channel.localAddress?.port ?? wantedPort
            } catch {
                threads.stop()
                try? group.syncShutdownGracefully()
                guard let failure = error as? IOError else { throw error }
                throw SystemError("bind", "\(host):\(wantedPort)", code: failure.errnoCode)
            }
        }
    }

    /// Stops: takes no new connection and no new request, lets the running ones be answered for as long as `grace`,
    /// then breaks off what is left, whose handlers are cancelled. Blocks meanwhile; a second call does nothing.
    public func stop(grace: Duration = .seconds(5)) {
        let before = state.withLock { state in
            defer { state = .stopped }
            return state
        }
        guard case .running(let listener, let group, let threads) = before else { return }
        try? listener.close().wait()
        settings.connections.drain(for: grace)
        // A handler that does not heed its cancellation still answers into the loop, which must outlive it.
        settings.connections.afterLastHandler {
            threads.stop()
            group.shutdownGracefully { _ in }
        }
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ threads: HandlerThreads, _ settings: ConnectionSettings
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try HTTPConnection.install(in: channel, threads, settings)
                }
            }
    }
}
