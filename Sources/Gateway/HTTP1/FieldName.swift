/// The request fields the gateway knows by name.
enum RequestFieldName: UInt8 {
    case host, cookie, contentLength, transferEncoding, connection, upgrade, expect, hopByHop, requestID, forwardedFor
    case accept, origin, secFetchSite, secFetchMode, secFetchDest, purpose, requestedWith, traceParent, traceState,
        authorization, other
    /// What front proxies write down of the request they ask about.
    case originalURL, originalURI, originalMethod, forwardedMethod, forwardedProto, forwardedHost, forwardedURI

    /// By length first, then by one byte: most names are told apart without reading them.
    init(_ name: Span<UInt8>) {
        func isName(_ candidate: String) -> Bool { equalIgnoringCase(name, candidate) }
        switch name.count {
        case 2: self = isName("te") ? .hopByHop : .other
        case 4: self = isName("host") ? .host : .other
        case 6:
            switch asciiLowercased(name[0]) {
            case UInt8(ascii: "c"): self = isName("cookie") ? .cookie : .other
            case UInt8(ascii: "a"): self = isName("accept") ? .accept : .other
            case UInt8(ascii: "o"): self = isName("origin") ? .origin : .other
            default: self = isName("expect") ? .expect : .other
            }
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
            switch asciiLowercased(name[10]) {
            case UInt8(ascii: "n"): self = isName("content-length") ? .contentLength : .other
            case UInt8(ascii: "s"): self = isName("sec-fetch-site") ? .secFetchSite : .other
            case UInt8(ascii: "m"): self = isName("sec-fetch-mode") ? .secFetchMode : .other
            case UInt8(ascii: "d"): self = isName("sec-fetch-dest") ? .secFetchDest : .other
            case UInt8(ascii: "-"):
                self = isName("x-original-uri") ? .originalURI : isName("x-original-url") ? .originalURL : .other
            default: self = isName("http2-settings") ? .hopByHop : .other
            }
        case 15: self = isName("x-forwarded-for") ? .forwardedFor : isName("x-forwarded-uri") ? .forwardedURI : .other
        case 16:
            switch asciiLowercased(name[2]) {
            case UInt8(ascii: "f"): self = isName("x-forwarded-host") ? .forwardedHost : .other
            case UInt8(ascii: "r"): self = isName("x-requested-with") ? .requestedWith : .other
            default: self = isName("proxy-connection") ? .hopByHop : .other
            }
        case 17:
            switch asciiLowercased(name[2]) {
            case UInt8(ascii: "f"): self = isName("x-forwarded-proto") ? .forwardedProto : .other
            case UInt8(ascii: "o"): self = isName("x-original-method") ? .originalMethod : .other
            default: self = isName("transfer-encoding") ? .transferEncoding : .other
            }
        case 18:
            self = isName("x-forwarded-method") ? .forwardedMethod : isName("proxy-authenticate") ? .hopByHop : .other
        case 19: self = isName("proxy-authorization") ? .hopByHop : .other
        default: self = .other
        }
    }
}
