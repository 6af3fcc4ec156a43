package import Access
import NIOHTTP1

/// The question of Traefik's `forwardAuth` and Caddy's `forward_auth`: the original request is in `X-Forwarded-*`, and
/// whatever is not 2xx goes to the browser as it is.
package enum ForwardAuth {
    /// All four of `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`.
    package static func request(
        from fields: OriginalFields,
        scheme: Scheme,
        known: NamedHost? = nil
    ) throws(CheckRefusal) -> OriginalRequest {
        try OriginalRequest(fields, method: .forwardedMethod, target: .forwardedURI, scheme: scheme, known: known)
    }

    /// A redirect to where a sign-in begins, for a navigation; 401 for everything else.
    package static func challenge(_ challenge: CheckChallenge) -> Answer {
        if challenge.isNavigation { return .redirect(.found, to: challenge.signInURL) }
        var answer = challenge.unauthorized
        answer.fields.append(("X-Auth-Request-Redirect", challenge.signInURL))
        return answer
    }
}
