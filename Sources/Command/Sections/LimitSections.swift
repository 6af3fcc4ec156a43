import Gateway
import Logging

extension Configuration.Timeouts {
    /// `[timeouts]`.
    init(_ section: SectionReader) {
        self.init()
        let range = Duration.milliseconds(1)...(.seconds(86_400))
        self.requestHeader = section.timeAmount("request_header", in: range) ?? self.requestHeader
        self.idleBody = section.timeAmount("idle_body", in: range) ?? self.idleBody
        self.idleTunnel = section.timeAmount("idle_tunnel", in: range) ?? self.idleTunnel
        self.keepAlive = section.timeAmount("keep_alive", in: range) ?? self.keepAlive
        self.upstreamConnect = section.timeAmount("upstream_connect", in: range) ?? self.upstreamConnect
        self.upstreamResponse = section.timeAmount("upstream_response", in: range) ?? self.upstreamResponse
        self.upstreamKeepAlive = section.timeAmount("upstream_keep_alive", in: range) ?? self.upstreamKeepAlive
        self.slowBody = section.timeAmount("slow_body", in: range) ?? self.slowBody
        self.upstreamName = section.timeAmount("upstream_name", in: range) ?? self.upstreamName
    }
}

extension Configuration.Limits {
    /// `[limits]`.
    init(_ section: SectionReader) {
        self.init()
        self.headerBytes = section.size("header_size", in: 1 << 10...1 << 20) ?? self.headerBytes
        self.headerFields = section.number("header_fields", in: 10...10_000) ?? self.headerFields
        self.identityBytes = section.size("identity_size", in: 256...1 << 20) ?? self.identityBytes
        self.http2Streams = section.number("http2_streams", in: 1...10_000) ?? self.http2Streams
        self.upstreamIdleConnections =
            section.number("upstream_idle_connections", in: 0...65_536) ?? self.upstreamIdleConnections
        self.bodyBytes = section.size("body_size", in: 0...1 << 50) ?? self.bodyBytes
        self.bodyRate = section.size("body_rate", in: 0...1 << 30) ?? self.bodyRate
        self.connections = section.number("connections", in: 0...10_000_000) ?? self.connections
        self.connectionsPerAddress =
            section.number("connections_per_address", in: 0...1_000_000) ?? self.connectionsPerAddress
        self.signInsPerMinute = section.number("sign_ins_per_minute", in: 0...1_000_000) ?? self.signInsPerMinute
    }
}

extension Configuration.Log {
    /// `[log]`.
    init(_ section: SectionReader) {
        self.init()
        self.level = section.choice("level") ?? self.level
        self.format = section.choice("format") ?? self.format
        self.access = section.flag("access") ?? self.access
        self.accessFormat = section.choice("access_format") ?? self.accessFormat
        self.trace = section.flag("trace") ?? self.trace
        self.audit = section.flag("audit") ?? self.audit
    }
}
