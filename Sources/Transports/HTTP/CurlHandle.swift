import CCurl
import Glibc

/// One easy handle of libcurl with its kept connections. Used by one thread at a time: the client's pool sees to it.
final class CurlHandle: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    // libcurl writes its words about an error here, for as long as the handle lives.
    private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    private let curl = CurlLibrary.shared

    init() {
        guard let handle = curl.newHandle() else { fatalError("libcurl has no memory for a handle.") }
        self.handle = handle
    }

    deinit {
        curl.free(handle)
        words.deallocate()
    }

    func perform(
        _ request: HTTPClient.Request, _ options: HTTPClient.Options
    ) throws(HTTPClientError) -> HTTPResponse {
        let origin = try Origin(of: request)
        try Self.check(request, origin)
        // Keeps the connections, the sessions of TLS and the names looked up.
        curl.reset(handle)
        set(request, origin, options)
        let fields = fieldList(request, options)
        defer { curl.freeList(fields) }
        omni_curl_set_pointer(curl.setOption, handle, CURLOPT_HTTPHEADER, fields)

        let exchange = Exchange(body: request.body, largestAnswer: options.largestAnswer)
        let (code, words) = withExtendedLifetime(exchange) { run(exchange, request) }
        guard code == CURLE_OK else {
            throw error(code, words, exchange, request, origin)
        }
        return exchange.response
    }

    private func run(_ exchange: Exchange, _ request: HTTPClient.Request) -> (CURLcode, String) {
        let pointer = Unmanaged.passUnretained(exchange).toOpaque()
        omni_curl_set_pointer(curl.setOption, handle, CURLOPT_WRITEDATA, pointer)
        omni_curl_set_write(curl.setOption, handle, CURLOPT_WRITEFUNCTION) { Exchange.from($3).take($0, $1 * $2) }
        omni_curl_set_pointer(curl.setOption, handle, CURLOPT_HEADERDATA, pointer)
        omni_curl_set_write(curl.setOption, handle, CURLOPT_HEADERFUNCTION) { Exchange.from($3).takeLine($0, $1 * $2) }
        omni_curl_set_pointer(curl.setOption, handle, CURLOPT_READDATA, pointer)
        omni_curl_set_read(curl.setOption, handle, CURLOPT_READFUNCTION) { Exchange.from($3).give($0, $1 * $2) }
        return request.body.withUnsafeBytes { body in
            words[0] = 0
            omni_curl_set_pointer(curl.setOption, handle, CURLOPT_ERRORBUFFER, words)
            setBody(body, of: request)
            let code = curl.perform(handle)
            return (code, words[0] == 0 ? curl.words(code).map { String(cString: $0) } ?? "" : String(cString: words))
        }
    }

    // MARK: Options

    private func set(_ request: HTTPClient.Request, _ origin: Origin, _ options: HTTPClient.Options) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(options.connectTimeout))
        set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout ?? options.timeout))
        set(CURLOPT_URL, request.url)
        set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        set(CURLOPT_USERAGENT, options.userAgent)
        set(CURLOPT_SSL_VERIFYPEER, options.verifiesServers ? 1 : 0)
        set(CURLOPT_SSL_VERIFYHOST, options.verifiesServers ? 2 : 0)
        if let file = options.trustedCertificates { set(CURLOPT_CAINFO, file) }
        // What is on this machine is never behind the environment's proxy.
        if origin.isLoopback { set(CURLOPT_PROXY, "") }
    }

    private func setBody(_ body: UnsafeRawBufferPointer, of request: HTTPClient.Request) {
        if request.method == .head { return set(CURLOPT_NOBODY, 1) }
        if body.isEmpty && [.get, .delete, .options].contains(request.method) { return set(CURLOPT_HTTPGET, 1) }
        set(CURLOPT_POST, 1)
        omni_curl_set_offset(curl.setOption, handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        if request.method.isIdempotent {
            omni_curl_set_pointer(
                curl.setOption, handle, CURLOPT_POSTFIELDS, body.baseAddress ?? UnsafeRawPointer(handle))
        } else if body.isEmpty {
            omni_curl_set_pointer(curl.setOption, handle, CURLOPT_POSTFIELDS, UnsafeRawPointer(handle))
            // libcurl repeats a request when a kept connection dies under it; there is no dying on a new one.
            set(CURLOPT_FRESH_CONNECT, 1)
        } else {
            // … and it can't repeat a body that it can't rewind: it is read from `Exchange.give` then.
            omni_curl_set_seek(curl.setOption, handle, CURLOPT_SEEKFUNCTION) { _, _, _ in CURL_SEEKFUNC_FAIL }
        }
    }

    private func fieldList(
        _ request: HTTPClient.Request, _ options: HTTPClient.Options
    ) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for field in request.fields {
            // A field without a value is written with a semicolon; with a colon it would be left out.
            list = curl.append(list, field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // Waiting for "100 Continue" costs a second with servers that don't know it.
        list = curl.append(list, "Expect:")
        // libcurl would take any body for a form's.
        if request.fields["Content-Type"] == nil { list = curl.append(list, "Content-Type:") }
        return list
    }

    private func set(_ option: CURLoption, _ value: Int) { omni_curl_set_long(curl.setOption, handle, option, value) }

    private func set(_ option: CURLoption, _ value: Int32) {
        omni_curl_set_long(curl.setOption, handle, option, Int(value))
    }

    private func set(_ option: CURLoption, _ value: String) {
        // libcurl copies strings.
        value.withCString { _ = omni_curl_set_pointer(curl.setOption, handle, option, $0) }
    }

    /// At least one: 0 means for ever to libcurl.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int(min(max(duration / .milliseconds(1), 1), Double(Int32.max)))
    }

    // MARK: Errors

    private static func check(_ request: HTTPClient.Request, _ origin: Origin) throws(HTTPClientError) {
        var reason: String?
        if !HTTPFields.isToken(request.method.rawValue) { reason = "the method is no token" }
        if let name = request.fields.firstUnsound {
            reason =
                HTTPFields.isToken(name) ? "control characters in the value of \(name)" : "a field's name is no token"
        }
        guard let reason else { return }
        throw HTTPClientError(kind: .badRequest, method: request.method, origin: origin.text, reason: reason)
    }

    private func error(
        _ code: CURLcode, _ words: String, _ exchange: Exchange, _ request: HTTPClient.Request, _ origin: Origin
    ) -> HTTPClientError {
        var sent = 0
        omni_curl_get_long(curl.getInfo, handle, CURLINFO_REQUEST_SIZE, &sent)
        let kind: HTTPClientError.Kind =
            switch code {
            case _ where exchange.isTooLarge: .answerTooLarge
            case CURLE_OPERATION_TIMEDOUT: sent > 0 ? .timedOut : .unreachable
            case _ where sent > 0: .brokenOff
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .badURL
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
                .tls
            default: .unreachable
            }
        return HTTPClientError(kind: kind, method: request.method, origin: origin.text, reason: words)
    }
}
