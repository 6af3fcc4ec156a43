import Access
import BackChannel
package import NIOHTTP1

/// Something went wrong, and whose fault it was. The status is for the browser, the reason for the log.
package struct Fault: Error, Sendable {
    /// Where it comes from.
    package enum Source: String, Sendable {
        case downstream
        case upstream
        case provider
        case store
        case gateway
    }

    package let source: Source
    package let status: HTTPResponseStatus
    /// A constant sentence for the log; names no value a stranger sent.
    package let reason: String
    /// More for the log, never for the browser.
    package var detail: String?

    package init(_ source: Source, _ status: HTTPResponseStatus, _ reason: String, detail: String? = nil) {
        self.source = source
        self.status = status
        self.reason = reason
        self.detail = detail
    }
}

extension Fault {
    static func malformed(_ reason: String) -> Self { Self(.downstream, .badRequest, reason) }

    static let unknownHost = Self(.downstream, .misdirectedRequest, "no route for this host")
    static let noRoute = Self(.downstream, .notFound, "no route for this path")
    static let upstreamUnreachable = Self(.upstream, .badGateway, "the upstream cannot be reached")
    static let prefixMissing = Self(.downstream, .notFound, "the path does not begin with the route's strip_prefix")
    static let bodyAboveLimit = Self(.downstream, .payloadTooLarge, "the body is larger than the route takes")
    static let bodyTooSlow = Self(.downstream, .requestTimeout, "the body came more slowly than limits.body_rate")
    static let tooManyConnections = Self(.downstream, .tooManyRequests, "more connections than limits.connections")
    static let tooManyConnectionsOfOneAddress = Self(
        .downstream,
        .tooManyRequests,
        "more connections of one address than limits.connections_per_address"
    )
    static let tooManySignIns = Self(
        .downstream,
        .tooManyRequests,
        "more sign-ins of one address than limits.sign_ins_per_minute"
    )
    static let upstreamSilent = Self(.upstream, .gatewayTimeout, "the upstream did not answer in time")
    static let upstreamConnectTimeout = Self(.upstream, .gatewayTimeout, "the upstream did not accept in time")
    static let upstreamBroke = Self(.upstream, .badGateway, "the upstream's answer broke off or made no sense")
    static let upstreamSwitchedProtocols = Self(.upstream, .badGateway, "the upstream switched protocols unasked")
    static let tunnelRefused = Self(.downstream, .notImplemented, "a tunnel that the route does not allow")
    static let foreignOrigin = Self(.downstream, .forbidden, "a tunnel asked for by a page of another origin")
    static let tunnelIdle = Self(.downstream, .requestTimeout, "the tunnel was idle for too long")
    /// The status is for the log; the response or the tunnel had long begun.
    static let sessionEnded = Self(.downstream, .unauthorized, "the session ended")
    static let permissionEnded = Self(.downstream, .forbidden, "the session does not permit this any more")
    static let stopping = Self(.gateway, .serviceUnavailable, "the gateway stopped")
    /// Nobody is left to be told; the status is for the log.
    static let browserLeft = Self(.downstream, .badRequest, "the browser went away")
    static let responseNotTaken = Self(.downstream, .requestTimeout, "the browser did not take its answer in time")
    static let requestTimedOut = Self(.downstream, .requestTimeout, "the request did not arrive in time")
    static let fieldsTooLarge = Self(
        .downstream,
        .requestHeaderFieldsTooLarge,
        "the request's fields are larger than limits.header_size"
    )
    static let bodyTooLarge = Self(.downstream, .payloadTooLarge, "the body is larger than this endpoint takes")
    static func identity(_ error: IdentityFieldsError) -> Self {
        Self(.gateway, .forbidden, "the identity does not fit into header fields", detail: "\(error)")
    }

    static let unsigned = Self(.gateway, .internalServerError, "an assertion could not be signed")

    static func unreadable(_ error: MessageError) -> Self {
        switch error {
        case .malformed(let reason): .malformed(reason)
        case .startLineTooLong: Self(.downstream, .uriTooLong, "the request line is too long")
        case .fieldsTooLarge: .fieldsTooLarge
        }
    }

    static func refused(_ refusal: RequestRefusal) -> Self {
        Self(.downstream, refusal == .targetTooLong ? .uriTooLong : .badRequest, refusal.description)
    }

    static func store(_ fault: StoreFault) -> Self {
        Self(.store, .serviceUnavailable, "the session store failed", detail: "\(fault.kind): \(fault.detail)")
    }

    /// One session's record, which is of another version or which no key of ours opens. Time does not heal it.
    package static let unreadableSession = Self(.store, .serviceUnavailable, "a session record cannot be opened")

    var isUnreadableSession: Bool { self.source == .store && self.reason == Self.unreadableSession.reason }

    static func provider(_ reason: String, detail: String? = nil) -> Self {
        Self(.provider, .serviceUnavailable, reason, detail: detail)
    }
}
