/// Requests from us to the OpenID provider: discovery, keys, code, refresh, userinfo, revocation.
///
/// All of them run in libcurl on one thread of its own, with connections and TLS sessions reused. What holds for every
/// request: the peer's certificate is verified, redirects are answers and not followed, the whole has a deadline and
/// the answer a bound, no proxy, `.netrc` or cookie comes in from outside, and plain http goes to loopback only.
package final class BackChannel: Sendable {
    private let loop: TransferLoop

    /// Starts the thread.
    ///
    /// - Throws: `other` when the system has no thread left.
    package init(_ configuration: BackChannelConfiguration = BackChannelConfiguration()) throws(BackChannelError) {
        self.loop = TransferLoop(configuration)
        try self.loop.start()
    }

    deinit {
        self.loop.shutDown()
    }

    /// Sends a request and returns its whole answer, whatever its status. Cancelling the task ends the transfer.
    ///
    /// libcurl sends a request a second time by itself in one case: a kept connection was closed by the peer before a
    /// single byte of the answer came; not with `isSentOnce`.
    ///
    /// - Throws: any `BackChannelError`. After `insecureURL` and `malformed` with our own request nothing was sent.
    package func send(_ request: BackChannelRequest) async throws(BackChannelError) -> BackChannelResponse {
        let number = self.loop.makeNumber()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.loop.submit(request, number: number, continuation)
                // The handler below may have run already, before there was anything to cancel.
                if Task.isCancelled { self.loop.cancel(number) }
            }
        } onCancel: {
            self.loop.cancel(number)
        }
        return try result.get()
    }

    /// Fails every request that waits with `shutDown`, closes the connections, and returns when the thread has ended, a
    /// few milliseconds later. Later requests fail at once. May be called again.
    package func shutDown() {
        self.loop.shutDown()
    }
}

/// How the back channel reaches the provider.
package struct BackChannelConfiguration: Sendable {
    /// PEM file with the authorities that are trusted. Naming a file or a directory replaces the system's authorities.
    package var caFile: String?
    /// Directory of certificates named by hash, as `openssl rehash` makes it.
    package var caDirectory: String?
    /// From `send` to the last byte of the answer, waiting for a free connection and name lookup included.
    package var timeout: Duration = .seconds(10)
    /// Name lookup, TCP and TLS handshake.
    package var connectTimeout: Duration = .seconds(5)
    /// The largest body, in bytes, after decompression.
    package var maximumResponseBytes = 1 << 20
    /// Accept `http` for hosts other than `localhost`, 127.0.0.0/8 and ::1.
    package var allowPlainHTTP = false
    /// What we call ourselves.
    package var userAgent = "gatehouse"
    /// Requests on their way at the same time; further ones wait their turn, and their deadline runs.
    package var maximumConcurrentTransfers = 64

    package init() {}
}
