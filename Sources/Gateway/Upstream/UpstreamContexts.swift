import NIOSSL

/// The TLS contexts of the upstreams, made once for all workers.
package struct UpstreamContexts: Sendable {
    private var contexts: [(tls: UpstreamTLS, context: NIOSSLContext)] = []

    /// - Throws: what is wrong with the first files that cannot be used.
    init(_ upstreams: [Upstream]) throws {
        for upstream in upstreams where upstream.addresses.contains(where: \.isTLS) {
            if self.context(for: upstream.tls) == nil {
                self.contexts.append((upstream.tls, try upstream.tls.context()))
            }
        }
    }

    func context(for tls: UpstreamTLS) -> NIOSSLContext? {
        self.contexts.first { $0.tls == tls }?.context
    }
}
