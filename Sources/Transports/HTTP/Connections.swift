import NIOCore

/// All open connections of a server and its running handlers: what there is to wait for at its end.
final class Connections: Sendable {
    private let state = Monitor(State())
    private let most: Int

    private struct State: Sendable {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var handlers = 0
        var isStopping = false
        var atLast: (@Sendable () -> Void)?
    }

    init(atMost most: Int) { self.most = most }

    /// Notes a connection until it is closed; closes it at once when the server is stopping, or has enough.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isWelcome = state.withLock { state in
            state.channels[id] = channel
            return !state.isStopping && state.channels.count <= most
        }
        channel.closeFuture.whenComplete { [state] _ in state.withLock { $0.channels[id] = nil } }
        if !isWelcome { channel.close(promise: nil) }
    }

    /// The number of open connections.
    var count: Int { state.withLock { $0.channels.count } }

    func handlerStarts() { state.withLock { $0.handlers += 1 } }

    func handlerEnds() {
        let atLast = state.withLock { state in
            state.handlers -= 1
            return state.handlers == 0 ? state.atLast : nil
        }
        atLast?()
    }

    /// Lets each connection answer the request it has, closes the others, and after `grace` all that are left.
    func drain(for grace: Duration) {
        let channels = state.withLock { state in
            state.isStopping = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        if state.wait(for: grace, until: { $0.channels.isEmpty ? true : nil }) == nil {
            let left = state.withLock { Array($0.channels.values) }
            for channel in left { channel.close(promise: nil) }
        }
        state.wait { $0.channels.isEmpty ? () : nil }
    }

    /// Calls `body` when no handler runs, which may be now.
    func afterLastHandler(_ body: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if state.handlers > 0 { state.atLast = body }
            return state.handlers == 0
        }
        if isNow { body() }
    }
}
