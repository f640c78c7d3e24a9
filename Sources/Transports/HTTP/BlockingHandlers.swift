import NIOPosix

/// Threads for handlers that block, on a database or a file: so that they don't hold up those that only wait.
///
///     let pool = try BlockingHandlers(threads: 4)
///     router.on(.get, "/articles", pool.handler { request in try shop.articles() })
///
/// As many requests as there are threads run at the same time, the others wait for their turn: no place for waits of
/// seconds. Those suspend in an `HTTPHandler`, which costs no thread.
public final class BlockingHandlers: Sendable {
    private let pool: NIOThreadPool

    /// Starts the threads.
    public init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    deinit { pool.shutdownGracefully { _ in } }

    /// A handler that runs `body` on one of the threads.
    public func handler(_ body: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse) -> HTTPHandler {
        { request in try await self.pool.runIfActive { try body(request) } }
    }
}
