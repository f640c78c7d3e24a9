import Logging
import NIOCore
import NIOHTTP1

/// What all connections of a server share.
struct ConnectionSettings: Sendable {
    let limits: HTTPServerLimits
    let logger: Logger
    let handler: HTTPHandler
    let connections: Connections
}

/// One connection: collects a request, has it answered, sends the answer, and again. All on its event loop.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        /// Between requests.
        case idle
        /// Bytes of a request have come.
        case receiving
        /// The handler is at it.
        case answering(Task<Void, Never>)
        /// The client has not yet taken the whole answer.
        case sending
        /// Refused before the request's end. Closing with bytes unread would reset the connection, and the client would
        /// never see the answer: so our side alone is closed, and what still comes is thrown away for a while.
        case lingering
        case closed
    }

    private let threads: HandlerThreads
    private let settings: ConnectionSettings
    private var phase = Phase.idle
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isReadWhole = false
    private var isStopping = false
    private var context: ChannelHandlerContext?
    private let deadline = Deadline()

    private init(_ threads: HandlerThreads, _ settings: ConnectionSettings) {
        self.threads = threads
        self.settings = settings
    }

    static func install(in channel: any Channel, _ threads: HandlerThreads, _ settings: ConnectionSettings) throws {
        let connection = HTTPConnection(threads, settings)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(FirstLook(connection))
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = settings.limits.header
        decoder.maxHeaderListSize = settings.limits.header
        decoder.maxHeaderFieldCount = settings.limits.headerFields
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(connection)
        settings.connections.add(channel)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline.start(on: context.eventLoop) { this.value.tooLate() }
        deadline.set(settings.limits.idle)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelInactive(context: ChannelHandlerContext) {
        if case .answering(let task) = phase { task.cancel() }
        phase = .closed
        deadline.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let bytes): collect(bytes)
        case .end: end()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return close() }
        switch phase {
        case .idle, .receiving:
            let refusal =
                error == .headerOverflow
                ? HTTPResponse.text(431, "The request's header is too large.\n")
                : HTTPResponse.text(400, "This is not HTTP/1.1.\n")
            refuse(refusal)
        case .answering, .sending, .closed:
            close()
        case .lingering:
            break
        }
    }

    // MARK: Receiving

    /// A byte has come, before anything is known about it.
    func bytesArrived() {
        guard case .idle = phase else { return }
        phase = .receiving
        deadline.set(settings.limits.receiving)
    }

    /// The server stops: this connection serves no further request.
    func stopAfterThis() { isStopping = true }

    private func begin(_ head: HTTPRequestHead) {
        // Pipelined: its bytes came during the request before it.
        bytesArrived()
        self.head = head
        body = []
        isReadWhole = false
        if let refusal = refusal(for: head) { return refuse(refusal) }
        if head.version.minor > 0, head.headers["expect"].contains(where: { HTTPFields.isSame($0, "100-continue") }) {
            context?.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        }
    }

    private func refusal(for head: HTTPRequestHead) -> HTTPResponse? {
        if head.version.major != 1 { return .text(505, "This server speaks HTTP/1.1.\n") }
        if head.version.minor > 0, head.headers["host"].count != 1 {
            return .text(400, "HTTP/1.1 needs one Host.\n")
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        return length > settings.limits.body ? tooLarge : nil
    }

    private var tooLarge: HTTPResponse { .text(413, "The body is longer than \(settings.limits.body) bytes.\n") }

    private func collect(_ bytes: ByteBuffer) {
        guard case .receiving = phase else { return }
        guard body.count + bytes.readableBytes <= settings.limits.body else { return refuse(tooLarge) }
        if body.isEmpty, let length = head?.headers.first(name: "content-length").flatMap({ Int($0) }) {
            // Not more than a client has begun to pay for.
            body.reserveCapacity(min(length, 1 << 20))
        }
        body.append(contentsOf: bytes.readableBytesView)
    }

    private func refuse(_ response: HTTPResponse) {
        phase = .sending
        send(response, thenClose: true)
    }

    private func end() {
        isReadWhole = true
        if case .receiving = phase { answer() }
    }

    // MARK: Answering

    private func answer() {
        guard let head, let context else { return }
        deadline.cancel()
        var fields = HTTPFields()
        for (name, value) in head.headers { fields.add(name, value) }
        let request = HTTPRequest(
            HTTPMethod(rawValue: head.method.rawValue), Self.originForm(head.uri), fields: fields, body: body,
            client: context.remoteAddress?.ipAddress)
        body = []
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let settings = settings
        settings.connections.handlerStarts()
        phase = .answering(
            Task(executorPreference: threads) {
                let response = await settings.response(to: request)
                loop.execute { this.value.answered(response) }
                settings.connections.handlerEnds()
            })
    }

    /// A client that takes us for a proxy sends the whole URL (RFC 9112, section 3.2.2).
    private static func originForm(_ target: String) -> String {
        guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else { return target }
        let authority = target[scheme.upperBound...]
        return authority.firstIndex { $0 == "/" || $0 == "?" }.map { String(authority[$0...]) } ?? "/"
    }

    private func answered(_ response: HTTPResponse) {
        guard case .answering = phase else { return }
        phase = .sending
        send(response, thenClose: isStopping || head?.isKeepAlive != true)
    }

    /// The end of the answer, which puts no bytes on the wire, is told to the pipeline only when the client has taken
    /// the rest: until then no further request is read, so that answers can't pile up.
    private func send(_ response: HTTPResponse, thenClose: Bool) {
        guard let context else { return }
        deadline.set(settings.limits.sending)
        let hasBody = head?.method != .HEAD && !response.body.isEmpty && response.mayHaveBody
        let taken = context.eventLoop.makePromise(of: Void.self)
        let start = wrapOutboundOut(.head(response.head(isLast: thenClose, for: head)))
        if hasBody {
            context.write(start, promise: nil)
            let bytes = context.channel.allocator.buffer(bytes: response.body)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: taken)
        } else {
            context.writeAndFlush(start, promise: taken)
        }
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        taken.futureResult.whenComplete { result in
            switch result {
            case .success: this.value.sent(isLast: thenClose)
            case .failure: this.value.close()
            }
        }
    }

    private func sent(isLast: Bool) {
        switch phase {
        case .sending where isLast:
            if isReadWhole { close() } else { linger() }
        case .sending:
            phase = .idle
            head = nil
            deadline.set(settings.limits.idle)
            context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .idle, .receiving, .answering, .lingering, .closed:
            break
        }
    }

    // MARK: Ends

    private func tooLate() {
        switch phase {
        case .receiving where head != nil:
            refuse(.text(408, "The request took too long to arrive.\n"))
        // Without a whole header there is nothing to answer to.
        case .idle, .receiving, .answering, .sending, .lingering, .closed:
            close()
        }
    }

    private func linger() {
        phase = .lingering
        deadline.set(min(.seconds(2), settings.limits.receiving))
        context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context?.close(mode: .output, promise: nil)
        context?.read()
    }

    /// Whether what comes is no longer of interest.
    fileprivate var isDeaf: Bool {
        if case .lingering = phase { true } else { false }
    }

    private func close() { context?.close(promise: nil) }
}

/// Stands before the parser, where the first byte of a request shows, and the server's wish to stop.
private final class FirstLook: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let connection: HTTPConnection

    init(_ connection: HTTPConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.isDeaf { return }
        connection.bytesArrived()
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { connection.stopAfterThis() }
        context.fireUserInboundEventTriggered(event)
    }
}

extension ConnectionSettings {
    /// The handler's answer, or the one that its error asks for.
    fileprivate func response(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let response = try await handler(request)
            guard response.fields.firstUnsound == nil, (200...599).contains(response.status) else {
                logger.error("A handler gave an answer that can't be sent", metadata: ["status": "\(response.status)"])
                return .text(500, "Internal error.\n")
            }
            return response
        } catch let refusal as HTTPRefusal {
            return .text(refusal.status, refusal.message)
        } catch is CancellationError {
            return .text(503, "The server is stopping.\n")
        } catch {
            logger.error("A request failed", metadata: ["method": "\(request.method)", "error": "\(error)"])
            return .text(500, "Internal error.\n")
        }
    }
}
