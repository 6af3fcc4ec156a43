package import Access
package import NIOHTTP1

/// Why a check is not answered with a decision, and what the operator has to change. Nothing in it is a stranger's text
/// but the name of a field.
package enum CheckRefusal: Error, Sendable {
    /// The peer is not in `server.trusted_proxies`.
    case untrustedPeer(String)
    /// There is a listener for checks, and this is not it.
    case otherListener
    case missing(OriginalFields.Name)
    case doubled(OriginalFields.Name)
    case contradictory(OriginalFields.Name)
    /// With the rule that is broken. `nil`: the target behind `ext-authz`, or the method of the check itself.
    case malformed(OriginalFields.Name?, String)
    case wrongScheme(found: Scheme, configured: Scheme)
    /// CONNECT and TRACE.
    case tunnelOrMirror
    /// An identity's field under a name that is folded into the genuine one.
    case foldedName(String)
    /// An identity's field that no front is known to take away.
    case unremovedName(String)
    /// The proxy asks about one of our own endpoints.
    case ownEndpoint

    /// What the proxy is told.
    package var status: HTTPResponseStatus {
        switch self {
        case .untrustedPeer, .otherListener, .ownEndpoint: .forbidden
        case .tunnelOrMirror: .methodNotAllowed
        case .missing, .doubled, .contradictory, .malformed, .wrongScheme, .foldedName, .unremovedName:
            .badRequest
        }
    }

    /// A constant sentence for the log.
    package var reason: String {
        switch self {
        case .untrustedPeer: "a check from a peer that is not in server.trusted_proxies"
        case .otherListener: "a check on server.listen, while check.listen is where checks are answered"
        case .missing: "the original request is not complete"
        case .doubled: "the original request is told twice"
        case .contradictory: "the original request is told in two ways"
        case .malformed: "the original request is no request we would serve"
        case .wrongScheme: "the original request has another scheme than public_url"
        case .tunnelOrMirror: "CONNECT and TRACE are not served"
        case .foldedName: "a field is spelled so that an application takes it for an identity"
        case .unremovedName: "a field that an application could take for an identity, and that no front removes"
        case .ownEndpoint: "the front proxy asks about our own endpoints"
        }
    }

    /// What to change, for the log.
    package var advice: String {
        switch self {
        case .untrustedPeer(let peer): "if \(peer) is your front proxy, add it to server.trusted_proxies"
        case .otherListener: "point the front proxy at check.listen"
        case .missing(let name): "let the front proxy set \(name.text): \(name.advice)"
        case .doubled(let name): "let the front proxy replace \(name.text), not add to it: \(name.advice)"
        case .contradictory(let name):
            "\(name.text) says something else: let the front proxy set or remove it, whatever the browser sent"
        case .malformed(let name, let rule): "\(name?.text ?? "the request line"): \(rule)"
        case .wrongScheme(let found, let configured):
            "X-Forwarded-Proto or X-Original-URL says \(found), public_url says \(configured): "
                + "let the front proxy set what browsers use"
        case .tunnelOrMirror: "let the front proxy refuse them"
        case .foldedName(let name):
            "let the front proxy remove fields with \"_\" or \".\" in their names: \(Self.shown(name))"
        case .unremovedName(let name):
            "let the front proxy remove it before it asks us; nginx: proxy_set_header \(Self.shown(name)) \"\", where it "
                + "asks and where it forwards"
        case .ownEndpoint: "let the front proxy send paths.prefix to us without a check"
        }
    }

    package var fault: Fault { Fault(.downstream, self.status, self.reason, detail: self.advice) }

    /// The name as the parser let it through: a token, so it has no control characters. Not all of it.
    private static func shown(_ name: String) -> String {
        String(decoding: name.utf8.prefix(60), as: UTF8.self)
    }
}

extension OriginalFields.Name {
    /// How a proxy is told to set it.
    fileprivate var advice: String {
        switch self {
        case .originalURL: "nginx: proxy_set_header X-Original-URL $scheme://$http_host$request_uri"
        case .originalURI: "nginx: proxy_set_header X-Original-URI $request_uri"
        case .originalMethod: "nginx: proxy_set_header X-Original-Method $request_method"
        case .forwardedMethod: "Traefik's forwardAuth and Caddy's forward_auth do, with /forward-auth"
        case .forwardedProto:
            "nginx: proxy_set_header X-Forwarded-Proto https; Envoy: x-forwarded-proto in allowed_headers"
        case .forwardedHost: "nginx: proxy_set_header X-Forwarded-Host and the host of public_url"
        case .forwardedURI: "Traefik's forwardAuth and Caddy's forward_auth do, with /forward-auth"
        }
    }
}
