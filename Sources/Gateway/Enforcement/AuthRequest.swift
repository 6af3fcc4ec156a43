package import Access
import NIOHTTP1

/// The sub-request of nginx, HAProxy and their like: the original request is in `X-Original-*`, and they act on nothing
/// but 2xx, 401 and 403.
package enum AuthRequest {
    /// `X-Original-URL`, or `X-Original-URI` with `X-Forwarded-Proto` and `X-Forwarded-Host`; always `X-Original-Method`.
    package static func request(
        from fields: OriginalFields,
        scheme: Scheme,
        known: NamedHost? = nil
    ) throws(CheckRefusal) -> OriginalRequest {
        guard let url = fields[.originalURL] else {
            return try OriginalRequest(
                fields,
                method: .originalMethod,
                target: .originalURI,
                scheme: scheme,
                known: known
            )
        }
        let method = try fields.required(.originalMethod)
        let (named, authority, target): (Scheme, Authority, String)
        do {
            (named, authority, target) = try RequestTarget.split(absolute: url)
        } catch {
            throw .malformed(.originalURL, error.description)
        }
        return try OriginalRequest(
            method: method,
            methodName: .originalMethod,
            proto: named.rawValue,
            host: authority.text,
            target: target,
            targetName: .originalURL,
            scheme: scheme
        )
    }

    /// 401, for the proxy to make of it what its configuration says: `X-Auth-Request-Redirect` is where a sign-in
    /// begins, and `Location` says so once more when a redirect would lead a browser there.
    package static func challenge(_ challenge: CheckChallenge) -> Answer {
        var answer = challenge.unauthorized
        answer.fields.append(("X-Auth-Request-Redirect", challenge.signInURL))
        if challenge.isNavigation { answer.fields.append(("Location", challenge.signInURL)) }
        return answer
    }

    /// What such a proxy does not know it takes for a failure of ours: a denial is said in the one way it knows.
    package static func understood(_ fault: Fault) -> Fault {
        switch fault.status {
        case .notFound, .misdirectedRequest, .methodNotAllowed:
            Fault(fault.source, .forbidden, fault.reason, detail: fault.detail)
        default: fault
        }
    }
}
