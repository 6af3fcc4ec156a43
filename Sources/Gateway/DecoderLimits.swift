import NIOHTTP1

extension NIOHTTPDecoderLimitConfiguration {
    /// For what browsers send: the operator's limits.
    static func gatewayRequests(_ limits: Configuration.Limits) -> Self {
        var configuration = Self()
        configuration.maxHeaderFieldSize = limits.headerBytes
        configuration.maxHeaderListSize = limits.headerBytes
        configuration.maxHeaderFieldCount = limits.headerFields
        return configuration
    }

    /// For what upstreams send: generous, because the operator chose them, but not without end.
    static var gatewayResponses: Self {
        var configuration = Self()
        configuration.maxHeaderFieldSize = 64 << 10
        configuration.maxHeaderListSize = 256 << 10
        configuration.maxHeaderFieldCount = 200
        return configuration
    }
}
