import CCurl
import Glibc

/// libcurl, loaded by the first request: with the twenty libraries that it brings along it would cost every process 4 MB
/// and 3 ms at its start, and most of them never send a request.
struct CurlLibrary: @unchecked Sendable {
    // Unchecked: functions of C, which are never unloaded.
    let newHandle: @convention(c) () -> UnsafeMutableRawPointer?
    let free: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let reset: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let perform: @convention(c) (UnsafeMutableRawPointer?) -> CURLcode
    let words: @convention(c) (CURLcode) -> UnsafePointer<CChar>?
    let append:
        @convention(c) (UnsafeMutablePointer<curl_slist>?, UnsafePointer<CChar>?) -> UnsafeMutablePointer<curl_slist>?
    let freeList: @convention(c) (UnsafeMutablePointer<curl_slist>?) -> Void
    let newURL: @convention(c) () -> OpaquePointer?
    let freeURL: @convention(c) (OpaquePointer?) -> Void
    let setURL: @convention(c) (OpaquePointer?, CURLUPart, UnsafePointer<CChar>?, UInt32) -> CURLUcode
    let getURL:
        @convention(c) (OpaquePointer?, CURLUPart, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UInt32) ->
            CURLUcode
    let urlWords: @convention(c) (CURLUcode) -> UnsafePointer<CChar>?
    let freeText: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let setOption: omni_curl_setopt
    let getInfo: omni_curl_getinfo

    /// The name under which every distribution has it.
    private static let file = "libcurl.so.4"

    static let shared: CurlLibrary = {
        guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
            fatalError("\(file) can't be loaded: \(lastError()). Install libcurl (Debian: libcurl4).")
        }
        // With OpenSSL, libcurl writes to sockets in a way that raises SIGPIPE when the server has gone.
        BrokenPipes.ignore()
        let initialize: @convention(c) (Int) -> CURLcode = function("curl_global_init", in: library)
        precondition(initialize(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, "libcurl could not be set up.")
        return CurlLibrary(
            newHandle: function("curl_easy_init", in: library), free: function("curl_easy_cleanup", in: library),
            reset: function("curl_easy_reset", in: library), perform: function("curl_easy_perform", in: library),
            words: function("curl_easy_strerror", in: library), append: function("curl_slist_append", in: library),
            freeList: function("curl_slist_free_all", in: library),
            newURL: function("curl_url", in: library), freeURL: function("curl_url_cleanup", in: library),
            setURL: function("curl_url_set", in: library), getURL: function("curl_url_get", in: library),
            urlWords: function("curl_url_strerror", in: library), freeText: function("curl_free", in: library),
            setOption: function("curl_easy_setopt", in: library), getInfo: function("curl_easy_getinfo", in: library))
    }()

    private static func function<Function>(_ name: String, in library: UnsafeMutableRawPointer) -> Function {
        guard let address = dlsym(library, name) else { fatalError("\(file) has no \(name): \(lastError()).") }
        return unsafeBitCast(address, to: Function.self)
    }

    private static func lastError() -> String { dlerror().map { String(cString: $0) } ?? "no reason given" }
}
