/// The request fields the gateway knows by name.
enum RequestFieldName: UInt8 {
    case host, cookie, contentLength, transferEncoding, connection, upgrade, expect, hopByHop, requestID, forwardedFor
    case accept, origin, secFetchSite, secFetchMode, secFetchDest, purpose, requestedWith, traceParent, traceState,
        authorization, other

    /// By length first: most names are told apart without reading them.
    init(_ name: Span<UInt8>) {
        func isName(_ candidate: String) -> Bool { equalIgnoringCase(name, candidate) }
        switch name.count {
        case 2: self = isName("te") ? .hopByHop : .other
        case 4: self = isName("host") ? .host : .other
        case 6:
            self =
                isName("cookie")
                ? .cookie
                : isName("accept")
                    ? .accept
                    : isName("origin")
                        ? .origin
                        : isName("expect") ? .expect : .other
        case 7:
            self = isName("upgrade") ? .upgrade : isName("trailer") ? .hopByHop : isName("purpose") ? .purpose : .other
        case 10:
            self =
                isName("connection")
                ? .connection
                : isName("keep-alive")
                    ? .hopByHop
                    : isName("tracestate") ? .traceState : .other
        case 11: self = isName("sec-purpose") ? .purpose : isName("traceparent") ? .traceParent : .other
        case 12: self = isName("x-request-id") ? .requestID : .other
        case 13: self = isName("authorization") ? .authorization : .other
        case 14:
            self =
                isName("content-length")
                ? .contentLength
                : isName("sec-fetch-site")
                    ? .secFetchSite
                    : isName("sec-fetch-mode")
                        ? .secFetchMode
                        : isName("sec-fetch-dest")
                            ? .secFetchDest
                            : isName("http2-settings") ? .hopByHop : .other
        case 15: self = isName("x-forwarded-for") ? .forwardedFor : .other
        case 16:
            self = isName("proxy-connection") ? .hopByHop : isName("x-requested-with") ? .requestedWith : .other
        case 17: self = isName("transfer-encoding") ? .transferEncoding : .other
        case 18: self = isName("proxy-authenticate") ? .hopByHop : .other
        case 19: self = isName("proxy-authorization") ? .hopByHop : .other
        default: self = .other
        }
    }
}
