/// Sends requests to handlers by method and path.
///
///     var router = Router()
///     router.on(.get, "/products/{id}") { request in try find(request.parameters["id"]) }
///     let server = HTTPServer(handler: router.handler)
///
/// A pattern's segment is a name or `{parameter}`; names win over parameters, from the left. HEAD goes to GET's handler.
public struct Router: Sendable {
    private var routes: [Route] = []

    private struct Route: Sendable {
        let segments: [Segment]
        var handlers: [HTTPMethod: HTTPHandler]

        func handler(for method: HTTPMethod) -> HTTPHandler? {
            handlers[method] ?? (method == .head ? handlers[.get] : nil)
        }
    }

    private enum Segment: Sendable, Equatable {
        case name(String)
        case parameter(String)

        var isParameter: Bool {
            if case .parameter = self { true } else { false }
        }
    }

    /// A router without routes: it answers 404.
    public init() {}

    /// Adds a route. Adding the same one twice, or the same path with other parameter names, is a mistake in the
    /// program, and ends it.
    public mutating func on(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping HTTPHandler) {
        let segments = Self.segments(of: pattern)
        if let known = routes.firstIndex(where: { $0.segments == segments }) {
            precondition(routes[known].handlers[method] == nil, "\(method) \(pattern) is routed already.")
            routes[known].handlers[method] = handler
            return
        }
        let shape = segments.map { $0.isParameter ? nil : $0 }
        precondition(
            !routes.contains { $0.segments.map { $0.isParameter ? nil : $0 } == shape },
            "\(pattern) is routed already, with other parameter names.")
        routes.append(Route(segments: segments, handlers: [method: handler]))
        // Names before parameters, compared from the left: the first match is then the best.
        routes.sort { one, other in
            one.segments.lexicographicallyPrecedes(other.segments) { !$0.isParameter && $1.isParameter }
        }
    }

    /// All routes as one handler.
    public var handler: HTTPHandler {
        { request in try await handle(request) }
    }

    /// Answers one request.
    public func handle(_ request: HTTPRequest) async throws -> HTTPResponse {
        let sent = request.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        var segments: [String] = []
        for segment in sent {
            guard let decoded = PercentEncoding.decode(Substring(segment)) else {
                throw HTTPRefusal(400, "The path's percent-encoding is broken.\n")
            }
            segments.append(decoded)
        }
        var allowed: Set<HTTPMethod> = []
        for route in routes {
            guard let parameters = Self.match(route.segments, segments) else { continue }
            guard let handler = route.handler(for: request.method) else {
                allowed.formUnion(route.handlers.keys)
                continue
            }
            var request = request
            request.parameters = parameters
            return try await handler(request)
        }
        if allowed.isEmpty { return .notFound }
        if allowed.contains(.get) { allowed.insert(.head) }
        return .methodNotAllowed(allowed: allowed.sorted { $0.rawValue < $1.rawValue })
    }

    private static func segments(of pattern: String) -> [Segment] {
        precondition(pattern.hasPrefix("/"), "The pattern \(pattern) must begin with a slash.")
        return pattern.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .parameter(String(segment.dropFirst().dropLast())) : .name(String(segment))
        }
    }

    private static func match(_ pattern: [Segment], _ segments: [String]) -> [String: String]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (wanted, segment) in zip(pattern, segments) {
            switch wanted {
            case .name(let name):
                if name != segment { return nil }
            case .parameter(let name):
                if segment.isEmpty { return nil }
                parameters[name] = segment
            }
        }
        return parameters
    }
}
