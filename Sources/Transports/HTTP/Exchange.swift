import CCurl
import Glibc

/// What libcurl's callbacks fill and empty during one request.
final class Exchange {
    private(set) var response = HTTPResponse(0)
    private(set) var isTooLarge = false
    private let body: [UInt8]
    private var given = 0
    private let largestAnswer: Int

    init(body: [UInt8], largestAnswer: Int) {
        self.body = body
        self.largestAnswer = largestAnswer
    }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> Exchange {
        guard let pointer else { fatalError("libcurl lost its callback's pointer.") }
        return Unmanaged.fromOpaque(pointer).takeUnretainedValue()
    }

    /// A piece of the answer's body. Any count but the one given makes libcurl break off.
    func take(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard response.body.count + count <= largestAnswer else {
            isTooLarge = true
            return 0
        }
        response.body.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        return count
    }

    /// A whole line of the answer's header.
    func takeLine(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let line = UnsafeRawBufferPointer(start: start, count: count)
        if line.starts(with: "HTTP/".utf8) {
            // An interim answer, such as 100 or 103, may have come before.
            let status = line.split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first
            response = HTTPResponse(status.flatMap { Int(Self.text($0)) } ?? 0)
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            response.fields.add(Self.text(line[..<colon]), Self.text(line[(colon + 1)...]))
        }
        return count
    }

    /// The next piece of the request's body.
    func give(_ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int {
        let count = min(capacity, body.count - given)
        body.withUnsafeBytes { bytes in
            guard count > 0, let buffer, let start = bytes.baseAddress else { return }
            memcpy(buffer, start + given, count)
        }
        given += count
        return count
    }

    private static func text(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isSpace($0) }.map { bytes.index(after: $0) } ?? start
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}

/// Where a URL leads, read by libcurl itself so that both can't disagree.
struct Origin {
    /// Scheme, host and port.
    let text: String
    let isLoopback: Bool

    init(of request: HTTPClient.Request) throws(HTTPClientError) {
        func bad(_ reason: String) -> HTTPClientError {
            HTTPClientError(kind: .badURL, method: request.method, origin: nil, reason: reason)
        }
        let curl = CurlLibrary.shared
        guard let url = curl.newURL() else { throw bad("no memory") }
        defer { curl.freeURL(url) }
        let code = curl.setURL(url, CURLUPART_URL, request.url, 0)
        guard code == CURLUE_OK else { throw bad(curl.urlWords(code).map { String(cString: $0) } ?? "") }
        func part(_ part: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl.getURL(url, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK, let text else { return nil }
            defer { curl.freeText(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else {
            throw bad("the scheme must be http or https")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw bad("credentials belong in the field Authorization, not in the URL")
        }
        guard let host = part(CURLUPART_HOST), let port = part(CURLUPART_PORT) else { throw bad("there is no host") }
        // libcurl would send what it means as an escape; a space or a letter beyond ASCII is a mistake.
        guard request.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw bad("there are characters that must be percent-encoded")
        }
        text = "\(scheme)://\(host):\(port)"
        isLoopback = host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
    }
}
