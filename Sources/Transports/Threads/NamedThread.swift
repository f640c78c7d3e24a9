import CLinux
import Glibc

/// A thread of its own for work that blocks: a poll loop, a broker's client, a waiting connector.
///
///     let thread = try NamedThread("till-source") { loop.run() }
///     …
///     thread.join()
///
/// The closure is moved into the thread, so it may take what no other thread can touch any more, such as an open
/// database. A thread that nobody joined goes on, and frees itself.
public final class NamedThread: Sendable {
    /// What `top -H`, debuggers and crash reports show.
    public let name: String
    let handle: pthread_t
    private let isJoined = Monitor(false)

    /// Starts the thread.
    /// - Parameters:
    ///   - name: Linux shows its first 15 bytes.
    ///   - stackSize: In bytes; nil leaves the system's default, usually 8 MiB of address space.
    ///   - body: Runs once; the thread ends when it returns.
    public init(_ name: String, stackSize: Int? = nil, _ body: sending @escaping () -> Void) throws(SystemError) {
        self.name = name
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackSize {
            let refused = pthread_attr_setstacksize(&attributes, max(stackSize, 16_384))
            guard refused == 0 else { throw SystemError("pthread_attr_setstacksize", name, code: refused) }
        }
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let failure = pthread_create(&handle, &attributes, { Start.run($0) }, start.toOpaque())
        guard failure == 0 else {
            start.release()
            throw SystemError("pthread_create", name, code: failure)
        }
        self.handle = handle
    }

    /// Waits until the thread has ended; at once when it already has. Any number of threads may wait.
    public func join() {
        precondition(pthread_equal(pthread_self(), handle) == 0, "A thread can't wait for its own end.")
        isJoined.withLock { isJoined in
            if !isJoined { pthread_join(handle, nil) }
            isJoined = true
        }
    }

    deinit {
        if !isJoined.withLock({ $0 }) { pthread_detach(handle) }
    }

    private final class Start {
        let name: String
        let body: () -> Void

        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }

        static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            guard let pointer else { return nil }
            let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
            pthread_setname_np(pthread_self(), start.shortName)
            start.body()
            return nil
        }

        /// The kernel refuses more than 15 bytes; a letter of several bytes must not be cut.
        private var shortName: String {
            var short = name
            while short.utf8.count > 15 { short.removeLast() }
            return short
        }
    }
}
