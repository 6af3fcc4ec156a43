private import CCurl
private import Glibc

/// One request on its way: an easy handle, owned, with all it points to.
@safe
final class Transfer {
    private let order: TransferLoop.Order
    private let maximumBodyBytes: Int
    private let url: OpaquePointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var head = ResponseHead()
    private var body: [UInt8] = []
    private var isTooLarge = false

    /// For the multi handle.
    let easy: UnsafeMutableRawPointer

    /// - Parameter share: outlives the transfer.
    init(
        _ order: TransferLoop.Order,
        _ configuration: BackChannelConfiguration,
        share: UnsafeMutableRawPointer
    ) throws(BackChannelError) {
        try order.request.check()
        guard let easy = unsafe curl_easy_init() else { throw Self.outOfMemory }
        guard let url = unsafe curl_url() else {
            unsafe curl_easy_cleanup(easy)
            throw Self.outOfMemory
        }
        self.order = order
        self.maximumBodyBytes = max(0, configuration.maximumResponseBytes)
        unsafe self.easy = easy
        unsafe self.url = url
        unsafe self.errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        // From here on `deinit` cleans up, whatever throws.
        try self.setURL(configuration)
        try self.setRequest(configuration)
        try self.setTLS(configuration)
        try self.setLimits(configuration)
        try unsafe self.check(gatehouse_easy_set_pointer(self.easy, CURLOPT_SHARE, share))
    }

    deinit {
        unsafe curl_easy_cleanup(self.easy)
        unsafe curl_url_cleanup(self.url)
        unsafe curl_slist_free_all(self.fields)
        unsafe self.errorText.deallocate()
    }

    /// Whose handle it is.
    static func number(of easy: UnsafeMutableRawPointer) -> UInt {
        var value: UnsafeMutableRawPointer?
        unsafe gatehouse_easy_get_private(easy, &value)
        return UInt(bitPattern: value)
    }

    // MARK: The answer

    func finish(_ error: BackChannelError) {
        self.order.continuation.resume(returning: .failure(error))
    }

    /// - Parameter code: the `CURLcode` the transfer ended with.
    func finish(code: Int32) {
        guard code == CURLE_OK.rawValue else { return self.finish(self.error(code)) }
        // To libcurl a header that breaks off is an answer without a body.
        guard self.head.isComplete else { return self.finish(.interrupted) }
        var status = 0
        unsafe gatehouse_easy_get_number(self.easy, CURLINFO_RESPONSE_CODE, &status)
        let response = BackChannelResponse(status: status, headers: self.head.fields, body: self.body)
        self.order.continuation.resume(returning: .success(response))
    }

    private func error(_ code: Int32) -> BackChannelError {
        if self.isTooLarge { return .tooLarge }
        let detail = unsafe String(cString: self.errorText)
        switch CURLcode(UInt32(bitPattern: code)) {
        case CURLE_OPERATION_TIMEDOUT: return self.hasSent ? .timeout : .timeoutUnsent
        case CURLE_COULDNT_RESOLVE_HOST: return .cannotResolve
        case CURLE_COULDNT_CONNECT: return .refused
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: return .interrupted
        case CURLE_FILESIZE_EXCEEDED: return .tooLarge
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            return .tls(detail)
        // The URL was good: a wrong protocol is an answer that is not HTTP/1.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            return .malformed(detail)
        default: return .other(code: code, detail)
        }
    }

    /// Whether a part of the request has gone out.
    private var hasSent: Bool {
        var size = 0
        unsafe gatehouse_easy_get_number(self.easy, CURLINFO_REQUEST_SIZE, &size)
        return size > 0
    }

    // MARK: Options

    /// The handle gets the URL as libcurl has parsed it, so that what was judged is what is used.
    private func setURL(_ configuration: BackChannelConfiguration) throws(BackChannelError) {
        let flags = UInt32(CURLU_DISALLOW_USER)
        guard unsafe curl_url_set(self.url, CURLUPART_URL, self.order.request.url, flags) == CURLUE_OK else {
            throw .malformed("URL")
        }
        let scheme = self.part(CURLUPART_SCHEME)
        let isSecure = scheme.utf8.elementsEqual("https".utf8)
        guard isSecure || scheme.utf8.elementsEqual("http".utf8) else { throw .malformed("URL scheme") }
        let host = self.part(CURLUPART_HOST)
        guard isSecure || configuration.allowPlainHTTP || Self.isLoopback(host) else { throw .insecureURL }
        try unsafe self.check(gatehouse_easy_set_url(self.easy, self.url))
        try unsafe self.check(gatehouse_easy_allow_only(self.easy, isSecure ? 1 : 0))
    }

    private func part(_ part: CURLUPart) -> String {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(self.url, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return "" }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    /// `localhost`, 127.0.0.0/8 or [::1]. libcurl has brought every way to write an IPv4 address to four decimals, and
    /// never asks DNS for `localhost`.
    private static func isLoopback(_ host: String) -> Bool {
        if host.utf8.elementsEqual("localhost".utf8) || host.utf8.elementsEqual("[::1]".utf8) { return true }
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private func setRequest(_ configuration: BackChannelConfiguration) throws(BackChannelError) {
        let request = self.order.request
        for (name, value) in request.headers {
            // "Name:" alone would take a field away; "Name;" sends it empty.
            try self.add(value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "\(name);" : "\(name): \(value)")
        }
        // Without this libcurl waits a second for "100 Continue" before a large body.
        try self.add("Expect:")
        try unsafe self.check(gatehouse_easy_set_list(self.easy, CURLOPT_HTTPHEADER, self.fields))
        try self.set(CURLOPT_USERAGENT, configuration.userAgent)
        try self.set(CURLOPT_ACCEPT_ENCODING, "gzip")
        // Multiplexing a handful of requests gains nothing, and HTTP/1.1 has less that can go wrong.
        try self.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        if request.isSentOnce { try self.set(CURLOPT_FRESH_CONNECT, 1) }
        guard request.method == .post else { return }
        let body = request.body ?? []
        try self.set(CURLOPT_POST, 1)
        try unsafe self.check(gatehouse_easy_set_size(self.easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // libcurl takes null for "ask the read callback": an empty array's address must not reach it.
        let code = unsafe (body.isEmpty ? [0] : body).withUnsafeBytes { bytes in
            unsafe gatehouse_easy_set_pointer(self.easy, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress)
        }
        try self.check(code)
    }

    private func add(_ field: String) throws(BackChannelError) {
        guard let longer = unsafe curl_slist_append(self.fields, field) else { throw Self.outOfMemory }
        unsafe self.fields = longer
    }

    private func setTLS(_ configuration: BackChannelConfiguration) throws(BackChannelError) {
        try self.set(CURLOPT_SSL_VERIFYPEER, 1)
        try self.set(CURLOPT_SSL_VERIFYHOST, 2)
        try self.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if configuration.caFile != nil || configuration.caDirectory != nil {
            // Naming one takes the default away for the other too: otherwise every public authority stays trusted.
            try self.set(CURLOPT_CAINFO, configuration.caFile)
            try self.set(CURLOPT_CAPATH, configuration.caDirectory)
        } else if Self.systemHasFile {
            // libcurl parses the system's file once a day when there is no directory beside it, and otherwise for every
            // connection: 50 ms of our one thread.
            try self.set(CURLOPT_CAPATH, nil)
        }
    }

    /// Whether libcurl was built with a file of authorities; some are built with a directory alone.
    private static let systemHasFile = unsafe gatehouse_authorities_file() != nil

    private func setLimits(_ configuration: BackChannelConfiguration) throws(BackChannelError) {
        let left = ContinuousClock.now.duration(to: self.order.deadline)
        guard left > .zero else { throw .timeoutUnsent }
        // 0 would mean "no limit".
        try self.set(CURLOPT_TIMEOUT_MS, Int(clamping: min(left.milliseconds, Int64(Int32.max))))
        let connecting = max(1, min(configuration.connectTimeout.milliseconds, Int64(Int32.max)))
        try self.set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: connecting))
        try self.set(CURLOPT_NOSIGNAL, 1)
        try unsafe self.check(gatehouse_easy_leave_lookups(self.easy))
        try self.set(CURLOPT_FOLLOWLOCATION, 0)
        // Empty: no proxy, and the environment is not asked for one.
        try self.set(CURLOPT_PROXY, "")
        try self.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        // An announced length is judged before the first byte; the write function below judges what really comes out.
        let maximum = curl_off_t(clamping: self.maximumBodyBytes)
        try unsafe self.check(gatehouse_easy_set_size(self.easy, CURLOPT_MAXFILESIZE_LARGE, max(1, maximum)))
        try unsafe self.check(gatehouse_easy_set_pointer(self.easy, CURLOPT_ERRORBUFFER, self.errorText))
        let number = unsafe UnsafeRawPointer(bitPattern: self.order.number)
        try unsafe self.check(gatehouse_easy_set_pointer(self.easy, CURLOPT_PRIVATE, number))
        // `Transfers` holds this object as long as the handle is in the multi handle and these can be called.
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        try unsafe self.check(gatehouse_easy_set_pointer(self.easy, CURLOPT_WRITEDATA, owner))
        try unsafe self.check(gatehouse_easy_set_pointer(self.easy, CURLOPT_HEADERDATA, owner))
        try unsafe self.check(gatehouse_easy_set_receiver(self.easy, CURLOPT_WRITEFUNCTION, Self.receiveBody))
        try unsafe self.check(gatehouse_easy_set_receiver(self.easy, CURLOPT_HEADERFUNCTION, Self.receiveHeader))
    }

    private func set(_ option: CURLoption, _ number: Int) throws(BackChannelError) {
        try unsafe self.check(gatehouse_easy_set_number(self.easy, option, number))
    }

    private func set(_ option: CURLoption, _ text: String?) throws(BackChannelError) {
        try unsafe self.check(gatehouse_easy_set_text(self.easy, option, text))
    }

    private func check(_ code: CURLcode) throws(BackChannelError) {
        guard code != CURLE_OK else { return }
        throw .other(code: Int32(bitPattern: code.rawValue), "an option was refused")
    }

    private static let outOfMemory = BackChannelError.other(code: 27, "out of memory")

    // MARK: Called by libcurl

    private static let receiveBody: curl_write_callback = { start, size, count, owner in
        guard let start = unsafe start, let owner = unsafe owner else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size * count)
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
        // Any other number than what was given ends the transfer.
        guard bytes.count <= transfer.maximumBodyBytes - transfer.body.count else {
            transfer.isTooLarge = true
            return 0
        }
        unsafe transfer.body.append(contentsOf: bytes)
        return bytes.count
    }

    private static let receiveHeader: curl_write_callback = { start, size, count, owner in
        guard let start = unsafe start, let owner = unsafe owner else { return 0 }
        let line = unsafe UnsafeRawBufferPointer(start: start, count: size * count)
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
        guard unsafe transfer.head.receive(line) else {
            transfer.isTooLarge = true
            return 0
        }
        return line.count
    }
}
